"""Each floor alone against every failing hook, on the real Claude Code in a mode that would allow the write;
and the same failures with no floor at all: there the write gets through, so that the matrix can fail."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from false_gate import false_gate

from harness.claude import bundled_claude, claude_env, onboard
from harness.machine import Machine
from harness.waiting import PATIENCE_S
from supervisor.gate.gate import client_program, hook_command
from supervisor.session import settings
from supervisor.session.model_process import start_model

NONCE = "5f0c1d6e8a7b4c3d"
HANG_S, TURN_S = 1, 60
"""Seconds that Claude Code gives a hook that hangs, and any other one: that one has to fail in its own way,
also on a busy machine, and not for want of time."""

HOOKS = {
    "missing": ["/nowhere/client"],
    "killed": ["/usr/bin/perl", "-e", "kill 9, $$"],
    "fails": ["/usr/bin/perl", "-e", "exit 1"],
    "hangs": ["/usr/bin/perl", "-e", "sleep 600"],
}
"""Hook clients that fail before they have an answer."""

ANSWERS = {
    "garbage": b"\x00\xff not a decision",
    "nothing": b"",
    "half": b'supervise 5f0c1d6e8a7b4c3d 120\n{"hookSpecificOutput": {"hookEventName": "PreTool',
}
"""What a failing gate may send in place of a decision."""


@contextmanager
def gate_that_says(machine: Machine, answer: bytes) -> Iterator[Path]:
    """A gate in this process, which a hook client launched from here takes for the right one."""
    path = machine.root / "gate.sock"
    with false_gate(path, lambda _first: answer):
        yield path


def tries_to_write(machine: Machine, hook: list[str], *, on_failure: bool, sources: str = "") -> bool:
    """Play one Write and one Bash write in `acceptEdits` under `hook`; whether anything was written."""
    work = machine.workspace
    calls = [
        {"tool": "Write", "input": {"file_path": "{cwd}/by-tool.txt", "content": "x"}},
        {"tool": "Bash", "input": {"command": "touch {cwd}/by-bash.txt"}},
    ]
    script = machine.write_script([{"calls": [call]} for call in calls])
    injected: dict[str, Any] = settings.injected_settings(hook, settings.UserSettings())
    injected["hooks"] = {"PreToolUse": injected["hooks"]["PreToolUse"]}
    entry = injected["hooks"]["PreToolUse"][0]["hooks"][0]
    entry["timeout"] = HANG_S if hook is HOOKS["hangs"] else TURN_S
    if not on_failure:
        del entry["onFailure"]
    mcp = machine.root / "mcp.json"
    mcp.write_text('{"mcpServers": {}}')
    words = settings.arguments(
        settings=injected,
        session_id=str(uuid.uuid4()),
        resume=False,
        mcp_config=mcp,
        memory=(),
        headless=True,
    )
    words[words.index("--permission-mode") + 1] = "acceptEdits"
    words[words.index("--setting-sources") + 1] = sources
    onboard(machine, work)
    prompt = json.dumps({"type": "user", "message": {"role": "user", "content": "Write."}})
    with start_model(script, work) as model:
        done = subprocess.run(
            [str(bundled_claude()), *words],
            input=prompt + "\n",
            cwd=work,
            env=claude_env(machine, model.base_url),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.stdout.count('"type":"tool_use"') >= len(calls), f"never tried: {done.stdout}{done.stderr}"
    return any(work.iterdir())


def naive(path: Path) -> list[str]:
    """A hook client that passes on whatever it gets, and finds that good."""
    reads = (
        "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un($ARGV[0]));"
        " shutdown(S, 1); print while <S>; exit 0"
    )
    return ["/usr/bin/perl", "-e", reads, str(path)]


@pytest.mark.parametrize("failure", HOOKS)
def test_without_floors_a_failed_hook_lets_the_write_through(machine: Machine, failure: str) -> None:
    """The control: `acceptEdits`, no `onFailure`."""
    assert tries_to_write(machine, HOOKS[failure], on_failure=False)


@pytest.mark.parametrize("answer", ANSWERS)
def test_without_floors_a_bad_answer_lets_the_write_through(machine: Machine, answer: str) -> None:
    """The control for the gate: a client that passes on what it gets, even with `onFailure`."""
    with gate_that_says(machine, ANSWERS[answer]) as path:
        assert tries_to_write(machine, naive(path), on_failure=True)


@pytest.mark.parametrize("failure", HOOKS)
def test_on_failure_alone_blocks(machine: Machine, failure: str) -> None:
    """Floor 2: the same failures in the same mode, with `onFailure: block` on the entry."""
    assert not tries_to_write(machine, HOOKS[failure], on_failure=True)


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_hook_client_alone_blocks(machine: Machine, answer: str) -> None:
    """Floor 1: our client turns a bad answer into a block, without `onFailure`."""
    with gate_that_says(machine, ANSWERS[answer]) as path:
        hook = hook_command(client_program(), path, NONCE, TURN_S)
        assert int(hook[2]) == os.getpid()
        assert not tries_to_write(machine, hook, on_failure=False)


def test_settings_that_allow_everything_do_not_outweigh_a_failed_hook(machine: Machine) -> None:
    """User's and project's settings are loaded, allow every tool and bypass all: floor 2 still blocks."""
    everything = {
        "permissions": {"allow": ["Bash", "Write", "Edit", "*"], "defaultMode": "bypassPermissions"},
        "skipDangerousModePermissionPrompt": True,
    }
    (machine.home / ".claude").mkdir()
    (machine.home / ".claude" / "settings.json").write_text(json.dumps(everything))
    assert not tries_to_write(machine, HOOKS["killed"], on_failure=True, sources="user")
    assert tries_to_write(machine, HOOKS["killed"], on_failure=False, sources="user")
