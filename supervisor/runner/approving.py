"""Who may approve and go live, and which approval of a run counts now."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from supervisor.errors import UsageError
from supervisor.journal.events import AlertRaised, ApplyStarted, PlanApproved, WentLive
from supervisor.journal.listing import run_events
from supervisor.journal.rows import RunRow
from supervisor.journal.writer import Journal
from supervisor.places import Places
from supervisor.plan.approval import (
    ForgedApprovalError,
    NotApprovedError,
    accepted_of,
    approval_key,
    approve,
    require,
)
from supervisor.plan.drift import World, WorldMovedError, look_at
from supervisor.plan.model import Plan
from supervisor.plan.read import read_plan
from supervisor.plan.rebase import Acceptable, Accepted, rebased
from supervisor.policy import AlertKind
from supervisor.runner.probing import prober_of
from supervisor.runner.sole_writer import only_writer
from supervisor.views.safe import one_line


@dataclass(frozen=True)
class Approved:
    """What a person approved, and may still be done: exactly the items that stayed ticked."""

    given: PlanApproved
    plan: Plan


@contextlib.contextmanager
def alarmed(journal: Journal, row: RunRow) -> Iterator[None]:
    """Journal an alert where a forged approval is tried in the block."""
    try:
        yield
    except ForgedApprovalError as cause:
        journal.append(row.id, AlertRaised(AlertKind.TAMPERING, str(cause)), durable=True)
        raise


def give_approval(
    places: Places,
    row: RunRow,
    plan: Plan,
    left_out: frozenset[int],
    by: str,
    expires_s: float,
    accepted: tuple[Accepted, ...] = (),
    for_real: frozenset[int] = frozenset(),
) -> PlanApproved:
    """Seal and journal the approval of what stays ticked, cut commands in `for_real` as commands.

    Args:
        accepted: drift that the person approved over, item by item.
    """
    ticked = plan.running(for_real).without(left_out)
    with only_writer(places, row) as journal:
        key = approval_key(places.state)
        given = approve(key, ticked, left_out, by, time.time(), expires_s, accepted, for_real)
        journal.append(row.id, given, durable=True)
    return given


def require_free(over: Acceptable) -> None:
    """Return if nothing is in the way of what a person may approve over.

    Raises:
        UsageError: something is; nobody has seen all of it, so nobody can approve over it.
    """
    if over.in_the_way:
        raise UsageError(
            f"{one_line(over.in_the_way[0].path)} is in the way of what was rehearsed; nothing was changed",
            cure="Rehearse again on the new state, move it away, or leave its item out (--leave-out).",
        )


def newest_approval(places: Places, row: RunRow) -> tuple[PlanApproved | None, frozenset[str]]:
    """The newest approval in the journal, and the nonces of those that were used."""
    newest, used = None, set()
    for recorded in run_events(places.journal, row.id):
        match recorded.event:
            case PlanApproved() as event:
                newest = event
            case ApplyStarted(nonce=nonce) | WentLive(nonce=nonce):
                used.add(nonce)
    return newest, frozenset(used) | _begun(places, row)


def require_still(places: Places, row: RunRow, plan: Plan, journal: Journal) -> World:
    """What the world looks like beside the plan, where it is still as the plan was approved on.

    Raises:
        WorldMovedError: it has moved on, which is journaled.
    """
    world = look_at(plan, prober_of(places, row).look)
    if world.drifted:
        moved = WorldMovedError(world)
        journal.append(row.id, AlertRaised(AlertKind.DRIFT, str(moved)), durable=True)
        raise moved
    return world


def _begun(places: Places, row: RunRow) -> frozenset[str]:
    """The nonces under which files were put in place, also where a row was taken out of the journal."""
    folder = places.run_state(row.id) / "applied"
    return frozenset(each.name for each in folder.iterdir()) if folder.is_dir() else frozenset()


def _now(places: Places, row: RunRow) -> float:
    """Seconds since the epoch; a clock that was set back does not make an approval young again."""
    return max(time.time(), *(recorded.time for recorded in run_events(places.journal, row.id)))


def approved(places: Places, row: RunRow, offered: PlanApproved | None = None) -> Approved:
    """What is approved of the run now.

    Args:
        offered: an approval that a file brought; None takes the newest in the journal.

    Raises:
        NotApprovedError: it does not cover the plan as it stands now, was used, has expired, or is not the
            operator's.
    """
    newest, used = newest_approval(places, row)
    given = offered or newest
    if given is None:
        raise NotApprovedError(f"{row.name} is not approved", cure=f"Review it: supervise approve {row.name}")
    whole = read_plan(places, row.id, row.cwd).running(frozenset(given.for_real))
    plan = whole.without(frozenset(given.left_out))
    try:
        plan = rebased(plan, accepted_of(given))
        require(approval_key(places.state), row.id, given, plan, used, _now(places, row))
    except NotApprovedError as cause:
        raise type(cause)(
            f"the approval of {row.name} does not count: {cause}",
            cure=cause.cure or f"Review it again: supervise approve {row.name}",
        ) from cause
    return Approved(given, plan)
