"""Opening the journal's file: connections, the file's identity, its creation."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from supervisor.journal import faults
from supervisor.journal.migrations import LATEST, migrate, version
from supervisor.journal.schema import APPLICATION_ID
from supervisor.places import private_dir

QUICK_CHECK_BYTES = 16 * 1024 * 1024
"""A journal up to this size is checked page by page each time it is opened for writing (about 10 ms)."""


def uri(path: Path, mode: Literal["ro", "rw"]) -> str:
    """The SQLite URI of the journal. Neither mode ever creates the file."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def connect(
    path: Path, mode: Literal["ro", "rw"], *, busy_timeout_s: float, any_thread: bool = False
) -> sqlite3.Connection:
    """A connection in autocommit mode to an existing journal, brought up to the schema of this version.

    Args:
        path: the SQLite file.
        mode: for reading or for writing.
        busy_timeout_s: how long to wait for a lock, in seconds.
        any_thread: it may be handed to another thread.

    Raises:
        JournalError: not there, not a journal, newer, locked, or not readable.
    """
    with faults.faults(path):
        connection = sqlite3.connect(
            uri(path, mode),
            uri=True,
            timeout=busy_timeout_s,
            isolation_level=None,
            cached_statements=256,
            check_same_thread=not any_thread,
        )
        try:
            found = check_kind(path, connection)
            if found < LATEST and mode == "rw":
                migrate(connection)
        except BaseException:
            connection.close()
            raise
        if found < LATEST and mode == "ro":
            connect(path, "rw", busy_timeout_s=busy_timeout_s).close()
    return connection


def check_kind(path: Path, connection: sqlite3.Connection) -> int:
    """The schema of the journal. A file that is not one, or is newer, is refused before all else."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise faults.foreign(path)
    found = version(connection)
    if found > LATEST:
        raise faults.newer(path, found, LATEST)
    return found


def check_pages(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a journal whose pages are damaged, if it is small enough to look at all of them."""
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    if pages * size <= QUICK_CHECK_BYTES:
        finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if finding != "ok":
            raise faults.corrupt(path, finding)


def check_writable(connection: sqlite3.Connection) -> None:
    """Refuse now, not at the first decision, a journal that is locked or cannot be written.

    SQLite opens a file without write permission for reading, and lets even `BEGIN IMMEDIATE` pass on it.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA user_version = {LATEST}")
    finally:
        connection.execute("ROLLBACK")


def create(path: Path) -> None:
    """Make an empty journal at `path`, or leave the one that is there.

    It is made under another name and linked into place: nobody ever sees half a journal.
    """
    with faults.faults(path):
        if path.parent.is_dir() and path.parent.stat().st_mode & stat.S_ISVTX:
            raise faults.shared(path)
        private_dir(path.parent)
        if os.path.lexists(path):
            return
        if os.path.lexists(f"{path}-wal"):
            raise faults.orphaned(path)
        made = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = sqlite3.connect(made, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                migrate(connection)
            finally:
                connection.close()
            try:
                os.link(made, path)
            except FileExistsError:
                return
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        finally:
            made.unlink(missing_ok=True)


@dataclass(frozen=True)
class Identity:
    """Which files the open journal consists of: itself, its log, and the index where its locks live.

    SQLite goes on writing into a deleted file without a word. As long as a connection is open all three keep
    their inode, so another one means that what is committed here reaches nobody.
    """

    path: Path
    files: tuple[tuple[str, int, int], ...]

    @classmethod
    def of(cls, path: Path) -> Identity:
        """The identity now. The caller has the journal open, and has read from it."""
        names = (os.fspath(path), f"{path}-wal", f"{path}-shm")
        stats = [(name, os.stat(name)) for name in names]  # noqa: PTH116 (as below)
        return cls(path, tuple((name, found.st_dev, found.st_ino) for name, found in stats))

    def check(self) -> None:
        """Raise a `JournalError` if a file was deleted or replaced since. Costs some microseconds."""
        for name, device, inode in self.files:
            try:
                found = os.stat(name)  # noqa: PTH116 (a Path costs as much as the call itself)
            except FileNotFoundError:
                raise faults.gone(self.path, f"{name} was deleted") from None
            except OSError as error:
                raise faults.fault(self.path, error) from error
            if found.st_ino != inode or found.st_dev != device:
                raise faults.gone(self.path, f"{name} was replaced")
