"""The real Claude Code at work in a shadow."""

from __future__ import annotations

import json
import signal
import uuid
from pathlib import Path
from typing import Any

import pexpect
import pytest
from shadowing import User, Yard, tree

from harness.claude import claude_env, onboard
from harness.machine import Machine
from harness.waiting import PATIENCE_S
from supervisor.session.model_process import start_model
from supervisor.shadow.changes import ChangeKind
from supervisor.shadow.shell import AgentShell, in_shadow, make_shell

COMMIT = (
    "git init -q . && git config user.name a && git config user.email a@b && git add -A "
    "&& git commit -qm first && git log --format=%s && git ls-files && git status --short"
)


def shelled(yard: Yard) -> AgentShell:
    """Give the yard's Claude Code the shell of a run."""
    shell = make_shell(yard.places.run_state(yard.run_id), in_shadow())
    yard.user.owns(yard.machine.root)
    yard.show += (shell.path.parent,)
    yard.env = {**yard.env, **shell.environment}
    yard.agent_shell = shell
    return shell


def play(
    yard: Yard, claude: Path, turns: list[dict[str, Any]], session: str = ""
) -> dict[str, dict[str, Any]]:
    """Run a scripted session in the shadow; its tool results by call id, in order."""
    shadow = yard.open()
    session = session or str(uuid.uuid4())
    script = yard.machine.write_script(turns)
    with start_model(script, yard.workspace) as model:
        yard.env = {
            **yard.env,
            **{
                k: v for k, v in claude_env(yard.machine, model.base_url).items() if k.startswith("ANTHROPIC")
            },
        }
        arguments = ["-p", "--output-format", "stream-json", "--verbose", "--setting-sources", ""]
        arguments += ["--session-id", session]
        arguments += ["--permission-mode", "bypassPermissions"]
        argv = [str(claude), *arguments, "--", "do it"]
        done = yard.run(shadow, *(yard.agent_shell.start(argv) if yard.agent_shell is not None else argv))
    assert done.returncode == 0, done.stdout + done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    contents = [event["message"]["content"] for event in events if event["type"] == "user"]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return {block["tool_use_id"]: block for block in blocks if block["type"] == "tool_result"}


@pytest.fixture
def claude_yard(machine: Machine, user: User, claude: Path) -> Yard:
    """A machine whose Claude Code has been set up."""
    onboard(machine, machine.workspace)
    (machine.workspace / "kept.txt").write_text("real\n")
    (machine.workspace / "gone.txt").write_text("real\n")
    return Yard(machine, user, show=(claude,))


def said(block: dict[str, Any]) -> str:
    """The text of a tool result."""
    content = block["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def test_claude_reads_its_own_writes_while_the_real_folder_stays_as_it_was(
    claude_yard: Yard, claude: Path
) -> None:
    """Write, Edit of what was written, Bash and `git commit` work, and the folder holds nothing strange."""
    yard = claude_yard
    shelled(yard)
    before = tree(yard.workspace, times=True)
    calls = [
        {"tool": "Write", "input": {"file_path": "{cwd}/new.txt", "content": "one\n"}},
        {
            "tool": "Edit",
            "input": {"file_path": "{cwd}/new.txt", "old_string": "one", "new_string": "two"},
        },
        {"tool": "Bash", "input": {"command": "cat new.txt; rm gone.txt; ls -A; id -u; cat <(echo sub)"}},
        {"tool": "Bash", "input": {"command": COMMIT}},
        {"tool": "Bash", "input": {"command": "touch /etc/outside; ls /proc/self/status; echo $SHELL"}},
        {"tool": "Bash", "input": {"command": "exec 3<>/dev/tcp/127.0.0.1/1 && echo connected"}},
    ]
    results = list(play(yard, claude, [{"calls": [call]} for call in calls]).values())
    texts = [said(result) for result in results]

    assert not any(result.get("is_error") for result in results[:4]), "\n----\n".join(texts)
    assert texts[2].split() == ["two", "kept.txt", "new.txt", str(yard.user.uid), "sub"]
    assert texts[3].split() == ["first", "kept.txt", "new.txt"]
    assert "Read-only file system" in texts[4] and "/proc/self/status" in texts[4]
    assert texts[4].endswith("/bin/bash")
    assert "connected" not in texts[5]
    assert tree(yard.workspace, times=True) == before
    changes = yard.user.do(lambda: yard.open().changes())
    plain = {c.path: c.kind for c in changes.changes if not c.path.startswith(".git")}
    assert plain == {"new.txt": ChangeKind.ADDED, "gone.txt": ChangeKind.DELETED}
    assert any(c.path.startswith(".git/objects/") for c in changes.changes)
    assert list(yard.machine.home.glob(".claude/projects/*/*.jsonl")), "the transcript is the real one"


