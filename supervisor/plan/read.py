"""The plan of a run in the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from supervisor.journal.events import (
    ApplyStarted,
    CallDecided,
    CallSettled,
    ItemApplied,
    PlanApproved,
    TargetsSeen,
    WentLive,
)
from supervisor.journal.listing import run_events
from supervisor.places import Places
from supervisor.plan.build import build
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.plan.servers import configured_servers, server_digests
from supervisor.shadow.changed import Changed, changed
from supervisor.shadow.changes import Change, ChangeSet


class Rehearsal(msgspec.Struct, frozen=True):
    """A plan, and what there is to say about it.

    Attributes:
        calls: the decision on each call, by its number.
        changed: what its file items are made of; None without a shadow.
        approval: the newest one; None if there is none.
        used: `approval` was used.
        applied: what became of each item at the newest apply, by number.
    """

    plan: Plan
    calls: dict[int, CallDecided]
    changed: Changed | None
    approval: PlanApproved | None
    used: bool
    applied: dict[int, ItemApplied]


def read_plan(places: Places, run_id: str, workspace: str) -> Plan:
    """The plan of a run, from its decisions and its shadow as they stand now.

    Raises:
        JournalError: the journal cannot be read.
    """
    return read_rehearsal(places, run_id, workspace).plan


def read_rehearsal(places: Places, run_id: str, workspace: str) -> Rehearsal:
    """The same, with what a person wants to know of it.

    Raises:
        JournalError: the journal cannot be read.
    """
    calls: dict[int, CallDecided] = {}
    settled: list[CallSettled] = []
    seen: list[TargetsSeen] = []
    approval: PlanApproved | None = None
    used: set[str] = set()
    applied: dict[int, ItemApplied] = {}
    events = list(run_events(places.journal, run_id))
    for recorded in events:
        match recorded.event:
            case CallDecided() as event:
                calls[event.n] = event
            case CallSettled() as event:
                settled.append(event)
            case TargetsSeen() as event:
                seen.append(event)
            case PlanApproved() as event:
                approval = event
            case ApplyStarted() as event:
                applied = {}
                used.add(event.nonce)
            case WentLive() as event:
                used.add(event.nonce)
            case ItemApplied() as event:
                applied[event.n] = event
    found = changed(places, run_id, hash_deleted=True, events=events)
    changes = found.changes if found is not None else ChangeSet(workspace, ())
    servers = server_digests(configured_servers(places.run_state(run_id) / "mcp.json"))
    plan = build(run_id, workspace, calls.values(), settled, changes, seen, servers)
    spent = approval is not None and approval.nonce in used
    return Rehearsal(plan, calls, found, approval, spent, applied)


def plan_data(plan: Plan, diff: Callable[[Change], str]) -> dict[str, Any]:
    """A plan as plain data. Scripts rely on the names in here.

    Returns:
        `run`, `digest`, `diverged_at`, `items`: each with `n`, `kind`, `target`, `depends_on`, `rule`, and
        `diff` (files) or `input`, `probes`, `reverse` and `overtaken` (everything else: numbers of later
        items that change a file it takes, and the path); `offered`: commands that ran without network,
        changed no file, and can be run for real (`approve --for-real N`). More keys may be added.
    """
    return {
        "run": plan.run,
        "digest": plan.digest,
        "diverged_at": plan.diverged_at or None,
        "items": [_item_data(item, diff) for item in plan.items],
        "offered": [{"n": item.n, "input": item.input, "rule": item.rule} for item in plan.offered],
    }


def _item_data(item: Item, diff: Callable[[Change], str]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "n": item.n,
        "kind": item.kind.value,
        "tool": item.tool,
        "target": item.target,
        "depends_on": list(item.depends_on),
        "because": list(item.because),
        "rule": item.rule,
        "guess": item.guess,
        "cut": item.cut,
    }
    if item.kind is not ItemKind.FILES:
        probes = msgspec.to_builtins(item.probes)
        overtaken = [{"n": n, "path": path} for n, path in item.overtaken]
        more = {"probes": probes, "reverse": list(item.reverse), "overtaken": overtaken}
        return data | {"input": item.input} | more
    paths = [{"path": change.path, "kind": change.kind.value} for change in item.changes]
    return data | {"changes": paths, "diff": "".join(diff(change) for change in item.changes)}
