"""The real Claude Code at work in a shadow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pexpect
import pytest
from shadowing import User, Yard, tree

from harness.claude import claude_env, onboard
from harness.machine import Machine
from supervisor.session.model import start_model
from supervisor.shadow.changes import ChangeKind
from supervisor.shadow.sandbox import make_wrapper, sandbox_settings

COMMIT = (
    "git init -q . && git add *.txt && git -c user.name=a -c user.email=a@b commit -qm first "
    "&& git log --format=%s && git ls-files"
)


def play(
    yard: Yard, claude: Path, turns: list[dict[str, Any]], settings: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Run a scripted session in the shadow; its tool results by call id, in order."""
    shadow = yard.open()
    script = yard.machine.write_script(turns)
    with start_model(script, yard.workspace) as model:
        yard.env = {
            **yard.env,
            **{
                k: v for k, v in claude_env(yard.machine, model.base_url).items() if k.startswith("ANTHROPIC")
            },
        }
        arguments = ["-p", "--output-format", "stream-json", "--verbose", "--setting-sources", ""]
        arguments += ["--permission-mode", "bypassPermissions", "--settings", json.dumps(settings)]
        done = yard.run(shadow, str(claude), *arguments, "--", "do it")
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
    """Write, Edit of what was written, Bash and `git commit` work, with the sandbox nested inside."""
    yard = claude_yard
    before = tree(yard.workspace, times=True)
    calls = [
        {"tool": "Write", "input": {"file_path": "{cwd}/new.txt", "content": "one\n"}},
        {
            "tool": "Edit",
            "input": {"file_path": "{cwd}/new.txt", "old_string": "one", "new_string": "two"},
        },
        {"tool": "Bash", "input": {"command": "cat new.txt; rm gone.txt; ls; id -u; cat <(echo sub)"}},
        {"tool": "Bash", "input": {"command": COMMIT}},
        {"tool": "Bash", "input": {"command": "touch ~/outside /etc/outside; ls /proc/self/status"}},
        {"tool": "Bash", "input": {"command": "exec 3<>/dev/tcp/127.0.0.1/1 && echo connected"}},
    ]
    results = list(
        play(yard, claude, [{"calls": [call]} for call in calls], {"sandbox": sandbox_settings()}).values()
    )
    texts = [said(result) for result in results]

    assert not any(result.get("is_error") for result in results[:4]), "\n----\n".join(texts)
    assert texts[2].split() == ["two", "kept.txt", "new.txt", str(yard.user.uid), "sub"]
    assert texts[3].split() == ["first", "kept.txt", "new.txt"]
    assert "Read-only file system" in texts[4] and "/proc/self/status" in texts[4]
    assert "connected" not in texts[5]
    assert tree(yard.workspace, times=True) == before
    changes = yard.user.do(lambda: yard.open().changes())
    plain = {c.path: c.kind for c in changes.changes if not c.path.startswith(".git")}
    assert plain == {"new.txt": ChangeKind.ADDED, "gone.txt": ChangeKind.DELETED}
    assert any(c.path.startswith(".git/objects/") for c in changes.changes)
    assert list(yard.machine.home.glob(".claude/projects/*/*.jsonl")), "the transcript is the real one"


def test_only_a_wrapped_command_has_the_network(claude_yard: Yard, claude: Path) -> None:
    """A command given to the wrapper reaches a loopback service; the same command as it stands does not."""
    yard = claude_yard
    wrapper = make_wrapper(yard.places.run_state(yard.run_id))
    yard.user.owns(yard.machine.root)
    yard.show += (wrapper.path,)
    probe_it = 'p=${ANTHROPIC_BASE_URL##*:}; exec 3<>/dev/tcp/127.0.0.1/$p && echo "connected"'
    calls = [
        {"tool": "Bash", "input": {"command": probe_it}},
        {"tool": "Bash", "input": {"command": wrapper.command(probe_it)}},
        {"tool": "Bash", "input": {"command": probe_it, "dangerouslyDisableSandbox": True}},
        {"tool": "Bash", "input": {"command": f"{wrapper.command('echo $0 $#')}; {probe_it}"}},
    ]
    settings = {"sandbox": sandbox_settings(wrapper)}
    results = play(yard, claude, [{"calls": [call]} for call in calls], settings)
    texts = [said(result) for result in results.values()]

    assert "connected" not in texts[0]
    assert texts[1].strip() == "connected"
    assert "connected" not in texts[2]
    assert wrapper.named_by(calls[3]["input"]["command"]) and not wrapper.named_by(probe_it)  # type: ignore[index]


def test_claude_can_be_talked_to_in_a_terminal_in_the_shadow(claude_yard: Yard, claude: Path) -> None:
    """Interactive Claude Code comes up under a PTY in the shadow, sandbox on, and answers what is typed."""
    yard = claude_yard
    shadow = yard.open()
    script = yard.machine.write_script([{"say": "hello-from-inside"}])
    with start_model(script, yard.workspace) as model:
        yard.env = {**yard.env, **claude_env(yard.machine, model.base_url)}
        if yard.user.uid != 0:
            yard.env.pop("IS_SANDBOX", None)
        argv = [
            str(claude),
            "--setting-sources",
            "",
            "--settings",
            json.dumps({"sandbox": sandbox_settings()}),
        ]

        def talked() -> None:
            child = pexpect.spawn(
                "/usr/bin/env",
                shadow.wrap(argv, yard.env, yard.openings()),
                env=yard.env,  # type: ignore[arg-type, unused-ignore]
                cwd="/",
                dimensions=(40, 100),
                timeout=60,
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
                child.close(force=True)

        yard.user.do(talked)
