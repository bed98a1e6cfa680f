"""What a run changed in its shadow: shown, credited to calls, kept until a person discards it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from harness.machine import SUPERVISE, Machine
from harness.waiting import PATIENCE_S, wait_for
from supervisor.journal.listing import list_runs
from supervisor.journal.rows import RunRow
from supervisor.places import places

TURNS = [
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/new.txt", "content": "one\n"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "sed -i s/old/new/ kept.txt; rm gone.txt"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "cat new.txt"}}]},
]


@pytest.fixture
def rehearsed(machine: Machine) -> str:
    """The name of a dry run that added, changed and deleted a file."""
    (machine.workspace / "kept.txt").write_text("old\n")
    (machine.workspace / "gone.txt").write_text("x\n")
    script = machine.write_script(TURNS)
    args = ("run", "--headless", "--script", str(script), "--cwd", str(machine.workspace), "go")
    done = machine.supervise(*args)
    assert done.returncode == 0, done.stderr
    name: str = machine.json("runs", "--json")[0]["name"]
    return name


def test_a_change_set_is_exact_and_each_change_has_its_call(machine: Machine, rehearsed: str) -> None:
    """`show --json` and `diff --json` agree; the real folder is as it was; fidelity stays exact."""
    shown = machine.json("show", "--json", rehearsed)
    changes = {change["path"]: (change["kind"], change["calls"]) for change in shown["changes"]}
    assert changes == {"new.txt": ("added", [1]), "kept.txt": ("modified", [2]), "gone.txt": ("deleted", [2])}
    assert shown["changes"] == machine.json("diff", "--json", rehearsed)
    assert shown["run"]["fidelity"] == "exact"
    assert [call["outcome"] for call in shown["calls"]] == ["executed"] * 3
    assert sorted(path.name for path in machine.workspace.iterdir()) == ["gone.txt", "kept.txt"]
    assert (machine.workspace / "kept.txt").read_text() == "old\n"


def test_a_diff_reads_like_one(machine: Machine, rehearsed: str) -> None:
    """Unified, with the number of the call beside each file."""
    text = machine.supervise("diff", rehearsed).stdout
    assert "-old\n+new" in text and "+one" in text and "#2" in text


def test_clean_asks_first_and_discards_only_what_a_person_says(machine: Machine, rehearsed: str) -> None:
    """Without a terminal nothing is discarded; at one, `n` keeps it and `y` discards it, and how much that
    frees is said. `--json` lists without asking.
    """
    refused = machine.supervise("clean")
    assert refused.returncode == 2 and "3 unapplied changes" in refused.stderr
    (listed,) = machine.json("clean", "--json")
    assert (listed["run"], listed["changes"], listed["applied"]) == (rehearsed, 3, "unapplied")
    assert listed["workspace"] == str(machine.workspace) and listed["bytes"] >= 4096
    program = str(Path(sys.executable).with_name("supervise"))
    for answer, kept in (("n", True), ("y", False)):
        child = pexpect.spawn(
            program,
            ["clean"],
            cwd=str(machine.workspace),
            env=machine.env,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
        child.expect("3 unapplied changes")
        child.sendline(answer)
        child.expect(r"([\d.]+) MB freed, ([\d.]+) MB kept")
        assert (float(child.match[1]) == 0, float(child.match[2]) > 0) == (kept, kept)
        child.expect(pexpect.EOF)
        child.close()
        assert (machine.supervise("diff", rehearsed).returncode == 0) is kept
        assert len(machine.json("clean", "--json")) == kept


def test_a_shadow_stands_in_nobodys_way_and_outlives_its_folder(machine: Machine, rehearsed: str) -> None:
    """After a reboot (the folder of sockets is gone) and with the workspace deleted it is found, told with
    its changes, and discarded only by a person.
    """
    shutil.rmtree(machine.runtime, ignore_errors=True)
    shutil.rmtree(machine.workspace)
    machine.workspace.mkdir()
    assert len(machine.json("diff", rehearsed, "--json")) == 3
    machine.workspace.rmdir()
    home = machine.home
    (listed,) = machine.json("clean", "--json", cwd=home)
    assert (listed["run"], listed["changes"]) == (rehearsed, 3)
    refused = machine.supervise("clean", rehearsed, cwd=home)
    assert refused.returncode == 2 and "(which is gone)" in refused.stderr
    assert machine.json("clean", "--json", cwd=home) == [listed]


def test_two_runs_on_one_folder_each_work_in_their_own_shadow(machine: Machine) -> None:
    """One is killed with its runner beside the other: both change sets are whole, and only their own."""

    def start(text: str, *then: dict[str, Any]) -> subprocess.Popen[str]:
        wrote = {"tool": "Write", "input": {"file_path": "{cwd}/same.txt", "content": text}}
        look = {"tool": "Bash", "input": {"command": "cat same.txt; ls"}}
        script = machine.write_script([{"calls": [call]} for call in (wrote, look, *then)], name=text)
        return machine.start([SUPERVISE, "run", "--headless", "--label", text, "--script", script, text])

    def row(text: str) -> RunRow:
        return next(row for row in list_runs(places(machine.env).journal) if row.label == text)

    def done(text: str) -> int:
        if text not in (each["task"] for each in machine.json("runs", "--json")):
            return 0
        calls = machine.json("show", row(text).name, "--json")["calls"]
        return len([call for call in calls if call["outcome"] == "executed"])

    killed = start("one", {"tool": "Bash", "input": {"command": "tail -f same.txt"}})
    wait_for(lambda: done("one") == 2, "the first run to stand in its command")
    other = start("other")
    wait_for(lambda: done("other") == 2, "the other run to have worked beside it")
    os.kill(row("one").runner_pid, signal.SIGKILL)
    assert (killed.wait(PATIENCE_S), other.wait(PATIENCE_S)) == (3, 0)
    for text in ("one", "other"):
        (change,) = machine.json("diff", row(text).name, "--json")
        assert (change["path"], change["after"]["size"]) == ("same.txt", len(text))
        assert f"+{text}" in machine.supervise("diff", row(text).name).stdout
    assert {each["changes"] for each in machine.json("clean", "--json")} == {1}
    assert list(machine.workspace.iterdir()) == []
