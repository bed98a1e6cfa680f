"""Putting a change set onto a folder that looks as the base did. No safety net: for copies and for tests.

Going live on a real folder, with backup, drift check and crash safety, is the plan's business; the order of
steps here is the one any apply needs.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH101, PTH102, PTH106, PTH108, PTH118, PTH120, PTH211

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable

from supervisor.shadow.changes import Change, ChangeKind, ChangeSet, Node, NodeType
from supervisor.shadow.content import lstat, open_to_owner
from supervisor.shadow.names import as_bytes


def put_onto(folder: bytes, changes: ChangeSet, content: Callable[[str], bytes]) -> None:
    """Make `folder`, a copy of the base, what the run saw.

    Folders are opened first, then everything that goes is removed, deepest first, then what comes is made,
    outermost first; the modes of folders are set last, deepest first, since they may close what is in them.

    Args:
        content: the path of a changed file as the run left it, by its path in the change set.

    Raises:
        OSError: a step failed; the steps before it have been done.
    """
    going = [path for change in changes.changes if (path := _goes(change)) is not None]
    coming = [change for change in changes.changes if change.after is not None]
    modes: list[tuple[bytes, int]] = []
    touched = {os.path.dirname(as_bytes(c.path)) for c in changes.changes} | {
        os.path.dirname(as_bytes(c.source)) for c in changes.changes if c.source
    }
    closed: dict[bytes, int] = {}
    for parent in sorted(touched):
        _open_all(folder, parent, closed)
    for path in sorted(going, key=lambda path: path.count(b"/"), reverse=True):
        _remove(os.path.join(folder, path))
    for change in sorted(coming, key=lambda change: as_bytes(change.path).count(b"/")):
        assert change.after is not None
        target = os.path.join(folder, as_bytes(change.path)) if change.path != "." else folder
        _make(target, change.after, content(change.path))
        if change.after.type is NodeType.FOLDER:
            modes.append((target, change.after.mode))
    changed = {target for target, _mode in modes}
    modes += [(path, mode) for path, mode in closed.items() if path not in changed]
    for target, mode in sorted(modes, key=lambda pair: pair[0].count(b"/"), reverse=True):
        if lstat(target) is not None:
            os.chmod(target, mode)


def _open_all(folder: bytes, path: bytes, closed: dict[bytes, int]) -> None:
    """Give the owner back the use of every existing folder from `folder` down to `path`."""
    here = folder
    for part in [b"", *path.split(b"/")]:
        here = os.path.join(here, part) if part else here
        found = lstat(here)
        if found is None or not stat.S_ISDIR(found.st_mode):
            return
        mode = stat.S_IMODE(found.st_mode)
        if mode & stat.S_IRWXU != stat.S_IRWXU and here not in closed:
            closed[here] = mode
            os.chmod(here, mode | stat.S_IRWXU)


def _goes(change: Change) -> bytes | None:
    """The path that must be gone before anything is made, if any."""
    if change.kind is ChangeKind.DELETED:
        return as_bytes(change.path)
    if change.kind is ChangeKind.RENAMED:
        return as_bytes(change.source)
    old, new = change.before, change.after
    if old is not None and new is not None and (old.type is not new.type or new.type is not NodeType.FOLDER):
        return as_bytes(change.path)
    return None


def _remove(path: bytes) -> None:
    found = lstat(path)
    if found is None:
        return
    if stat.S_ISDIR(found.st_mode):
        os.rmdir(path)
    else:
        os.unlink(path)


def _make(target: bytes, node: Node, source: bytes) -> None:
    if node.type is NodeType.FOLDER:
        if lstat(target) is None:
            os.mkdir(target, 0o700)
        else:
            os.chmod(target, node.mode | stat.S_IRWXU)
    elif node.type is NodeType.SYMLINK:
        os.symlink(as_bytes(node.link), target)
    elif node.type is NodeType.FILE:
        with open_to_owner(source):
            shutil.copyfile(source, target, follow_symlinks=False)
        os.chmod(target, node.mode)
    else:
        os.mknod(target, {NodeType.FIFO: stat.S_IFIFO, NodeType.SOCKET: stat.S_IFSOCK}[node.type] | 0o600)
        os.chmod(target, node.mode)
