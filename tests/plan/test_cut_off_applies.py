"""An apply that is killed on its way: whoever looks next brings it to an end, and the journal says which."""

from __future__ import annotations

import pexpect
import pytest
from going_live_stage import END, Stage, bash, turn

from harness.machine import SUPERVISE, Machine

FILES = 3_000


@pytest.fixture
def stage(machine: Machine) -> Stage:
    """Systems outside of the folder."""
    return Stage(machine)


def test_the_next_command_ends_an_apply_that_was_killed(stage: Stage) -> None:
    """`kill -9` while files are put in place: `supervise runs` leaves all of them or none, and says which."""
    (stage.workspace / "make.sh").write_text(f"for i in $(seq {FILES}); do echo $i > file-$i; done\n")
    run = stage.rehearse([turn(bash("sh make.sh")), END])
    stage.approve(run)
    child = pexpect.spawn(
        str(SUPERVISE), ["apply", run], cwd=str(stage.workspace), env=stage.machine.env, encoding="utf-8"
    )
    while not list(stage.workspace.glob(".supervise-apply-*")):
        assert child.isalive(), child.read()
    child.kill(9)
    child.close()
    stage.machine.supervise("runs")
    assert not list(stage.workspace.glob(".supervise-apply-*"))
    there = len(list(stage.workspace.glob("file-*")))
    (ended,) = stage.events(run, "apply ended")
    assert "cut off" in ended["detail"]
    assert there == (FILES if ended["done"] else 0), ended
    stage.machine.supervise("runs")
    assert len(stage.events(run, "apply ended")) == 1
