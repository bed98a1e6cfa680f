"""Pairing deletions with additions: a file that went and one that came, alike byte for byte, is a rename."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType


def pair_renames(changes: Iterable[Change], before: Callable[[str], Node | None]) -> list[Change]:
    """`changes` sorted by path, with each pair that can only be a rename made into one.

    Only files that are not empty, and only where one deletion and one addition have the same content.
    `before` gives the hashed node that stood at a deleted path; it is asked only where the sizes agree.
    """
    listed = list(changes)
    sizes = {c.after.size for c in listed if c.kind is ChangeKind.ADDED and _movable(c.after) and c.after}
    gone: dict[str, list[Change]] = defaultdict(list)
    came: dict[str, list[Change]] = defaultdict(list)
    for change in listed:
        if change.kind is ChangeKind.DELETED and _movable(change.before) and change.before:
            if change.before.size in sizes:
                node = before(change.path)
                if node is not None and node.sha256:
                    gone[node.sha256].append(msgspec.structs.replace(change, before=node))
        elif change.kind is ChangeKind.ADDED and _movable(change.after) and change.after:
            came[change.after.sha256].append(change)
    renamed: dict[str, Change] = {}
    dropped: set[str] = set()
    for content, sources in gone.items():
        targets = came.get(content, [])
        if len(sources) == len(targets) == 1:
            source, target = sources[0], targets[0]
            dropped.add(source.path)
            renamed[target.path] = Change(
                target.path, ChangeKind.RENAMED, source.before, target.after, source=source.path
            )
    kept = [renamed.get(change.path, change) for change in listed if change.path not in dropped]
    return sorted(kept, key=lambda change: change.path)


def _movable(node: Node | None) -> bool:
    return node is not None and node.type is NodeType.FILE and node.size > 0
