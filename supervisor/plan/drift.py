"""Drift: whatever is no longer as the rehearsal saw it, files and the targets that a probe can look at."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from supervisor.errors import Exit, SuperviseError
from supervisor.journal.events import Probe
from supervisor.plan.file_drift import Drift, file_drift
from supervisor.plan.model import Plan
from supervisor.shadow.changes import Node, NodeType

_AT_ONCE = 4
_NAMED = 5

WAYS_ON = (
    "Three ways on: rehearse again on the new state; approve it all the same, item by item"
    " (supervise approve); or stop here."
)


class TargetDrift(msgspec.Struct, frozen=True):
    """A target that a probe sees otherwise than the rehearsal did, or does not see any more."""

    n: int
    then: Probe
    now: Probe


class NotKnown(msgspec.Struct, frozen=True):
    """A target of which the rehearsal could not see anything: whether it has changed is not known."""

    n: int
    probe: Probe


class World(msgspec.Struct, frozen=True):
    """The world beside a plan."""

    files: tuple[Drift, ...]
    targets: tuple[TargetDrift, ...]
    not_known: tuple[NotKnown, ...]

    @property
    def drifted(self) -> bool:
        """Something is not as the rehearsal saw it."""
        return bool(self.files or self.targets)


class WorldMovedError(SuperviseError):
    """Nothing was applied, because the world has moved on. `world` says where."""

    code = Exit.DENIED_WRITES_LEFT

    def __init__(self, world: World) -> None:
        named = [each.path for each in world.files] + [f"#{t.n} {_words(t.now)}" for t in world.targets]
        more = " …" if len(named) > _NAMED else ""
        super().__init__(
            f"drift: {len(named)} target(s) are not what the rehearsal saw: "
            f"{', '.join(named[:_NAMED])}{more}; nothing was applied",
            cure=WAYS_ON,
        )
        self.world = world


def look_at(plan: Plan, look: Callable[[Probe], Probe]) -> World:
    """Compare the world with what the rehearsal saw of it.

    Args:
        look: takes a probe again.
    """
    changes = [change for item in plan.items for change in item.changes]
    probes = [(item.n, probe) for item in plan.items for probe in item.probes]
    again = list(dict.fromkeys(probe for _n, probe in probes if not probe.trouble))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        now = dict(zip(again, pool.map(look, again), strict=True))
    targets = [TargetDrift(n, probe, now[probe]) for n, probe in probes if probe in now]
    return World(
        files=file_drift(Path(plan.workspace), changes),
        targets=tuple(each for each in targets if each.now.trouble or each.now.output != each.then.output),
        not_known=tuple(NotKnown(n, probe) for n, probe in probes if probe.trouble),
    )


def file_lines(drift: Drift) -> list[str]:
    """One drifted file as a diff."""
    return [f"DRIFT  {drift.path}", f"-  {_node(drift.expected)}", f"+  {_node(drift.found)}"]


def target_lines(drift: TargetDrift) -> list[str]:
    """One drifted target as a diff of what its probe printed."""
    head = f"DRIFT  #{drift.n} {_words(drift.now)}"
    if drift.now.trouble:
        return [head, f"   it was seen in the rehearsal, and is not known now: {drift.now.trouble}"]
    return [head, *_diff(drift.then.output.splitlines(), drift.now.output.splitlines())]


def not_known_lines(unseen: Iterable[NotKnown]) -> list[str]:
    """Targets that nobody compares, and why."""
    return [
        f"NOT KNOWN  #{each.n} whether its target is as the rehearsal found it: {each.probe.trouble}"
        for each in unseen
    ]


def world_lines(world: World) -> list[str]:
    """All of it."""
    lines = [line for drift in world.files for line in file_lines(drift)]
    lines += [line for drift in world.targets for line in target_lines(drift)]
    return lines + not_known_lines(world.not_known)


def _diff(then: list[str], now: list[str]) -> Iterator[str]:
    for line in difflib.unified_diff(then, now, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield f"{line[0]}  {line[1:]}"


def _words(probe: Probe) -> str:
    return shlex.join(probe.command)


def _node(node: Node | None) -> str:
    if node is None:
        return "nothing there"
    mode = f"mode {node.mode:o}"
    match node.type:
        case NodeType.FILE:
            return f"file, {mode}, {node.size} bytes, sha256 {node.sha256[:16] or '?'}"
        case NodeType.SYMLINK:
            return f"symlink to {node.link}"
        case _:
            return f"{node.type.value}, {mode}"
