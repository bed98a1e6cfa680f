"""Drift that a person approved over, item by item: the plan on the world as they saw it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from supervisor.journal.events import Probe
from supervisor.plan.drift import World
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


class Acceptable(msgspec.Struct, frozen=True):
    """What an operator can approve over.

    Attributes:
        items: per number of a drifted item what is there now.
        in_the_way: where only leaving out, or clearing the way, helps: a folder in the way holds what nobody
            has looked at, a link above leads elsewhere.
    """

    items: dict[int, tuple[Accepted, ...]]
    in_the_way: tuple[Drift, ...]

    @property
    def all(self) -> tuple[Accepted, ...]:
        """All that can be accepted, by item."""
        return tuple(each for several in self.items.values() for each in several)


def acceptable(plan: Plan, world: World) -> Acceptable:
    """What an operator can approve over of the drift of `plan`; what is no part of it does not count."""
    items: dict[int, list[Accepted]] = {}
    in_the_way: dict[Drift, None] = {}
    known = {item.n: item for item in plan.items}
    for n, several in file_drift_by_item(plan, world.files).items():
        own = {path for change in known[n].changes for path in _paths(change)}
        for drift in several:
            if drift.path not in own or (drift.found is not None and drift.found.type is NodeType.FOLDER):
                in_the_way[drift] = None
            else:
                items.setdefault(n, []).append(Accepted(n, drift.path, drift.found))
    for target in world.targets:
        if target.n in known:
            items.setdefault(target.n, []).append(Accepted(target.n, probe=target.now))
    return Acceptable({n: tuple(items[n]) for n in sorted(items)}, tuple(in_the_way))


def file_drift_by_item(plan: Plan, drift: Iterable[Drift]) -> dict[int, tuple[Drift, ...]]:
    """Which drift concerns which item: of what it changes, and of what that lies in or holds."""
    drifted = {each.path: each for each in drift}
    if not drifted:
        return {}
    holders = {path for each in drifted for path in _above(each)}
    found: dict[int, tuple[Drift, ...]] = {}
    for item in plan.items:
        mine: dict[str, None] = {}
        for change in item.changes:
            for path in _paths(change):
                mine |= dict.fromkeys(each for each in (path, *_above(path)) if each in drifted)
                if path in holders:
                    mine |= dict.fromkeys(each for each in drifted if each.startswith(path + "/"))
        if mine:
            found[item.n] = tuple(drifted[path] for path in mine)
    return found


def _paths(change: Change) -> tuple[str, ...]:
    return (change.path, change.source) if change.source else (change.path,)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


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
