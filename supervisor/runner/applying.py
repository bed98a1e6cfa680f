"""Approving, applying and undoing the plan of an ended run.

Whoever does it holds the run's lock, as its runner did, and so is the only writer of the run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from supervisor.errors import SuperviseError, UsageError
from supervisor.gate.peer import Peer
from supervisor.journal.events import (
    ApplyEnded,
    ApplyStarted,
    ApplyUndone,
    ItemApplied,
    Outcome,
    PlanApproved,
)
from supervisor.journal.listing import list_runs, run_events
from supervisor.journal.rows import RunRow
from supervisor.journal.writer import Journal
from supervisor.places import Places
from supervisor.plan.apply import Applied, apply_plan
from supervisor.plan.approval import approval_key, approve, refusal
from supervisor.plan.file_drift import Drift
from supervisor.plan.files import Recovery, recover_apply, undo_files
from supervisor.plan.model import Plan
from supervisor.plan.read import read_plan
from supervisor.runner import operator
from supervisor.runner.lock import take
from supervisor.shadow.changed import changed


class NotApprovedError(SuperviseError):
    """There is no approval that covers the plan as it stands now."""


@contextmanager
def only_writer(places: Places, row: RunRow) -> Iterator[Journal]:
    """The journal, with the run's lock held.

    Raises:
        UsageError: the run goes on, or somebody else applies it right now.
    """
    if row.ended is None:
        raise UsageError(f"{row.name} has not ended", cure=f"End it first: supervise stop {row.name}")
    lock = take(places.run_lock(row.id))
    if lock is None:
        raise UsageError(f"{row.name} is being applied by another process")
    try:
        with Journal.open(places.journal) as journal:
            yield journal
    finally:
        os.close(lock)


def person(places: Places) -> str:
    """Who is at this terminal, as the journal names them.

    Raises:
        UsageError: this process has no terminal, or belongs to a run.
    """
    me = Peer(os.getpid(), os.getuid())
    for row in list_runs(places.journal):
        if row.ended is None and (why := operator.refusal(me, row.runner_pid)):
            raise UsageError(f"refused: this is {why}; only a person can approve")
    if not operator.terminal_of(os.getpid()):
        raise UsageError("refused: only a person at a terminal can approve")
    return operator.describe(me)


def give_approval(
    places: Places, row: RunRow, plan: Plan, left_out: frozenset[int], by: str, expires_s: float
) -> PlanApproved:
    """Seal and journal the approval of what stays ticked."""
    with only_writer(places, row) as journal:
        given = approve(
            approval_key(places.state), plan.without(left_out), left_out, by, time.time(), expires_s
        )
        journal.append(row.id, given, durable=True)
    return given


def use_approval(
    places: Places, row: RunRow, progress: Callable[[int, int], None] | None = None
) -> Iterator[Applied]:
    """Apply what the newest approval of the run covers, yielding each item as it is done.

    Raises:
        NotApprovedError: no approval covers the plan as it stands now.
        DriftError: the world has moved on; nothing was applied.
        SuperviseError, OSError: the files could not be put in place; the old state is restored.
    """
    with only_writer(places, row) as journal:
        _finish_earlier(places, row, journal)
        approvals, used = [], set()
        for recorded in run_events(places.journal, row.id):
            match recorded.event:
                case PlanApproved() as event:
                    approvals.append(event)
                case ApplyStarted() as event:
                    used.add(event.nonce)
        if not approvals:
            raise NotApprovedError(
                f"{row.name} is not approved", cure=f"Review it: supervise approve {row.name}"
            )
        given = approvals[-1]
        plan = read_plan(places, row.id, row.cwd).without(frozenset(given.left_out))
        if why := refusal(approval_key(places.state), row.id, given, plan, used, time.time()):
            raise NotApprovedError(
                f"the approval of {row.name} does not count: {why}",
                cure=f"Review it again: supervise approve {row.name}",
            )
        yield from _apply(places, row, journal, given, plan, progress)


def _apply(
    places: Places,
    row: RunRow,
    journal: Journal,
    given: PlanApproved,
    plan: Plan,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Applied]:
    journal.append(row.id, ApplyStarted(given.nonce, given.digest), durable=True)
    keep = places.run_state(row.id) / "applied" / given.nonce
    found = changed(places, row.id)
    content = found.shadow.content if found is not None else os.fsencode
    done = 0
    try:
        for applied in apply_plan(plan, content, keep, places.run_state(row.id) / "mcp.json", progress):
            journal.append(row.id, ItemApplied(applied.item.n, applied.outcome, applied.result), durable=True)
            done += applied.outcome is Outcome.EXECUTED
            yield applied
    except (SuperviseError, OSError) as cause:
        journal.append(row.id, ApplyEnded(False, f"nothing was applied: {cause}"), durable=True)
        raise
    whole = done == len(plan.items)
    journal.append(row.id, ApplyEnded(whole, f"{done} of {len(plan.items)} items are done"), durable=True)


def take_back(places: Places, row: RunRow, by: str) -> tuple[Drift, ...]:
    """Put back the files of the newest apply. What has changed since is returned; then nothing is done."""
    with only_writer(places, row) as journal:
        _finish_earlier(places, row, journal)
        keep = newest_apply(places, row)
        if keep is None:
            raise UsageError(f"nothing of {row.name} was applied")
        if drift := undo_files(keep):
            return drift
        journal.append(row.id, ApplyUndone("all files are as they were before the apply", by), durable=True)
    return ()


def commands_done(places: Places, row: RunRow) -> list[str]:
    """What an undo cannot take back: commands and calls that were really made."""
    plan = read_plan(places, row.id, row.cwd)
    done = [
        recorded.event.n
        for recorded in run_events(places.journal, row.id)
        if isinstance(recorded.event, ItemApplied) and recorded.event.outcome is Outcome.EXECUTED
    ]
    items = [item for item in plan.items if item.n in done and not item.changes]
    return [f"#{item.n} {item.tool} {msgspec.json.encode(item.input).decode()}" for item in items]


def newest_apply(places: Places, row: RunRow) -> Path | None:
    """The folder of the run's newest apply; None if there was none."""
    started = [
        recorded.event.nonce
        for recorded in run_events(places.journal, row.id)
        if isinstance(recorded.event, ApplyStarted)
    ]
    return places.run_state(row.id) / "applied" / started[-1] if started else None


def _finish_earlier(places: Places, row: RunRow, journal: Journal) -> None:
    """An apply that was cut off is finished or rolled back before anything else happens."""
    keep = newest_apply(places, row)
    if keep is None:
        return
    said = recover_apply(keep)
    if said is not Recovery.NOTHING:
        detail = f"an apply that was cut off was {said.value}"
        journal.append(row.id, ApplyEnded(said is Recovery.FINISHED, detail), durable=True)
