"""From a rehearsal to a live run: its conversation goes on, or a fresh run is held to its plan."""

from __future__ import annotations

from dataclasses import dataclass

from supervisor.errors import UsageError
from supervisor.gate.expected import Expectation
from supervisor.journal.events import (
    ApplyEnded,
    ApplyStarted,
    ApplyUndone,
    CallDecided,
    ItemApplied,
    PlanApproved,
    WentLive,
)
from supervisor.journal.listing import run_events
from supervisor.journal.rows import RunRow
from supervisor.places import Places
from supervisor.plan.account import account
from supervisor.plan.approval import NotApprovedError
from supervisor.plan.model import Plan
from supervisor.plan.read import read_plan
from supervisor.runner.approving import alarmed, approved, require_still
from supervisor.runner.sole_writer import only_writer


@dataclass(frozen=True)
class Basis:
    """What a live run stands on.

    Attributes:
        row: the rehearsal.
        given: the approval that lets it.
        note: one line for the operator.
        opening: the first message, where the conversation goes on; else empty.
        expected: the calls that a fresh, guarded run may make; None where the conversation goes on.
    """

    row: RunRow
    given: PlanApproved
    note: str
    opening: str = ""
    expected: tuple[Expectation, ...] | None = None

    @property
    def guarded(self) -> bool:
        """A fresh run, held to the plan."""
        return self.expected is not None


def applied_basis(places: Places, row: RunRow) -> Basis | None:
    """What the conversation of `row` can go on live from: its newest apply; None if there is none.

    An apply counts if something of it was done, it was not taken back, and the conversation did not go on
    from it before.
    """
    approvals: dict[str, PlanApproved] = {}
    given: PlanApproved | None = None
    applied: dict[int, ItemApplied] = {}
    ended = False
    for recorded in run_events(places.journal, row.id):
        match recorded.event:
            case PlanApproved() as event:
                approvals[event.nonce] = event
            case ApplyStarted(nonce=nonce):
                given, applied, ended = approvals.get(nonce), {}, False
            case ItemApplied() as event:
                applied[event.n] = event
            case ApplyEnded():
                ended = True
            case ApplyUndone() | WentLive(guarded=False):
                given = None
    if given is None or not applied or not ended:
        return None
    plan = read_plan(places, row.id, row.cwd).running(frozenset(given.for_real))
    done = sum(item.outcome.value == "executed" for item in applied.values())
    note = f"{row.name} goes on live: {done} of {len(plan.items)} items of its plan are real"
    return Basis(row, given, note, opening=account(plan, given.left_out, applied))


def guarded_basis(places: Places, row: RunRow, offered: PlanApproved | None = None) -> Basis:
    """What a fresh run, held to the plan of `row`, stands on.

    Args:
        offered: an approval that a file brought; None takes the newest in the journal.

    Raises:
        NotApprovedError: no approval covers the plan as it stands now.
        WorldMovedError: the world is no longer as the plan was approved on.
    """
    with only_writer(places, row) as journal, alarmed(journal, row):
        found = approved(places, row, offered)
        require_still(places, row, found.plan, journal)
    expected = _expected(places, row, found.plan)
    note = f"held to {len(expected)} approved calls of {row.name}; any other write waits"
    return Basis(row, found.given, note, expected=expected)


def _expected(places: Places, row: RunRow, plan: Plan) -> tuple[Expectation, ...]:
    """The calls behind the items. What ran without network may do more for real than was seen: it is none."""
    wanted = {item.n: item.server for item in plan.items if not item.cut}
    return tuple(
        Expectation(event.n, event.tool, event.input, event.cwd, wanted[event.n])
        for recorded in run_events(places.journal, row.id)
        if isinstance(event := recorded.event, CallDecided) and event.n in wanted
    )


def claim(places: Places, basis: Basis, run_id: str, name: str, by: str) -> None:
    """Use the approval up for the live run `run_id`, durably, before anything of it starts.

    Raises:
        NotApprovedError: it does not count any more.
        WorldMovedError: the world has moved on since.
    """
    with only_writer(places, basis.row) as journal:
        if basis.guarded:
            plan = approved(places, basis.row, basis.given).plan
            require_still(places, basis.row, plan, journal)
        else:
            again = applied_basis(places, basis.row)
            if again is None or again.given.nonce != basis.given.nonce:
                raise NotApprovedError(f"{basis.row.name} went live from this apply already")
        went = WentLive(basis.given.nonce, run_id, name, basis.guarded, by)
        journal.append(basis.row.id, went, durable=True)


def require_applied(places: Places, row: RunRow) -> Basis:
    """As `applied_basis`.

    Raises:
        UsageError: there is nothing to go on from.
    """
    basis = applied_basis(places, row)
    if basis is None:
        raise UsageError(
            f"{row.name} cannot go on live: nothing of its plan was applied, or it went on already",
            cure=f"Review it: supervise approve {row.name}",
        )
    return basis
