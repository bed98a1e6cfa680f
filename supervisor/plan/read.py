"""The plan of a run in the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from supervisor.journal.events import CallDecided, CallSettled, TargetsSeen
from supervisor.journal.listing import run_events
from supervisor.places import Places
from supervisor.plan.build import build
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.plan.servers import configured_servers, server_digests
from supervisor.shadow.changed import changed
from supervisor.shadow.changes import Change, ChangeSet


def read_plan(places: Places, run_id: str, workspace: str) -> Plan:
    """The plan of a run, from its decisions and its shadow as they stand now.

    Raises:
        JournalError: the journal cannot be read.
    """
    calls: list[CallDecided] = []
    settled: list[CallSettled] = []
    seen: list[TargetsSeen] = []
    for recorded in run_events(places.journal, run_id):
        match recorded.event:
            case CallDecided() as event:
                calls.append(event)
            case CallSettled() as event:
                settled.append(event)
            case TargetsSeen() as event:
                seen.append(event)
    found = changed(places, run_id, hash_deleted=True)
    changes = found.changes if found is not None else ChangeSet(workspace, ())
    servers = server_digests(configured_servers(places.run_state(run_id) / "mcp.json"))
    return build(run_id, workspace, calls, settled, changes, seen, servers)


def plan_data(plan: Plan, diff: Callable[[Change], str]) -> dict[str, Any]:
    """A plan as plain data. Scripts rely on the names in here.

    Returns:
        `run`, `digest`, `diverged_at`, `items`: each with `n`, `kind`, `target`, `depends_on`, `rule`, and
        `diff` (files) or `input`, `probes` and `reverse` (everything else); more keys may be added.
    """
    return {
        "run": plan.run,
        "digest": plan.digest,
        "diverged_at": plan.diverged_at or None,
        "items": [_item_data(item, diff) for item in plan.items],
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
        return data | {"input": item.input, "probes": probes, "reverse": list(item.reverse)}
    paths = [{"path": change.path, "kind": change.kind.value} for change in item.changes]
    return data | {"changes": paths, "diff": "".join(diff(change) for change in item.changes)}
