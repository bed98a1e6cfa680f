"""Bad input is named, with what to do about it, before anything starts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness.claude import bundled_claude
from harness.machine import Machine

Lay = Callable[[Machine], list[str]]
GOOD = {"turns": [{"say": "Done."}]}


def run_words(machine: Machine, *options: str, script: str | None = None) -> list[str]:
    """A run that would start, but for what the caller adds to it."""
    path = machine.root / "script.json"
    path.write_text(json.dumps(GOOD) if script is None else script)
    return ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(path), *options, "task"]


def config(text: str) -> Lay:
    """With this configuration of the operator's."""

    def lay(machine: Machine) -> list[str]:
        machine.write_config(text)
        return run_words(machine)

    return lay


def folder_config(text: str) -> Lay:
    """With this `supervisor.toml` in the folder."""

    def lay(machine: Machine) -> list[str]:
        (machine.workspace / "supervisor.toml").write_text(text)
        return run_words(machine)

    return lay


def script(text: str) -> Lay:
    """With this script."""
    return lambda machine: run_words(machine, script=text)


def options(*words: str) -> Lay:
    """With these options more."""
    return lambda machine: run_words(machine, *words)


def program(text: str) -> Lay:
    """With this program as `claude`."""

    def lay(machine: Machine) -> list[str]:
        path = machine.root / "fake-claude"
        path.write_text(text)
        path.chmod(0o755)
        return run_words(machine, "--claude", str(path))

    return lay


