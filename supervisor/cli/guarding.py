"""From `--plan RUN` or `--approval FILE` to what a guarded live run stands on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from supervisor.errors import UsageError
from supervisor.journal.events import PlanApproved
from supervisor.journal.listing import find_run
from supervisor.journal.rows import RunRow
from supervisor.places import places
from supervisor.plan.approval_file import read_approval
from supervisor.plan.drift import WorldMovedError, world_lines
from supervisor.policy import Mode
from supervisor.runner.going_live import Basis, guarded_basis
from supervisor.runner.recover import recover
from supervisor.runner.this_process import outsider, person
from supervisor.views.safe import one_line


def basis_of(plan: str | None, approval: Path | None, mode: Mode | None, cwd: Path | None) -> Basis:
    """What the run stands on that `--plan`, `--approval` or both ask for.

    Raises:
        UsageError: the options contradict each other.
        NotApprovedError: the approval does not count.
    """
    here = places()
    recover(here)
    if mode not in (None, Mode.LIVE):
        raise UsageError(f"--mode {mode}: a run that is held to a plan is live")
    offered = None
    if approval is not None:
        outsider(here)
        row, offered = offered_approval(approval, plan)
    else:
        person(here)
        row = find_run(here.journal, plan or "")
    if cwd is not None and str(cwd.resolve()) != row.cwd:
        raise UsageError(f"--cwd {cwd}: the plan of {row.name} is for {row.cwd}")
    with drift_shown():
        return guarded_basis(here, row, offered)


@contextmanager
def drift_shown() -> Iterator[None]:
    """Show as a diff what has moved on, where that stops what happens in the block."""
    try:
        yield
    except WorldMovedError as moved:
        for line in world_lines(moved.world):
            click.echo(one_line(line, 240), err=True)
        raise


def offered_approval(path: Path, run: str | None) -> tuple[RunRow, PlanApproved]:
    """The run that an approval file is for, and the approval.

    Raises:
        UsageError: it cannot be read, or is for another run than the one that was named.
    """
    here = places()
    found = read_approval(path)
    row = find_run(here.journal, found.run)
    if run is not None and find_run(here.journal, run).id != row.id:
        raise UsageError(f"--approval {path}: it is for {row.name}")
    return row, found.approval
