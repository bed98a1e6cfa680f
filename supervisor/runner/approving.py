"""Who may approve and go live, and which approval of a run counts now."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from supervisor.errors import SuperviseError, UsageError
from supervisor.gate.peer import Peer
from supervisor.journal.events import ApplyStarted, PlanApproved, WentLive
from supervisor.journal.listing import list_runs, run_events
from supervisor.journal.rows import RunRow
from supervisor.places import Places
from supervisor.plan.approval import approval_key, approve, refusal
from supervisor.plan.model import Plan
from supervisor.plan.read import read_plan
from supervisor.runner import operator
from supervisor.runner.sole_writer import only_writer


class NotApprovedError(SuperviseError):
    """There is no approval that covers the plan as it stands now."""


@dataclass(frozen=True)
class Approved:
    """What a person approved, and may still be done: exactly the items that stayed ticked."""

    given: PlanApproved
    plan: Plan


def person(places: Places) -> str:
    """Who is at this terminal, as the journal names them.

    Raises:
        UsageError: this process has no terminal, or belongs to a run.
    """
    by = outsider(places)
    if not operator.terminal_of(os.getpid()):
        raise UsageError("refused: only a person at a terminal can approve")
    return by


def outsider(places: Places) -> str:
    """Who this process belongs to, as the journal names them: the operator, with or without a terminal.

    Raises:
        UsageError: it belongs to a run.
    """
    me = Peer(os.getpid(), os.getuid())
    for row in list_runs(places.journal):
        if row.ended is None and (why := operator.refusal(me, row.runner_pid)):
            raise UsageError(f"refused: this is {why}; only the operator can go live")
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


def newest_approval(places: Places, row: RunRow) -> tuple[PlanApproved | None, frozenset[str]]:
    """The newest approval in the journal, and the nonces of those that were used."""
    newest, used = None, set()
    for recorded in run_events(places.journal, row.id):
        match recorded.event:
            case PlanApproved() as event:
                newest = event
            case ApplyStarted(nonce=nonce) | WentLive(nonce=nonce):
                used.add(nonce)
    return newest, frozenset(used)


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
    plan = read_plan(places, row.id, row.cwd).without(frozenset(given.left_out))
    if why := refusal(approval_key(places.state), row.id, given, plan, used, time.time()):
        raise NotApprovedError(
            f"the approval of {row.name} does not count: {why}",
            cure=f"Review it again: supervise approve {row.name}",
        )
    return Approved(given, plan)
