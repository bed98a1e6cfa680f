"""One whole supervised run of the real Claude Code, with every kind of call, and what is left of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from e2e_stage import Stage, Supervised, bash, call, fingerprint, insert, subagent, upload

from harness.machine import Machine, new_machine

TURNS: list[dict[str, Any]] = [
    {
        "say": "I look around: three at once.",
        "calls": [
            call("Read", file_path="{cwd}/notes.txt"),
            bash("cat notes.txt"),
            bash("ls -la"),
        ],
    },
    {"say": "I write.", "calls": [call("Write", file_path="{cwd}/new.txt", content="new\n")]},
    {
        "say": "I edit, run commands, push and upload.",
        "calls": [
            call("Edit", file_path="{cwd}/notes.txt", old_string="one", new_string="three"),
            bash("echo more > more.txt"),
            bash("git push origin main"),
        ],
    },
    {"say": "Three writes at once.", "calls": [upload("k/1"), insert("k/1"), bash("echo x > x.txt")]},
    {"say": "A helper takes over.", "calls": [subagent("Helper: write your part")]},
    {"say": "All is done."},
]
AGENTS: dict[str, dict[str, Any]] = {
    "^Helper": {
        "turns": [
            {"calls": [call("Write", file_path="{cwd}/part.txt", content="part\n"), insert("part")]},
            {"say": "My part is done."},
        ]
    }
}
SCRIPTED = sum(len(turn.get("calls", ())) for turn in (*TURNS, *AGENTS["^Helper"]["turns"]))


class Played:
    """The run, and the world before and after it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.stage = Stage(machine)
        self.before = self.stage.outside()
        self.ended: Supervised = self.stage.run(TURNS, AGENTS)
        self.after = self.stage.outside()


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    """The script played once in a dry run."""
    with new_machine() as machine:
        yield Played(machine)


def decisions(ended: Supervised, root: str) -> list[tuple[str, ...]]:
    """What was decided on each call and why, by the call's own id, without the machine's own paths."""
    return sorted(
        (
            each["tool_use_id"],
            each["tool"],
            str(bool(each["agent_id"])),
            each["effect"],
            each["scope"],
            " ".join(each["targets"]).replace(root, "ROOT"),
            each["decision"],
            each["execution"],
            each["outcome"],
            each["rule"],
        )
        for each in ended.calls
    )


def test_the_run_ends_well_and_says_the_agents_last_word(played: Played) -> None:
    """Exit code 0, the result alone on stdout, the progress on stderr."""
    done = played.ended.done
    assert (done.returncode, done.stdout) == (0, "All is done.\n"), done.stderr
    assert f"{played.ended.run['name']}: completed" in done.stderr


def test_every_call_has_a_decision_and_an_outcome(played: Played) -> None:
    """All scripted calls are there, subagent's and parallel ones included; nothing ran undecided."""
    assert len(played.ended.calls) == SCRIPTED
    assert [each["n"] for each in played.ended.calls] == list(range(1, SCRIPTED + 1))
    assert {each["decision"] for each in played.ended.calls} == {"pass", "simulated"}
    assert {each["outcome"] for each in played.ended.calls} <= {"executed", "failed", "not executed"}
    assert played.ended.shown["undecided"] == []
    assert played.ended.shown["alerts"] == []


def test_reads_really_run_and_writes_do_not(played: Played) -> None:
    """Reads before the first write pass and answer; every write, of whatever tool, is simulated."""
    looked = {each["input"]["command"]: each for each in played.ended.of("Bash") if each["effect"] == "read"}
    assert set(looked) == {"cat notes.txt", "ls -la"}
    assert {(each["decision"], each["outcome"]) for each in looked.values()} == {("pass", "executed")}
    assert looked["cat notes.txt"]["result"] == "one\ntwo"
    writes = [each for each in played.ended.calls if each["effect"] == "write"]
    assert len(writes) == 9
    assert {each["decision"] for each in writes} == {"simulated"}
    remote = [each for each in writes if each["scope"] == "remote"]
    assert [each["tool"] for each in remote] == [
        "Bash",
        "mcp__store__put_object",
        "mcp__database__insert_row",
        "mcp__database__insert_row",
    ]
    assert {each["outcome"] for each in remote} == {"not executed"}


def test_the_agent_is_told_honestly(played: Played) -> None:
    """What the agent read after each write that was not executed begins by saying so."""
    for each in played.ended.calls:
        if each["execution"] == "not executed":
            assert re.match(r"(PreToolUse:\S+ hook error: )?SIMULATED, NOT EXECUTED: ", each["result"]), each


def test_the_subagents_calls_are_known_as_its_own(played: Played) -> None:
    """They carry its id, and are decided under the same dry flag as the main agent's."""
    its = [each for each in played.ended.calls if each["agent_id"]]
    assert [each["tool"] for each in its] == ["Write", "mcp__database__insert_row"]
    assert len({each["agent_id"] for each in its}) == 1
    assert {each["agent_type"] for each in its} == {"general-purpose"}


def test_nothing_outside_changes(played: Played) -> None:
    """Folder, home, store, database and git remote are byte for byte what they were, times included."""
    assert played.after == played.before
    assert (played.stage.uploaded(), played.stage.rows()) == ([], [])


def test_the_fingerprint_can_fail(machine: Machine) -> None:
    """The comparison above sees a new file, a changed byte, a changed mode and a deletion."""
    stage = Stage(machine)
    before = stage.outside()
    seen = set()
    for change in (
        lambda: (stage.objects / "k").write_text("x"),
        lambda: (machine.workspace / "notes.txt").write_text("One\ntwo\n"),
        lambda: (machine.workspace / "notes.txt").chmod(0o600),
        lambda: (machine.workspace / ".git/HEAD").unlink(),
    ):
        change()
        seen.add(str(sorted(stage.outside().items())))
    assert len(seen) == 4
    assert str(sorted(before.items())) not in seen
    assert fingerprint(machine.home) == {}


def test_the_journal_of_the_run_verifies_and_exports(played: Played) -> None:
    """The chain holds, and the export carries one decision event a call."""
    verified = played.machine.json("verify", played.ended.run["name"], "--json")
    assert (verified["ok"], verified["runs"]) == (True, 1)
    decided = played.ended.events(played.machine, "call decided")
    assert [each["n"] for each in decided] == [each["n"] for each in played.ended.calls]


def test_the_same_script_is_decided_the_same_again(played: Played, machine: Machine) -> None:
    """On another machine: same call ids, effects, targets, decisions, rules and outcomes."""
    again = Stage(machine).run(TURNS, AGENTS)
    assert decisions(again, str(machine.root)) == decisions(played.ended, str(played.machine.root))
