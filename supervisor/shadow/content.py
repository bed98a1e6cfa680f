"""What stands at a path on disk, as a `Node`; hashes are remembered as long as the file stays as it is."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH101, PTH112, PTH115, PTH123

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from supervisor.shadow.changes import Node, NodeType
from supervisor.shadow.names import as_text

_TYPES = {
    stat.S_IFREG: NodeType.FILE,
    stat.S_IFDIR: NodeType.FOLDER,
    stat.S_IFLNK: NodeType.SYMLINK,
    stat.S_IFIFO: NodeType.FIFO,
    stat.S_IFSOCK: NodeType.SOCKET,
    stat.S_IFCHR: NodeType.DEVICE,
    stat.S_IFBLK: NodeType.DEVICE,
}


class Contents:
    """Reads nodes. Keep one for the life of a shadow: asking again for an unchanged file reads nothing."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], str] = {}

    def node(self, path: bytes, found: os.stat_result, *, hashed: bool = True, ours: bool = False) -> Node:
        """The node at `path`, of which `found` is the lstat.

        A file that may not be read has no hash, unless it is `ours`: then it is made readable for the moment.
        """
        kind = node_type(found)
        if kind is NodeType.SYMLINK:
            return Node(kind, 0, link=as_text(os.readlink(path)))
        mode = stat.S_IMODE(found.st_mode)
        if kind is not NodeType.FILE:
            return Node(kind, mode)
        return Node(kind, mode, found.st_size, self._sha256(path, found, ours) if hashed else "")

    def _sha256(self, path: bytes, found: os.stat_result, ours: bool) -> str:
        key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._known.get(key)
        if known is None:
            try:
                known = _digest(path)
            except PermissionError:
                if not ours:
                    return ""
                with open_to_owner(path):
                    known = _digest(path)
            self._known[key] = known
        return known


def _digest(path: bytes) -> str:
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def node_type(found: os.stat_result) -> NodeType:
    """What kind of thing an lstat speaks of."""
    return _TYPES[stat.S_IFMT(found.st_mode)]


def lstat(path: bytes) -> os.stat_result | None:
    """`os.lstat`, or None if nothing stands there, or a closed folder keeps it from us."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None


@contextmanager
def open_to_owner(path: bytes) -> Iterator[bytes]:
    """`path`, a file or folder of the shadow, its owner's own right to use it given back for the block."""
    mode = stat.S_IMODE(os.lstat(path).st_mode)
    wanted = mode | (stat.S_IRWXU if os.path.isdir(path) else stat.S_IRUSR | stat.S_IWUSR)
    if os.geteuid() == 0 or mode == wanted:
        yield path
        return
    os.chmod(path, wanted)
    try:
        yield path
    finally:
        os.chmod(path, mode)
