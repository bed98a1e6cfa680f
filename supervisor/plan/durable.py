"""Small acts on the disk that have happened for good when they return: a power cut takes none of them back.

The disk's answer is what costs, so acts that do not depend on each other go side by side.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH104, PTH123

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_SIDE_BY_SIDE = 16
"""File systems put so many waiting fsyncs into one commit of their journal: ten times as fast as in turn."""

_AT_ONCE = 32
"""Acts handed to a thread together."""

_CHUNK = 1 << 20


def side_by_side(act: Callable[[T], R], given: Sequence[T]) -> Iterator[R]:
    """The results of `act` on each of `given`, in order. When it ends, however it does, no act goes on."""
    parts = [given[at : at + _AT_ONCE] for at in range(0, len(given), _AT_ONCE)]
    with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(parts)) or 1) as threads:
        for results in threads.map(lambda part: [act(each) for each in part], parts):
            yield from results


def copy(source: bytes, target: bytes, mode: int, *, same_times: bool = False) -> str:
    """Copy a regular file to a new one with these permission bits; SHA-256 hex of what was copied."""
    digest = hashlib.sha256()
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while part := os.read(reading, _CHUNK):
                digest.update(part)
                while part:
                    part = part[os.write(writing, part) :]
            os.fchmod(writing, mode)
            if same_times:
                found = os.fstat(reading)
                os.utime(writing, ns=(found.st_atime_ns, found.st_mtime_ns))
            os.fsync(writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)
    return digest.hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file: whole, or it is not there."""
    made = path.with_suffix(".new")
    with open(made, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(made, path)
    sync_folder(os.fsencode(path.parent))


def sync_folder(path: bytes) -> None:
    """Make the names in a folder last."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folders(paths: Iterable[bytes]) -> None:
    """The same for many."""
    for _ in side_by_side(sync_folder, list(paths)):
        pass
