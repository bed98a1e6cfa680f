"""What the commands print, for people and for scripts: the names and shapes that scripts rely on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from harness.claude import bundled_claude
from harness.machine import Machine, new_machine

RUN_KEYS = {"id", "task", "mode", "state", "dry", "fidelity", "started", "ended"}
CALL_KEYS = {
    *("n", "tool_use_id", "agent_id", "tool", "effect", "scope", "targets"),
    *("decision", "outcome", "rule", "why"),
}
ALERT_KEYS = {"kind", "time", "detail"}
TURNS: list[dict[str, Any]] = [
    {"calls": [{"tool": "Read", "input": {"file_path": "{cwd}/a.txt"}}]},
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/b.txt", "content": "b"}}]},
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/secret/c.txt", "content": "c"}}]},
    {"say": "The last word."},
]


class TwoRuns:
    """A machine with two ended runs: a plain one without calls, then one with a blocked call in it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        (machine.workspace / "a.txt").write_text("a\n")
        machine.write_config(f'[policy]\nblock = ["file://{machine.workspace}/secret/*"]\n')
        self.first = self.run([{"say": "Nothing to do."}], "--label", "the first one")
        self.second = self.run(TURNS)
        self.listed: list[dict[str, Any]] = machine.json("runs", "--json")
        self.shown: dict[str, Any] = machine.json("show", self.listed[0]["id"], "--json")

    def run(self, turns: list[dict[str, Any]], *options: str) -> subprocess.CompletedProcess[str]:
        """A run without a terminal, and without being told so."""
        script = self.machine.write_script(turns)
        words = ["run", "--claude", str(bundled_claude()), "--script", str(script), *options]
        return self.machine.supervise(*words, "tell\x1b[31m me")


@pytest.fixture(scope="module")
def runs() -> Iterator[TwoRuns]:
    """Two ended runs."""
    with new_machine() as machine:
        yield TwoRuns(machine)


