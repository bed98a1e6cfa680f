"""A run in a folder that is copied: the operator is told how much it is, and it may take long."""

from __future__ import annotations

import os

import pytest

from harness.machine import Machine


@pytest.fixture
def copying(machine: Machine) -> Machine:
    """A machine whose runs work in a copy."""
    machine.write_config('[shadow]\nbackend = "clone"\n')
    (machine.workspace / "folder").mkdir()
    for name in ("folder/one", "two"):
        (machine.workspace / name).write_bytes(b"x" * 1_500_000)
    return machine


def test_it_is_said_what_is_copied_before_the_run_starts(copying: Machine) -> None:
    """How many files, how many megabytes and how much room there is; then the run works in the copy."""
    write = {"tool": "Write", "input": {"file_path": "{cwd}/two", "content": "x"}}
    read = {"tool": "Read", "input": {"file_path": "{cwd}/two"}}
    script = copying.write_script([{"calls": [read]}, {"calls": [write]}])
    done = copying.supervise("run", "--headless", "--script", str(script), "go")
    assert done.returncode == 0, done.stderr
    said, _, rest = done.stderr.partition("\n")
    assert said.startswith(f"supervise: copying {copying.workspace} to where shadows lie: 2 files, 3 MB, ")
    assert said.endswith(("MB are free there", "sharing its blocks")) and "gate: proven" in rest
    row = copying.json("runs", "--json")[0]
    shown = copying.json("show", row["id"], "--json")
    assert shown["run"]["floors"]["4"].startswith("shadow (clone)")
    assert [change["path"] for change in shown["changes"]] == ["two"]
    assert (copying.workspace / "two").stat().st_size == 1_500_000


def test_what_there_is_no_room_for_is_not_begun(copying: Machine) -> None:
    """Exit code 5 and what to do about it; nothing was started, and nothing is left behind."""
    huge = os.statvfs(copying.workspace).f_frsize * os.statvfs(copying.workspace).f_bavail + (1 << 40)
    with (copying.workspace / "huge").open("wb") as file:
        file.truncate(huge)
    script = copying.write_script([])
    done = copying.supervise("run", "--headless", "--script", str(script), "go")
    assert done.returncode == 5, done.stderr
    assert f"takes {(huge + 3_000_000) / 1e6:,.0f} MB" in done.stderr and "XDG_STATE_HOME" in done.stderr
    assert copying.json("runs", "--json") == []
    assert list(copying.state.glob("runs/*/shadow")) == []
