"""Drift of files: targets that are not, or no longer, what the rehearsal saw."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118, PTH208

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from supervisor.errors import Exit, SuperviseError
from supervisor.plan.inside import Inside
from supervisor.plan.steps import Step, steps_of
from supervisor.shadow.changes import Change, Node, NodeType
from supervisor.shadow.content import Contents
from supervisor.shadow.names import as_bytes, as_text


class Drift(msgspec.Struct, frozen=True):
    """A target that is no longer what the rehearsal saw."""

    path: str
    expected: Node | None
    found: Node | None


class DriftError(SuperviseError):
    """Nothing was applied, because the world has moved on. `drift` says where."""

    code = Exit.DENIED_WRITES_LEFT

    def __init__(self, drift: tuple[Drift, ...]) -> None:
        named = ", ".join(each.path for each in drift[:5]) + (" …" if len(drift) > 5 else "")
        super().__init__(
            f"drift: {len(drift)} target(s) are not what the rehearsal saw: {named}; nothing was applied",
            cure="Rehearse again on the new state, or leave these items out.",
        )
        self.drift = drift


def file_drift(workspace: Path, changes: Sequence[Change]) -> tuple[Drift, ...]:
    """Targets that are not, or no longer, what the rehearsal saw; empty if all are."""
    return drift_of(workspace, steps_of(changes))


def drift_of(workspace: Path, steps: Sequence[Step]) -> tuple[Drift, ...]:
    """The same for steps."""
    contents = Contents()
    inside = Inside(os.fsencode(workspace))
    known = {as_bytes(step.path) for step in steps}
    found: list[Drift] = []
    for step in steps:
        name = as_bytes(step.path)
        link = inside.link_above(name)
        if link is not None and link not in known:
            # A parent became a symlink: whatever is applied here would land somewhere else.
            found.append(Drift(as_text(link), None, Node(NodeType.SYMLINK, 0)))
            continue
        now = _node(contents, inside, name)
        if now != step.before:
            found.append(Drift(step.path, step.before, now))
        elif _goes(step):
            for each in os.listdir(inside.path(name)):
                stray = os.path.join(name, each)
                if stray not in known:
                    found.append(Drift(as_text(stray), None, _node(contents, inside, stray)))
    return tuple(found)


def strange(workspace: Path, steps: Sequence[Step]) -> list[str]:
    """Paths that are neither what they were before their step nor what they are after it, nor gone.

    Modes do not count: a pass under way may have changed them.
    """
    contents, inside = Contents(), Inside(os.fsencode(workspace))
    found = []
    for step in steps:
        now = _node(contents, inside, as_bytes(step.path))
        known = [_substance(node) for node in (step.before, step.after)]
        if now is not None and _substance(now) not in known:
            found.append(step.path)
    return found


def _substance(node: Node | None) -> tuple[object, ...]:
    return (node.type, node.sha256, node.link) if node is not None else ()


def _node(contents: Contents, inside: Inside, name: bytes) -> Node | None:
    seen = inside.seen(name)
    return contents.node(inside.path(name), seen) if seen is not None else None


def _goes(step: Step) -> bool:
    """Whether a folder goes, and with it whatever would be found in it."""
    if step.before is None or step.before.type is not NodeType.FOLDER:
        return False
    return step.after is None or step.after.type is not NodeType.FOLDER
