"""Copying a folder the cheapest way there is: shared blocks (reflink, APFS clone), else plain bytes."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH101, PTH102, PTH115, PTH116, PTH118, PTH123, PTH211

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FICLONE = 0x40049409
_NO_CLONE = {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EPERM}

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


@dataclass(frozen=True)
class Cost:
    """What a clone would hold.

    Attributes:
        files: entries of any kind, folders not counted.
        size: bytes, as `ls` shows them.
    """

    files: int
    size: int


def cost_of(folder: Path, skipped: frozenset[bytes] = frozenset()) -> Cost:
    """Count what `copy_tree` would copy."""
    files = size = 0
    stack = [b""]
    root = os.fsencode(folder)
    while stack:
        below = stack.pop()
        with suppress(PermissionError), os.scandir(os.path.join(root, below)) as entries:
            for entry in entries:
                path = os.path.join(below, entry.name)
                if path in skipped:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    stack.append(path)
                else:
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_size
    return Cost(files, size)


def shares_blocks(folder: Path, into: Path) -> bool:
    """Whether a copy of `folder` in `into` would share its blocks with it: tried with one small file."""
    if sys.platform == "darwin":
        return os.stat(folder).st_dev == os.stat(into).st_dev
    if os.stat(folder).st_dev != os.stat(into).st_dev:
        return False
    source, target = into / ".share-from", into / ".share-to"
    try:
        source.write_bytes(b"x" * 4096)
        return _reflink(os.fsencode(source), os.fsencode(target))
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)


def copy_tree(
    source: Path,
    target: Path,
    *,
    skipped: frozenset[bytes] = frozenset(),
    total: int = 0,
    progress: Progress | None = None,
) -> None:
    """Copy `source` to `target`, which must not exist: contents, modes, times, symlinks, fifos; each hard
    link apart.

    Args:
        skipped: paths relative to `source` that are left out, with all below them.
        total: bytes in all, for `progress`.

    Raises:
        OSError: something cannot be read, or the disk is full; what was copied so far is left.
    """
    if sys.platform == "darwin" and not skipped:
        subprocess.run(["/bin/cp", "-c", "-R", "-p", str(source), str(target)], check=True)
        return
    copier = _Copier(os.fsencode(source), os.fsencode(target), skipped, total, progress)
    copier.folder(b"")


@dataclass
class _Copier:
    source: bytes
    target: bytes
    skipped: frozenset[bytes]
    total: int
    progress: Progress | None
    done: int = 0
    reflinks: bool = sys.platform == "linux"

    def folder(self, path: bytes) -> None:
        source, target = self._both(path)
        os.mkdir(target, 0o700)
        with suppress(PermissionError), os.scandir(source) as entries:
            for entry in entries:
                below = os.path.join(path, entry.name)
                if below in self.skipped:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    self.folder(below)
                else:
                    self._leaf(below, entry.stat(follow_symlinks=False))
        _same_metadata(source, target)

    def _leaf(self, path: bytes, found: os.stat_result) -> None:
        source, target = self._both(path)
        if stat.S_ISLNK(found.st_mode):
            os.symlink(os.readlink(source), target)
            os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)
            return
        if stat.S_ISREG(found.st_mode):
            if self._readable(source, target):
                self._content(source, target)
            self.done += found.st_size
            if self.progress is not None:
                self.progress(self.done, self.total)
        elif stat.S_ISFIFO(found.st_mode):
            os.mkfifo(target)
        else:
            return  # a socket or device of the base means nothing elsewhere
        _same_metadata(source, target)

    def _content(self, source: bytes, target: bytes) -> None:
        if self.reflinks:
            self.reflinks = _reflink(source, target)
        if not self.reflinks:
            shutil.copyfile(source, target, follow_symlinks=False)

    def _readable(self, source: bytes, target: bytes) -> bool:
        if os.access(source, os.R_OK):
            return True
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
        return False

    def _both(self, path: bytes) -> tuple[bytes, bytes]:
        if not path:
            return self.source, self.target
        return os.path.join(self.source, path), os.path.join(self.target, path)


def _same_metadata(source: bytes, target: bytes) -> None:
    found = os.lstat(source)
    if os.geteuid() == 0:
        os.chown(target, found.st_uid, found.st_gid)
    os.chmod(target, stat.S_IMODE(found.st_mode))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _reflink(source: bytes, target: bytes) -> bool:
    import fcntl

    with open(source, "rb") as reading, open(target, "wb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), _FICLONE, reading.fileno())
        except OSError as cause:
            if cause.errno in _NO_CLONE:
                return False
            raise
    return True
