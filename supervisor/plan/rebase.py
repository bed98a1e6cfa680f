"""Drift that a person approved over, item by item: the plan on the world as they saw it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from supervisor.journal.events import Probe
from supervisor.plan.file_drift import Drift
from supervisor.plan.model import Item, Plan
from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType


class Accepted(msgspec.Struct, frozen=True):
    """One difference that was approved over.

    Attributes:
        n: number of the item.
        path: of a file; empty for a probe.
        found: what stood at `path`; None: nothing.
        probe: the probe as it was taken again; None for a file.
    """

    n: int
    path: str = ""
    found: Node | None = None
    probe: Probe | None = None


def item_of(plan: Plan, drift: Drift) -> Item | None:
    """The item that an operator can approve over this drift; None where only leaving out, or clearing the
    way, helps: a folder in the way holds what nobody has looked at, a link above leads elsewhere.
    """
    if drift.found is not None and drift.found.type is NodeType.FOLDER:
        return None
    for item in plan.items:
        if any(drift.path in (change.path, change.source) for change in item.changes):
            return item
    return None


def rebased(plan: Plan, accepted: Collection[Accepted]) -> Plan:
    """The plan on the world as it was accepted: exactly that is required of the world when it is applied."""
    if not accepted:
        return plan
    items = tuple(_item(item, [each for each in accepted if each.n == item.n]) for item in plan.items)
    return msgspec.structs.replace(plan, items=items)


def _item(item: Item, accepted: list[Accepted]) -> Item:
    files = {each.path: each.found for each in accepted if each.path}
    looks = {(each.probe.command, each.probe.folder): each.probe for each in accepted if each.probe}
    return msgspec.structs.replace(
        item,
        changes=tuple(now for change in item.changes for now in _changes(change, files)),
        probes=tuple(looks.get((probe.command, probe.folder), probe) for probe in item.probes),
    )


def _changes(change: Change, found: dict[str, Node | None]) -> Iterator[Change]:
    if change.path not in found and change.source not in found:
        yield change
        return
    if change.kind is ChangeKind.RENAMED:
        before = found.get(change.source, change.before)
        if before is not None:
            yield Change(change.source, ChangeKind.DELETED, before, None, calls=change.calls)
        before = found.get(change.path)
    else:
        before = found[change.path]
    if before is None and change.after is None:
        return  # it is gone already
    kind = ChangeKind.ADDED if before is None else ChangeKind.MODIFIED
    kind = ChangeKind.DELETED if change.after is None else kind
    yield msgspec.structs.replace(change, kind=kind, before=before, source="")