def test_only_a_marked_command_has_the_network(claude_yard: Yard, claude: Path) -> None:
    """With the gate's mark a command reaches a loopback service; as it stands, watched or in the background
    it does not, and no option of the agent changes that. The shell stays in its folder in every case."""
    yard = claude_yard
    shell = shelled(yard)
    reach = "(exec 3<>/dev/tcp/127.0.0.1/${ANTHROPIC_BASE_URL##*:}) 2>&- && echo connected || echo cut"
    (yard.workspace / "reach").write_text(reach)
    yard.user.owns(yard.workspace)
    session = str(uuid.uuid4())
    own = f"$(pgrep -n -f '[{session[0]}]{session[1:]}')"  # not anybody's Claude Code, and not this command
    peek = f"claude={own}; cat /proc/$claude/environ; nsenter -n -t $claude true && echo entered"
    monitor = {"command": "bash reach > watched", "description": "x", "timeout_ms": 60_000}
    both = "until [ -s background ] && [ -s watched ]; do sleep 0.1; done; cat background watched"
    calls: list[dict[str, Any]] = [
        {"tool": "Bash", "input": {"command": "mkdir sub; cd sub; bash ../reach"}},
        {"tool": "Bash", "input": {"command": shell.command("pwd; bash ../reach; cd ..")}},
        {"tool": "Bash", "input": {"command": "pwd; bash reach", "dangerouslyDisableSandbox": True}},
        {"tool": "Bash", "input": {"command": "bash reach > background", "run_in_background": True}},
        {"tool": "Monitor", "input": monitor},
        {"tool": "Bash", "input": {"command": both}},
        {"tool": "Bash", "input": {"command": peek}},
    ]
    results = play(yard, claude, [{"calls": [call]} for call in calls], session)
    texts = [said(result) for result in results.values()]

    assert texts[0].split() == ["cut"]
    assert texts[1].split() == [f"{yard.workspace}/sub", "connected"]
    assert texts[2].split() == [str(yard.workspace), "cut"]
    assert texts[5].split() == ["cut", "cut"]
    assert texts[6].count("denied") == 2 and "entered" not in texts[6], texts[6]
    assert shell.named_by(calls[1]["input"]["command"]) and not shell.named_by(reach)


def test_claude_can_be_talked_to_in_a_terminal_in_the_shadow(claude_yard: Yard, claude: Path) -> None:
    """Interactive Claude Code comes up under a PTY in the shadow and answers what is typed."""
    yard = claude_yard
    shelled(yard)
    shadow = yard.open()
    script = yard.machine.write_script([{"say": "hello-from-inside"}])
    with start_model(script, yard.workspace) as model:
        yard.env = {**yard.env, **claude_env(yard.machine, model.base_url)}
        if yard.user.uid != 0:
            yard.env.pop("IS_SANDBOX", None)
        argv = [str(claude), "--setting-sources", ""]

        def talked() -> None:
            child = pexpect.spawn(
                "/usr/bin/env",
                shadow.wrap(argv, yard.env, yard.openings()),
                env=yard.env,  # type: ignore[arg-type, unused-ignore]
                cwd="/",
                dimensions=(40, 100),
                timeout=PATIENCE_S,
                encoding="utf-8",
                codec_errors="replace",
            )
            try:
                child.expect("\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}")
                child.send("speak")
                child.expect("speak")
                child.send("\x1a")  # there is no shell behind it that would bring it back
                child.expect("is suspended")
                child.expect("\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}")
                child.send("\r")
                child.expect("hello-from-inside")
            finally:
                child.kill(signal.SIGKILL)
                child.wait()  # for the whole tree, however long that takes
                child.close()

        yard.user.do(talked)