REFUSED: dict[str, tuple[Lay, int, tuple[str, ...]]] = {
    "unknown key": (config("mdoe = 'live'\n"), 2, ("config/supervise/supervisor.toml:1:", "mdoe", '"mode"')),
    "unknown key in a table": (
        config("[gate]\ndeadline_s = 3\nhold_dedline_s = 4\n"),
        2,
        ("supervisor.toml:3:", "gate.hold_dedline_s", '"hold_deadline_s"'),
    ),
    "wrong type": (config("[gate]\ndeadline_s = 'soon'\n"), 2, ("supervisor.toml:2:", "gate.deadline_s")),
    "wrong value": (config("mode = 'dryrun'\n"), 2, ("supervisor.toml:1:", "mode", "dry-run")),
    "no TOML": (config("mode = \n"), 2, ("supervisor.toml:1:", "not TOML")),
    "unknown key in the folder's file": (
        folder_config("[policy]\nblok = []\n"),
        2,
        ("work/supervisor.toml:2:", "policy.blok", '"block"'),
    ),
    "script that is no JSON": (script('{"turns": [}'), 2, ("script.json", "line 1, column 12", "not JSON")),
    "script with an unknown field": (
        script('{"turns": [{"say": "a"}, {"sya": "b"}]}'),
        2,
        ("script.json", "turn 2", '"sya"', '"say"'),
    ),
    "script whose call has no tool": (
        script('{"turns": [{"calls": [{"input": {}}]}]}'),
        2,
        ("script.json", "turn 1, call 1", '"tool"'),
    ),
    "script of an agent that is wrong": (
        script('{"turns": [], "agents": {"^a": {"turns": [{"say": 1}]}}}'),
        2,
        ("script.json", 'agent "^a", turn 1', '"say"'),
    ),
    "missing script": (options("--script", "gone.json"), 2, ("gone.json",)),
    "missing folder": (options("--cwd", "nowhere"), 2, ("--cwd nowhere", "no such folder")),
    "missing claude": (
        options("--claude", "/nowhere/claude"),
        1,
        ("--claude /nowhere/claude", "Give the path of the `claude` program."),
    ),
    "old claude": (
        program("#!/bin/sh\necho '2.1.200 (Claude Code)'\n"),
        1,
        ("2.1.200", "fake-claude", "too old", "2.1.295", "claude update"),
    ),
    "another program": (
        program("#!/bin/sh\necho hello\n"),
        1,
        ("fake-claude", "is not Claude Code", "hello"),
    ),
    "program that fails": (
        program("#!/bin/sh\necho broken >&2; exit 3\n"),
        1,
        ("fake-claude", "is not Claude Code", "broken"),
    ),
    "unknown option": (options("--headles"), 2, ("--headles", "--headless", "Usage: supervise run")),
    "unknown mode": (options("--mode", "dryrun"), 2, ("dryrun", "Did you mean 'dry-run'")),
    "unknown rule pack": (options("--profile", "no-such-pack"), 2, ("no-such-pack",)),
    "live without a person": (options("--mode", "live"), 2, ("without a person", "--approval FILE")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_run_that_cannot_be_is_refused_before_anything_starts(machine: Machine, case: str) -> None:
    """The error names the thing and the cure on stderr, without a traceback; no run, no process, no word."""
    lay, code, words = REFUSED[case]
    arguments = lay(machine)
    done = machine.supervise(*arguments)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("supervise: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert machine.json("runs", "--json") == [] or case.startswith("unknown key")
    machine.wait_until_still()


def test_the_same_words_without_the_fault_do_start(machine: Machine) -> None:
    """The cases above can fail: what they stand on is a run that starts and ends well."""
    done = machine.supervise(*run_words(machine))
    assert (done.returncode, done.stdout) == (0, "Done.\n"), done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rnu", "task"], "Did you mean `supervise run`?"),
        (["verfy"], "Did you mean `supervise verify`?"),
        (["fix the tests"], "To run a task: supervise run 'fix the tests'"),
        (["runs", "--jsno"], "--json"),
        (["show"], "Missing argument 'RUN'"),
        (["run"], "the task is empty"),
        (["run", "  "], "the task is empty"),
        (["runs", "--limit", "0"], "--limit"),
        (["runs", "--limit", "many"], "--limit"),
        (["explain"], "--bash CMD"),
        (["explain", "--tool", "Bash", "--input", "{"], "--input: not JSON"),
        (["explain", "--tool", "Bash", "--input", "[]"], "--input: must be a JSON object"),
        (["allow"], "has no supervisor.toml"),
    ],
)
def test_what_a_command_does_not_understand_it_names(machine: Machine, words: list[str], told: str) -> None:
    """Exit code 2, the nearest name or the way to say it, no traceback."""
    done = machine.supervise(*words)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_run_is_named_with_the_nearest(machine: Machine) -> None:
    """Every command that takes a run says so, and offers the run that was probably meant."""
    machine.supervise(*run_words(machine))
    (row,) = machine.json("runs", "--json")
    typed = row["name"][:-1] + ("x" if row["name"][-1] != "x" else "y")
    for command in ("show", "stop", "resume", "export", "verify"):
        done = machine.supervise(command, typed)
        assert done.returncode == 2, (command, done.stderr)
        assert typed in done.stderr
        assert row["name"] in done.stderr


def test_a_run_that_has_ended_cannot_be_stopped_or_told_anything(machine: Machine) -> None:
    """The error says that it has ended, and how."""
    machine.supervise(*run_words(machine))
    (row,) = machine.json("runs", "--json")
    for words in (["stop", row["name"]], ["resume", row["name"]], ["message", row["name"], "hello"]):
        done = machine.supervise(*words)
        assert done.returncode == 2, done.stderr
        assert f"{row['name']} has ended (completed)" in done.stderr


def test_a_path_too_long_for_a_socket_is_said_with_its_cure(machine: Machine) -> None:
    """A runtime folder whose sockets could not be bound is refused up front."""
    long = machine.root / ("x" * 90)
    done = machine.supervise(*run_words(machine), env={"XDG_RUNTIME_DIR": str(long)})
    assert done.returncode == 2
    assert "too long" in done.stderr
    assert "Set XDG_RUNTIME_DIR" in done.stderr


def test_help_is_there_for_every_command(machine: Machine) -> None:
    """`--help` of each listed command works, and names the exit codes where scripts need them."""
    top = machine.supervise("--help").stdout
    names = [line.split()[0] for line in top.split("Commands:")[1].strip().splitlines()]
    assert {"run", "runs", "show", "attach", "stop", "verify", "export", "explain", "allow"} <= set(names)
    for name in names:
        done = machine.supervise(name, "--help")
        assert done.returncode == 0, done.stderr
        assert f"supervise {name}" in done.stdout
    assert "Exit codes: 0 ok" in " ".join(machine.supervise("run", "--help").stdout.split())
