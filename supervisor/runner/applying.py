"""Applying the approved plan of an ended run, and taking it back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from supervisor.errors import SuperviseError, UsageError
from supervisor.journal.events import (
    AlertRaised,
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
from supervisor.plan.drift import NotKnown
from supervisor.plan.file_drift import Drift, DriftError
from supervisor.plan.files import HalfwayError, Recovery, is_cut_off, recover_apply, recover_undo, undo_files
from supervisor.plan.read import read_plan
from supervisor.policy import AlertKind
from supervisor.runner.approving import Approved, alarmed, approved, require_still
from supervisor.runner.sole_writer import only_writer
from supervisor.session.kept_environment import kept_environment
from supervisor.shadow.changed import changed


def use_approval(
    places: Places,
    row: RunRow,
    progress: Callable[[int, int], None] | None = None,
    offered: PlanApproved | None = None,
    unseen: Callable[[tuple[NotKnown, ...]], None] | None = None,
) -> Iterator[Applied]:
    """Apply what an approval of the run covers, yielding each item as it is done.

    Args:
        offered: an approval that a file brought; None takes the newest in the journal.
        unseen: told of the targets that nobody could look at, before anything is done.

    Raises:
        NotApprovedError: no approval covers the plan as it stands now.
        WorldMovedError: the world has moved on; nothing was applied, and the approval still stands.
        DriftError: it did so in the moment of the apply; nothing was applied.
        SuperviseError, OSError: the files could not be put in place; the old state is restored.
    """
    with only_writer(places, row) as journal:
        _finish_earlier(places, row, journal)
        with alarmed(journal, row):
            found = approved(places, row, offered)
        world = require_still(places, row, found.plan, journal)
        if unseen is not None and world.not_known:
            unseen(world.not_known)
        yield from _apply(places, row, journal, found, progress)


def _apply(
    places: Places,
    row: RunRow,
    journal: Journal,
    use: Approved,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Applied]:
    given, plan = use.given, use.plan
    journal.append(row.id, ApplyStarted(given.nonce, given.digest), durable=True)
    keep = places.run_state(row.id) / "applied" / given.nonce
    found = changed(places, row.id)
    content = found.shadow.content if found is not None else os.fsencode
    done = 0
    try:
        environment = kept_environment(places.run_state(row.id))
        config = places.run_state(row.id) / "mcp.json"
        for applied in apply_plan(plan, content, keep, config, environment, progress):
            journal.append(row.id, ItemApplied(applied.item.n, applied.outcome, applied.result), durable=True)
            done += applied.outcome is Outcome.EXECUTED
            yield applied
    except (SuperviseError, OSError) as cause:
        if isinstance(cause, DriftError):
            journal.append(row.id, AlertRaised(AlertKind.DRIFT, str(cause)), durable=True)
        said = str(cause) if isinstance(cause, HalfwayError) else f"nothing was applied: {cause}"
        journal.append(row.id, ApplyEnded(False, said), durable=True)
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
    """What an undo cannot take back: commands and calls that were really made, and what is known to reverse
    each.
    """
    chosen: dict[str, tuple[int, ...]] = {}
    nonce = ""
    done: set[int] = set()
    for_real: set[int] = set()
    for recorded in run_events(places.journal, row.id):
        match recorded.event:
            case PlanApproved() as event:
                chosen[event.nonce] = event.for_real
            case ApplyStarted() as event:
                nonce = event.nonce
            case ItemApplied(n=n, outcome=Outcome.EXECUTED):
                done.add(n)
                for_real |= {n} & set(chosen.get(nonce, ()))
    plan = read_plan(places, row.id, row.cwd).running(frozenset(for_real))
    items = [item for item in plan.items if item.n in done and not item.changes]
    lines = []
    for item in items:
        lines.append(f"#{item.n} {item.tool} {msgspec.json.encode(item.input).decode()}")
        lines += [f"   its reverse: {each}" for each in item.reverse]
    return lines


def newest_apply(places: Places, row: RunRow) -> Path | None:
    """The folder of the run's newest apply; None if there was none."""
    started = [
        recorded.event.nonce
        for recorded in run_events(places.journal, row.id)
        if isinstance(recorded.event, ApplyStarted)
    ]
    return places.run_state(row.id) / "applied" / started[-1] if started else None


def finish_cut_off(places: Places) -> None:
    """Finish or roll back every apply and undo that a crash cut off, and journal which.

    One that goes on in another process, or that cannot be brought to an end now, is left for the next time.
    """
    rows = {row.id: row for row in list_runs(places.journal)}
    for keep in (places.state / "runs").glob("*/applied/*"):
        row = rows.get(keep.parent.parent.name)
        if row is not None and row.ended is not None and is_cut_off(keep):
            with suppress(SuperviseError), only_writer(places, row) as journal:
                _finish_earlier(places, row, journal)


def _finish_earlier(places: Places, row: RunRow, journal: Journal) -> None:
    """An apply or undo that was cut off is finished or rolled back before anything else happens."""
    keep = newest_apply(places, row)
    if keep is None:
        return
    said = recover_apply(keep)
    if said is not Recovery.NOTHING:
        detail = f"an apply that was cut off was {said.value}"
        journal.append(row.id, ApplyEnded(said is Recovery.FINISHED, detail), durable=True)
    said = recover_undo(keep)
    if said is Recovery.FINISHED:
        detail = "an undo that was cut off was finished: all files are as they were before the apply"
        journal.append(row.id, ApplyUndone(detail, ""), durable=True)
    elif said is Recovery.ROLLED_BACK:
        detail = "an undo that was cut off was rolled back: what was applied stands"
        journal.append(row.id, ApplyEnded(True, detail), durable=True)
