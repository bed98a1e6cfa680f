"""A change set: what a run changed in its folder, as plain data. Frozen, ordered, and JSON as it stands."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec


class ChangeKind(StrEnum):
    """What became of a path."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"


class Aspect(StrEnum):
    """In what a path that was there before and after differs."""

    TYPE = "type"
    CONTENT = "content"
    MODE = "mode"
    TARGET = "target"


class NodeType(StrEnum):
    """What stands at a path."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    FIFO = "fifo"
    SOCKET = "socket"
    DEVICE = "device"


class Node(msgspec.Struct, frozen=True, gc=False):
    """What stands at a path, before or after.

    Owners, times and extended attributes are no part of it, nor is which names share a file (hard links).

    Attributes:
        mode: permission bits, set-id and sticky bits included; 0 for symlinks.
        size: bytes; 0 for everything but files.
        sha256: of a file's content, hex. Empty for other types, and for deleted files unless it was asked
            for.
        link: where a symlink points, as `names.as_text` writes it.
    """

    type: NodeType
    mode: int
    size: int = 0
    sha256: str = ""
    link: str = ""


class Change(msgspec.Struct, frozen=True, gc=False):
    """What became of one path.

    Attributes:
        path: relative to the workspace, `/` between parts, as `names.as_text` writes it; `.` is the
            workspace.
        before: None if nothing stood there. Of a rename: what stood at `source`.
        after: None if nothing stands there now.
        source: where a renamed file came from; else empty.
        opaque: the folder was removed and made anew; what was in it before is listed as deleted.
        calls: `tool_use_id` of the calls that made it, in order; empty where that is not known.
    """

    path: str
    kind: ChangeKind
    before: Node | None
    after: Node | None
    source: str = ""
    opaque: bool = False
    calls: tuple[str, ...] = ()

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        """In what before and after differ; empty if either is missing."""
        old, new = self.before, self.after
        if old is None or new is None:
            return ()
        if old.type is not new.type:
            return (Aspect.TYPE,)
        found = []
        if (old.size, old.sha256) != (new.size, new.sha256):
            found.append(Aspect.CONTENT)
        if old.mode != new.mode:
            found.append(Aspect.MODE)
        if old.link != new.link:
            found.append(Aspect.TARGET)
        return tuple(found)


class ChangeSet(msgspec.Struct, frozen=True):
    """All changes of one run, by path.

    Attributes:
        workspace: absolute path of the real folder.
        changes: sorted by path, each path at most once.
    """

    workspace: str
    changes: tuple[Change, ...]

    @property
    def digest(self) -> str:
        """SHA-256 hex of what changes, whoever changed it."""
        bare = [msgspec.structs.replace(change, calls=()) for change in self.changes]
        return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()