def moment(text: str) -> datetime:
    """An ISO 8601 time with its zone."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found


def test_without_a_terminal_a_run_is_headless(runs: TwoRuns) -> None:
    """No --headless was given: progress on stderr, the result alone on stdout, exit code 0."""
    assert (runs.first.returncode, runs.first.stdout) == (0, "Nothing to do.\n"), runs.first.stderr
    assert "handing over the task" in runs.first.stderr
    assert all(row["headless"] for row in runs.listed)


def test_a_blocked_write_ends_in_exit_code_4(runs: TwoRuns) -> None:
    """The agent finished, but a write was blocked and left: 4, in the process and in the journal."""
    assert runs.second.returncode == 4, runs.second.stderr
    assert runs.second.stdout == "The last word.\n"
    assert runs.shown["run"]["exit_code"] == 4
    assert [call["decision"] for call in runs.shown["calls"]] == ["pass", "simulated", "blocked"]


def test_runs_lists_the_newest_first(runs: TwoRuns) -> None:
    """As JSON and as text, cut by --limit; names are unique."""
    assert [row["label"] for row in runs.listed] == ["", "the first one"]
    assert moment(runs.listed[0]["started"]) > moment(runs.listed[1]["started"])
    assert set(runs.listed[0]) >= RUN_KEYS
    assert runs.listed[0]["name"] != runs.listed[1]["name"]
    assert runs.machine.json("runs", "--json", "--limit", "1") == runs.listed[:1]
    lines = runs.machine.supervise("runs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [row["name"] for row in runs.listed]


def test_supervise_alone_lists_the_runs_where_there_is_no_terminal(runs: TwoRuns) -> None:
    """The dashboard as text: the same lines as `supervise runs`."""
    alone = runs.machine.supervise()
    assert alone.returncode == 0
    assert alone.stdout == runs.machine.supervise("runs").stdout


def test_show_has_the_stable_shape(runs: TwoRuns) -> None:
    """`run`, `calls` and `alerts` with their keys and types."""
    run, calls = runs.shown["run"], runs.shown["calls"]
    assert set(run) >= RUN_KEYS
    assert (run["mode"], run["state"], run["dry"], run["fidelity"][:8]) in {
        ("dry-run", "ended", True, "exact"),
        ("dry-run", "ended", True, "diverged"),
    }
    assert moment(run["ended"]) > moment(run["started"])
    assert all(set(call) >= CALL_KEYS for call in calls)
    assert [call["n"] for call in calls] == [1, 2, 3]
    assert [call["effect"] for call in calls] == ["read", "write", "write"]
    assert {call["scope"] for call in calls} == {"workspace"}
    assert calls[0]["targets"] == [f"file://{runs.machine.workspace}/a.txt"]
    assert calls[0]["outcome"] == "executed"
    assert calls[2]["outcome"] == "not executed"
    assert calls[2]["rule"] == "policy.block"
    assert all(isinstance(call["why"], str) and call["why"] for call in calls)
    assert all(set(alert) >= ALERT_KEYS for alert in runs.shown["alerts"])


def test_a_run_is_found_by_name_id_or_beginning(runs: TwoRuns) -> None:
    """All three name the same run; text without a terminal shows its calls."""
    row = runs.listed[0]
    for typed in (row["name"], row["id"], row["id"][:8]):
        assert runs.machine.json("show", typed, "--json")["run"]["id"] == row["id"]
    text = runs.machine.supervise("show", row["name"]).stdout
    assert row["name"] in text
    assert "#3" in text and "blocked" in text


def test_no_escape_of_a_task_reaches_a_terminal(runs: TwoRuns) -> None:
    """The task holds an escape sequence: no text that is printed does."""
    for words in (("runs",), ("show", runs.listed[0]["name"]), ()):
        assert "\x1b" not in runs.machine.supervise(*words).stdout
    assert "\x1b" not in runs.second.stderr
    assert runs.shown["run"]["task"] == "tell\x1b[31m me"


def test_verify_says_that_history_holds(runs: TwoRuns) -> None:
    """For the whole journal and for one run: exit code 0, counts and head."""
    whole = runs.machine.json("verify", "--json")
    assert (whole["ok"], whole["runs"]) == (True, 2)
    one = runs.machine.json("verify", runs.listed[1]["name"], "--json")
    assert (one["ok"], one["runs"]) == (True, 1)
    assert "the chain holds" in runs.machine.supervise("verify").stdout


def test_export_prints_each_event_as_a_line(runs: TwoRuns) -> None:
    """From `run started` to `run ended`, in order, with time and hash."""
    done = runs.machine.supervise("export", runs.listed[0]["name"])
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"]["kind"] == "run started"
    assert events[-1]["event"]["kind"] == "run ended"
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)
    assert all(len(event["hash"]) == 64 for event in events)
    assert len({event["run_id"] for event in events}) == 1
    both = runs.machine.supervise("export", *(row["id"] for row in runs.listed))
    assert len(both.stdout.splitlines()) > len(events)


def test_the_configuration_in_force_is_journaled(runs: TwoRuns) -> None:
    """Values, where each comes from, and the hash of the file."""
    line = runs.machine.supervise("export", runs.listed[0]["id"]).stdout.splitlines()[0]
    config = json.loads(line)["event"]["config"]
    assert config["values"]["policy"]["block"] == [f"file://{runs.machine.workspace}/secret/*"]
    assert config["origin"]["policy.block[0]"] == "your configuration"
    assert list(config["files"]) == [str(runs.machine.config / "supervisor.toml")]


def test_without_any_run_the_lists_are_empty(machine: Machine) -> None:
    """`[]` for scripts, a hint for people; nothing is created by looking."""
    assert machine.json("runs", "--json") == []
    assert 'supervise run "<task>"' in machine.supervise("runs").stdout
    assert not machine.state.exists()


def test_explain_answers_in_the_stable_shape(machine: Machine) -> None:
    """One call as JSON, many as lines in their order; a bad line answers for itself."""
    keys = {"effect", "scope", "targets", "decision", "rule", "why"}
    one = machine.json("explain", "--json", "--bash", "git push origin main")
    assert set(one) >= keys
    assert (one["effect"], one["scope"], one["decision"]) == ("write", "remote", "simulated")
    path = str(machine.workspace / "a.txt")
    other = machine.json("explain", "--json", "--tool", "Read", "--input", json.dumps({"file_path": path}))
    assert (other["effect"], other["decision"], other["targets"]) == ("read", "pass", [f"file://{path}"])
    lines = [
        {"tool_name": "Bash", "tool_input": {"command": "git push origin main"}},
        {"tool_name": "Read", "tool_input": {"file_path": path}},
    ]
    text = "\n".join([json.dumps(lines[0]), "no call", json.dumps(lines[1])])
    done = machine.supervise("explain", "--jsonl", stdin=text)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert (answers[0], answers[2]) == (one, other)
    assert "line 2" in answers[1]["error"]
    assert machine.supervise("explain", "--bash", "cat a.txt").stdout
