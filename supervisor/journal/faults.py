"""What can go wrong with the journal, each as an error that names the file, the fault and the cure."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supervisor.errors import JournalError, RefusedError

_KEEP = "Nothing was changed. Move the file away to keep it, then start again with a fresh journal."

_FAULTS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "the journal is locked by another process",
        "Find the process that holds it (`fuser -v` on the file) and end it.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "the journal is locked by this process",
        "Close the other connection first.",
    ),
    sqlite3.SQLITE_READONLY: (
        "the journal cannot be written: read-only",
        "Make the file, its folder and its file system writable for this user.",
    ),
    sqlite3.SQLITE_PERM: ("the journal cannot be opened: no permission", "Make the file yours."),
    sqlite3.SQLITE_FULL: (
        "the disk is full",
        "Free some space on the file system of the journal; all that was decided is kept.",
    ),
    sqlite3.SQLITE_IOERR: (
        "the journal cannot be read or written",
        "Check the disk, its free space and any limit on file sizes; all that was decided is kept.",
    ),
    sqlite3.SQLITE_CORRUPT: ("the journal is corrupt", _KEEP),
    sqlite3.SQLITE_NOTADB: ("the file is not a journal", _KEEP),
    sqlite3.SQLITE_CANTOPEN: (
        "the journal cannot be opened",
        "Check that the file and its folder exist and belong to this user.",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        "the journal refuses the row",
        "History can only be added to, in order. `supervise verify` says whether it was edited.",
    ),
}

_ERRNO = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
}


def fault(path: Path, error: Exception) -> JournalError:
    """The journal error that stands for an error of SQLite or of the system."""
    if isinstance(error, OSError):
        code = _ERRNO.get(error.errno or 0, -1)
    else:
        code = getattr(error, "sqlite_errorcode", -1)
        if code & 0xFF == sqlite3.SQLITE_IOERR and _is_full(path.parent):
            code = sqlite3.SQLITE_FULL  # it has no word of its own for an index of the log without room
    what, cure = _FAULTS.get(code & 0xFF, ("the journal cannot be used", "Check the file and its folder."))
    kind = RefusedError if code & 0xFF == sqlite3.SQLITE_CONSTRAINT else JournalError
    return kind(f"{path}: {what} ({error})", cure=cure)


def _is_full(folder: Path) -> bool:
    """Whether the disk of `folder` has no room left."""
    try:
        return os.statvfs(folder).f_bavail == 0
    except OSError:
        return False


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn whatever SQLite or the system raises in the block into a `JournalError` about `path`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise fault(path, error) from error


def is_there(path: Path) -> bool:
    """Whether there is a journal at `path`.

    Raises:
        JournalError: a folder above it may not be entered, so nobody can tell.
    """
    with faults(path):
        return path.exists()


def corrupt(path: Path, finding: str) -> JournalError:
    """The journal's own structure is damaged; `finding` is SQLite's word on it."""
    return JournalError(f"{path}: the journal is corrupt ({finding})", cure=_KEEP)


def foreign(path: Path) -> JournalError:
    """The file is a database, or empty, but not a journal."""
    return JournalError(f"{path}: the file is not a journal", cure=_KEEP)


def newer(path: Path, found: int, known: int) -> JournalError:
    """The journal was written by a later version of the program."""
    return JournalError(
        f"{path}: the journal has schema {found}, this version knows up to {known}",
        cure="Use the newer version of `supervise` that wrote it.",
    )


def gone(path: Path, what: str) -> JournalError:
    """A file of the journal was deleted or replaced while it was open."""
    return JournalError(
        f"{path}: {what} while the journal was open",
        cure="Put the original file back if you can; the run must end: what it decides is no longer kept.",
    )


def orphaned(path: Path) -> JournalError:
    """The journal is missing, but its write-ahead log is not."""
    return JournalError(
        f"{path}: the journal is gone, but its log {path.name}-wal is still there",
        cure="Put the journal back beside its log, or move the log away; both together are the history.",
    )


def shared(path: Path) -> JournalError:
    """The journal's folder is one that everybody uses, like `/tmp`: it cannot be made private."""
    return JournalError(
        f"{path}: {path.parent} is shared with other users", cure="Give the journal a folder of its own."
    )


def unknown_row(path: Path, seq: int, kind: str, why: str) -> JournalError:
    """A row that this version cannot read."""
    return JournalError(
        f"{path}: event {seq} of kind {kind!r} cannot be read ({why})",
        cure="A newer version of `supervise` may have written it; `supervise verify` says if it was edited.",
    )


def refused(path: Path, why: str) -> RefusedError:
    """An event contradicts what the journal already holds."""
    return RefusedError(f"{path}: {why}", cure="Decide again from what the journal says now.")
