"""Reading an overlay's upper folder from outside: what was changed, without looking at what was not.

The kernel writes a deleted name as a character device 0/0 (or, for overlays made in an overlay, as an empty
file with an attribute), and marks a folder that hides the one below it by the attribute
`user.overlay.opaque`.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType
from supervisor.shadow.content import Contents, lstat, node_type, open_to_owner
from supervisor.shadow.names import as_text


@dataclass
class UpperWalk:
    """One comparison of an upper folder with the folder below it.

    Attributes:
        hash_deleted: also read files that were deleted, which costs what is gone rather than what is new.
    """

    base: bytes
    upper: bytes
    contents: Contents
    hash_deleted: bool = False

    def changes(self) -> Iterator[Change]:
        """Every path that differs, in no particular order; renames are still a deletion and an addition."""
        new, old = os.lstat(self.upper), lstat(self.base)
        if old is not None:
            yield from self._folder_itself(b"", old, new, opaque=False)
            yield from self._children(b"", merged=True)

    def _children(self, path: bytes, *, merged: bool) -> Iterator[Change]:
        """Below a folder; `merged` while the base still shines through."""
        seen = set()
        with open_to_owner(os.path.join(self.upper, path)) as folder:
            for entry in _scan(folder):
                below = os.path.join(path, entry.name)
                seen.add(entry.name)
                with suppress(FileNotFoundError):  # the agent may be working while we look
                    yield from self._entry(below, entry.stat(follow_symlinks=False), merged=merged)
        if not merged:
            yield from self._gone(path, seen)

    def _entry(self, path: bytes, new: os.stat_result, *, merged: bool) -> Iterator[Change]:
        old = lstat(os.path.join(self.base, path))
        if is_whiteout(new):
            if old is not None:
                yield from self._deleted(path, old)
        elif node_type(new) is NodeType.FOLDER:
            opaque = not merged or is_opaque(os.path.join(self.upper, path))
            if old is None:
                yield Change(as_text(path), ChangeKind.ADDED, None, self._new(path, new))
            elif node_type(old) is not NodeType.FOLDER:
                opaque = True
                yield Change(as_text(path), ChangeKind.MODIFIED, self._old(path, old), self._new(path, new))
            else:
                yield from self._folder_itself(path, old, new, opaque=opaque)
            yield from self._children(path, merged=not opaque)
        elif old is None:
            yield Change(as_text(path), ChangeKind.ADDED, None, self._new(path, new))
        else:
            before, after = self._old(path, old), self._new(path, new)
            if before != after:
                yield Change(as_text(path), ChangeKind.MODIFIED, before, after)
            if node_type(old) is NodeType.FOLDER:
                yield from self._gone(path, set())

    def _folder_itself(
        self, path: bytes, old: os.stat_result, new: os.stat_result, *, opaque: bool
    ) -> Iterator[Change]:
        before, after = self._old(path, old), self._new(path, new)
        if before != after or opaque:
            yield Change(as_text(path) or ".", ChangeKind.MODIFIED, before, after, opaque=opaque)

    def _gone(self, path: bytes, kept: set[bytes]) -> Iterator[Change]:
        """What the base has below `path` and the merged view has no longer; `kept` was looked at already."""
        base = os.path.join(self.base, path)
        found = lstat(base)
        if found is None or node_type(found) is not NodeType.FOLDER:
            return
        for entry in _scan(base):
            if entry.name not in kept:
                below = os.path.join(path, entry.name)
                with suppress(PermissionError):
                    yield from self._deleted(below, entry.stat(follow_symlinks=False))

    def _deleted(self, path: bytes, old: os.stat_result) -> Iterator[Change]:
        node = self.contents.node(os.path.join(self.base, path), old, hashed=self.hash_deleted)
        yield Change(as_text(path), ChangeKind.DELETED, node, None)
        if node.type is NodeType.FOLDER:
            yield from self._gone(path, set())

    def _old(self, path: bytes, found: os.stat_result) -> Node:
        return self.contents.node(os.path.join(self.base, path), found)

    def _new(self, path: bytes, found: os.stat_result) -> Node:
        return self.contents.node(os.path.join(self.upper, path), found, ours=True)


def is_whiteout(found: os.stat_result) -> bool:
    """Whether an entry of an upper folder says that the name is deleted."""
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == 0


def is_opaque(folder: bytes) -> bool:
    """Whether a folder of an upper folder hides the one below it."""
    try:
        return os.getxattr(folder, b"user.overlay.opaque") == b"y"
    except OSError:
        return False


def _scan(folder: bytes) -> list[os.DirEntry[bytes]]:
    """The entries of a folder; none if it is closed to us, as it then was to the agent too."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (PermissionError, FileNotFoundError):
        return []
