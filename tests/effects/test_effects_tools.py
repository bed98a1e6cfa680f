"""Claude Code's own tools: every one the pinned CLI offers is known and judged by what it touches."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.waiting import PATIENCE_S
from supervisor.effects.classifier import Classifier
from supervisor.effects.mcp import split_name
from supervisor.effects.model import EffectKind, Judgement, Scope, Surroundings, ToolCall
from supervisor.effects.profiles import compile_packs
from supervisor.effects.tools import SHELL_TOOLS, TOOLS

CLASSIFIER = Classifier(compile_packs([]))
AROUND = Surroundings(cwd="/w", workspace="/w", home="/home/u")


def judge(name: str, /, **given: Any) -> Judgement:
    """What the tool would do."""
    return CLASSIFIER.judge(ToolCall(name, given), AROUND)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, offered: set[str]) -> None:
    """A Messages API that notes the tools it is offered and says one word."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(
        next((line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length")), 0)
    )
    body: dict[str, Any] = json.loads(await reader.readexactly(length) or b"{}") if length else {}
    offered.update(tool["name"] for tool in body.get("tools", ()))
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "x", "content": [], "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Done."}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    answer = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{text}"
    writer.write(answer.encode())
    await writer.drain()
    writer.close()


async def offered_tools(home: Path, workspace: Path) -> set[str]:
    """The tools that the pinned CLI offers: those of its first message, and those sent to the model."""
    import claude_agent_sdk

    program = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
    offered: set[str] = set()
    server = await asyncio.start_server(lambda r, w: _answer(r, w, offered), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        "ANTHROPIC_API_KEY": "sk-none-0000000000000000000000",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "IS_SANDBOX": "1",
    }
    process = await asyncio.create_subprocess_exec(
        str(program),
        *("-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "dontAsk"),
        *("--setting-sources", "", "hello"),
        cwd=workspace,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        server.close()
        await server.wait_closed()
    for line in output.splitlines():
        message = json.loads(line)
        if message.get("subtype") == "init":
            offered.update(message["tools"])
    return offered


async def test_every_tool_of_the_pinned_cli_is_known(tmp_path: Path) -> None:
    """A CLI that offers a tool nobody has judged must fail here, before it meets a user."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    offered = await offered_tools(tmp_path / "home", tmp_path / "work")
    assert {"Bash", "Write", "Edit", "Read"} <= offered
    assert {name for name in offered if split_name(name) is None} <= set(TOOLS) | SHELL_TOOLS


def test_a_tool_nobody_knows_is_a_remote_write() -> None:
    """What is not known is treated as the worst it may be."""
    judgement = judge("Teleport", to="prod")
    assert judgement.effect is EffectKind.WRITE
    assert judgement.scope is Scope.REMOTE
    assert judgement.targets == ("tool://Teleport",)


@pytest.mark.parametrize("name", ["Write", "Edit", "NotebookEdit"])
def test_file_tools_write_the_file_they_name(name: str) -> None:
    """File tools are judged by their path: inside the workspace, or elsewhere on the host."""
    key = "notebook_path" if name == "NotebookEdit" else "file_path"
    inside = judge(name, **{key: "/w/a b.txt"})
    assert (inside.effect, inside.scope, inside.targets) == (
        EffectKind.WRITE,
        Scope.WORKSPACE,
        ("file:///w/a%20b.txt",),
    )
    assert judge(name, **{key: "/w/../etc/passwd"}).scope is Scope.HOST


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Read", {"file_path": "/w/a"}),
        ("Glob", {"pattern": "*"}),
        ("Grep", {"pattern": "x", "path": "/w"}),
        ("WebFetch", {"url": "https://example.org/a?b"}),
        ("WebSearch", {"query": "x"}),
        ("Agent", {"prompt": "x", "subagent_type": "Explore"}),
        ("Task", {"prompt": "x"}),
        ("TodoWrite", {"todos": []}),
        ("TaskCreate", {"subject": "x"}),
        ("Skill", {"skill": "verify"}),
        ("TaskStop", {"task_id": "1"}),
        ("ToolSearch", {"query": "x"}),
        ("RemoteTrigger", {"action": "list"}),
        ("Bash", {"command": "echo hello", "run_in_background": True}),
        ("Monitor", {"command": "echo hello"}),
    ],
)
def test_tools_that_only_look_or_keep_the_agents_own_books_are_reads(
    name: str, given: dict[str, Any]
) -> None:
    """Internal bookkeeping and starting a subagent must not turn a run dry."""
    judgement = judge(name, **given)
    assert judgement.effect is EffectKind.READ
    assert not any(effect.writes for effect in judgement.effects)


@pytest.mark.parametrize(
    ("name", "given", "scope"),
    [
        ("RemoteTrigger", {"action": "run", "trigger_id": "t"}, Scope.REMOTE),
        ("SendUserFile", {"files": ["/w/a"]}, Scope.REMOTE),
        ("PushNotification", {"message": "x"}, Scope.REMOTE),
        ("SendMessage", {"to": "bridge:abc", "message": "x"}, Scope.REMOTE),
        ("CronCreate", {"cron": "* * * * *"}, Scope.HOST),
        ("ScheduleWakeup", {"delaySeconds": 60}, Scope.HOST),
        ("EnterWorktree", {"name": "x"}, Scope.HOST),
        ("Agent", {"prompt": "x", "isolation": "worktree"}, Scope.WORKSPACE),
        ("EnterWorktree", {"path": "/elsewhere"}, Scope.HOST),
        ("Agent", {"prompt": "x", "isolation": "remote"}, Scope.REMOTE),
        ("Monitor", {"command": "rm -f x > /w/y"}, Scope.WORKSPACE),
    ],
)
def test_tools_that_act_outside_the_turn_are_writes(name: str, given: dict[str, Any], scope: Scope) -> None:
    """Tools that Claude Code runs without asking are judged by their reach all the same."""
    judgement = judge(name, **given)
    assert judgement.effect is EffectKind.WRITE
    assert judgement.scope is scope


@pytest.mark.parametrize("given", [{}, {"command": 5}, {"command": None}])
def test_a_command_that_is_no_text_is_unknown(given: dict[str, Any]) -> None:
    """A malformed call is never a read."""
    assert judge("Bash", **given).effect is EffectKind.UNKNOWN
