"""An agent that writes hostile text into every field it controls, on the real Claude Code: nothing breaks,
and no control character of its reaches a terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from harness.claude import bundled_claude
from harness.machine import SUPERVISE, Machine, new_machine
from harness.terminal import Terminal
from hostile import HOSTILE

TASK = "look \x1b]52;c;aGk=\x07 [bold]here[/] \u202e"
LAST = "all \x1b]52;c;aGk=\x07 done \u202e [/nope]"
SERVER = "srv\x1b[31m[red]"
MARK = "aGk="
"""Stands in each of the above: without it in sight a check has looked at nothing."""


def _call(tool: str, **given: Any) -> dict[str, Any]:
    return {"tool": tool, "input": given}


def _turns() -> list[dict[str, Any]]:
    """Each hostile text as what is said, a command, a file's content, and where it is short as a name."""
    turns: list[dict[str, Any]] = []
    for text in HOSTILE.values():
        calls = [
            _call("Bash", command=f"echo '{text}'", description=text[:2000]),
            _call("Write", file_path="{cwd}/a.txt", content=text),
        ]
        if len(text) < 2000:
            calls += [
                _call("Write", file_path=f"{{cwd}}/{text}", content="x"),
                _call(f"mcp__{text}__{text}", **{text: text}),
                _call("Agent", description=text, prompt=text, subagent_type=text),
                _call("WebFetch", url=f"https://example.invalid/{text}", prompt=text),
            ]
        turns.append({"say": text[:5000], "calls": calls})
    binary = _call("Bash", command=r"printf '\033]52;c;aGk=\007\000\377\376\n'; head -c 1000000 /dev/zero")
    return [*turns, {"say": LAST[:9], "calls": [binary]}, {"say": LAST}]


class Played:
    """A machine on which that agent has run, in the foreground of a terminal."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        servers = {SERVER: {"command": "/nowhere/\x1b]52;c;aGk=\x07"}}
        (machine.workspace / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
        script = machine.write_script(_turns())
        words = ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), TASK]
        self.code, self.output = self.on_terminal(*words)
        (self.row,) = machine.json("runs", "--json")
        self.name = self.row["name"]

    def on_terminal(self, *words: str) -> tuple[int, str]:
        """Exit code of a command that prints to a terminal, and all it printed."""
        with Terminal(
            [SUPERVISE, *words], env=self.machine.env, cwd=self.machine.workspace, columns=200
        ) as terminal:
            code = terminal.wait_for_end(300)
            return code, terminal.received.decode("utf-8")


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    """The run, once for all claims."""
    with new_machine() as machine:
        yield Played(machine)


def odd(text: str) -> set[str]:
    """Characters in `text` that are none of a plain line's."""
    return {c for c in text if c not in "\r\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")}


def test_the_run_goes_on_to_its_end(played: Played) -> None:
    """Every call has a decision; no hook failed over any of them, and the journal holds."""
    shown = played.machine.json("show", "--json", played.name)
    assert {alert["kind"] for alert in shown["alerts"]} <= {"config warning", "tampering"}
    assert shown["run"]["ending"] == "completed", played.output[-2000:]
    assert len(shown["calls"]) >= 2 * len(HOSTILE)
    assert played.machine.json("verify", "--json")["ok"] is True


def test_progress_and_the_last_word_are_plain_on_a_terminal(played: Played) -> None:
    """Neither the progress of the run nor the agent's last word carries a control character."""
    assert MARK in played.output and "done" in played.output.splitlines()[-1]
    assert odd(played.output) == set()


@pytest.mark.parametrize("command", ["diff", "plan", "export"])
def test_what_a_command_tells_of_it_is_plain_on_a_terminal(played: Played, command: str) -> None:
    """Changes, plan and events, with the agent's paths, commands and contents in them."""
    code, output = played.on_terminal(command, played.name)
    assert code == 0 and odd(output) == set()
    assert "a.txt" in output or MARK in output


def test_the_lists_are_plain_and_the_export_is_whole(played: Played) -> None:
    """`runs` and `show` for people without a terminal; each event is one line of JSON, nothing replaced."""
    for words in (["runs"], ["show", played.name]):
        done = played.machine.supervise(*words)
        assert done.returncode == 0 and MARK in done.stdout and odd(done.stdout) == set()
    exported = played.machine.supervise("export", played.name).stdout
    events = [json.loads(line)["event"] for line in exported.split("\n") if line]
    inputs = [event["input"] for event in events if event["kind"] == "call decided"]
    for text in (HOSTILE["escape"], HOSTILE["long line"], HOSTILE["bidi"]):
        assert {"file_path": f"{played.machine.workspace}/a.txt", "content": text} in inputs


def test_the_screen_shows_it_and_passes_none_of_it_on(played: Played) -> None:
    """The run on its screen: no clipboard sequence, no crash, and it can be left with a key."""
    argv = [SUPERVISE, "show", played.name]
    with Terminal(argv, env=played.machine.env, cwd=played.machine.workspace, columns=140) as terminal:
        terminal.wait_for(MARK, "ended: completed")
        terminal.press("r")
        for _ in range(30):
            terminal.press("j")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert b"\x1b]52" not in terminal.received and "\u202e".encode() not in terminal.received
