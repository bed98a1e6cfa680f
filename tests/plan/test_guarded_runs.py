"""A fresh live run held to an approved plan, and approvals that stand in for a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from going_live_stage import END, Stage, Turns, bash, turn, upload, write

from harness.machine import Machine


@pytest.fixture
def stage(machine: Machine) -> Stage:
    """Systems outside of the folder."""
    return Stage(machine)


def run_again(stage: Stage, approval: Path, turns: Turns) -> int:
    """A headless live run on the strength of the file; its exit code."""
    script = stage.machine.write_script(turns)
    return stage.machine.supervise("run", "--approval", str(approval), "--script", str(script)).returncode


def test_a_guarded_run_does_what_was_approved_and_nothing_else(stage: Stage) -> None:
    """Approved calls pass once, whatever their description; a fresh or repeated one is denied: exit 4."""
    log = stage.machine.root / "log"
    step = bash(f"echo x >> {log}")
    run = stage.rehearse([turn(write("a.txt", "a"), upload("1.png"), step), END])
    reworded = {"tool": "Bash", "input": {**step["input"], "description": "Said in other words"}}
    again = [turn(write("a.txt", "a"), upload("1.png"), reworded), END]
    assert run_again(stage, stage.approve_to_file(run), again) == 0
    assert [(d, r) for d, r, _ in stage.decisions(stage.newest()["id"])] == [("real", "plan.item")] * 3
    assert stage.uploaded() == ["1.png"] and log.read_text() == "x\n"

    (stage.workspace / "a.txt").unlink()  # the world as the rehearsal saw it
    fresh = [turn(write("a.txt", "other"), write("b.txt", "b"), upload("2.png"), step, step), END]
    assert run_again(stage, stage.approve_to_file(run), fresh) == 4
    decided = [(d, r) for d, r, _ in stage.decisions(stage.newest()["id"])]
    assert decided == [("blocked", "plan.fresh")] * 3 + [("real", "plan.item"), ("blocked", "plan.fresh")]
    assert not (stage.workspace / "a.txt").exists() and not (stage.workspace / "b.txt").exists()
    assert stage.uploaded() == ["1.png"] and log.read_text() == "x\nx\n"


def test_a_live_run_without_a_person_needs_an_approval_that_counts(stage: Stage) -> None:
    """None, an altered one and a used one start nothing; an item that was left out is a fresh path."""
    run = stage.rehearse([turn(write("a.txt", "a"), upload("1.png")), END])
    assert stage.machine.supervise("run", "--mode", "live", "--headless", "go").returncode == 2
    approval = stage.approve_to_file(run, "--leave-out", "2")
    altered = approval.with_suffix(".altered")
    altered.write_text(approval.read_text().replace('"left_out": [\n      2\n    ]', '"left_out": []'))
    assert altered.read_text() != approval.read_text()
    turns: Turns = [turn(write("a.txt", "a"), upload("1.png")), END]
    runs = len(stage.machine.json("runs", "--json"))
    assert run_again(stage, altered, turns) == 2
    assert len(stage.machine.json("runs", "--json")) == runs
    assert run_again(stage, approval, turns) == 4
    assert (stage.workspace / "a.txt").read_text() == "a" and not stage.uploaded()
    assert run_again(stage, approval, turns) == 2
    assert stage.machine.supervise("apply", run, "--approval", str(approval)).returncode == 2


def test_an_approval_file_lets_a_plan_be_applied_without_a_person_once(stage: Stage) -> None:
    """Without it apply refuses; with it exactly the approved items become real, and only the first time.

    A script reads what became of each.
    """
    run = stage.rehearse([turn(write("a.txt", "a"), upload("1.png")), END])
    approval = str(stage.approve_to_file(run))
    assert stage.machine.supervise("apply", run).returncode == 2
    done = stage.machine.json("apply", run, "--approval", approval, "--json")
    assert [(each["n"], each["outcome"]) for each in done] == [(1, "executed"), (2, "executed")]
    assert stage.uploaded() == ["1.png"] and (stage.workspace / "a.txt").exists()
    assert "used already" in stage.machine.supervise("apply", run, "--approval", approval).stderr
