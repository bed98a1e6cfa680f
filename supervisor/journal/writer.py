"""The writing side of the journal: one transaction an event, or one around a whole decision.

Synchronous on purpose: a commit is what a reply waits for. Used from one thread, the runner's.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from supervisor.journal import access, faults
from supervisor.journal.events import AnyEvent, Recorded
from supervisor.journal.names import run_name
from supervisor.journal.transaction import Ledger, Transaction


class Journal:
    """The journal, open for writing.

    Attributes:
        path: the SQLite file.
    """

    def __init__(
        self, ledger: Ledger, synced: sqlite3.Connection, relaxed: sqlite3.Connection, busy_timeout_s: float
    ) -> None:
        self.path = ledger.path
        self._ledger = ledger
        self._synced = synced
        self._relaxed = relaxed
        self._busy_timeout_s = busy_timeout_s

    @classmethod
    def open(
        cls, path: Path, *, busy_timeout_s: float = 2.0, clock: Callable[[], float] = time.time
    ) -> Journal:
        """Open the journal at `path`, made first if there is none; file and folder private to this user.

        Args:
            path: the SQLite file.
            busy_timeout_s: how long a transaction may wait for another process's, in seconds.
            clock: gives the time of each event, in seconds since the Unix epoch.

        Raises:
            JournalError: newer, not a journal, corrupt, locked, not writable. Nothing is repaired or removed.
        """
        access.create(path)
        opened: list[sqlite3.Connection] = []
        try:
            with faults.faults(path):
                if path.stat().st_mode & 0o077:
                    path.chmod(0o600)
                for synchronous in ("FULL", "NORMAL"):
                    connection = access.connect(path, "rw", busy_timeout_s=busy_timeout_s)
                    opened.append(connection)
                    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                        connection.execute("PRAGMA journal_mode = WAL")  # a copy put back may have lost it
                    # No commit may ever have to pay for a checkpoint: `checkpoint` is for another thread.
                    connection.execute("PRAGMA wal_autocheckpoint = 0")
                    connection.execute(f"PRAGMA synchronous = {synchronous}")
                synced, relaxed = opened
                access.check_pages(path, synced)
                files = access.Identity.of(path)
                access.check_writable(synced)
        except BaseException:
            for connection in opened:
                connection.close()
            raise
        return cls(Ledger(path, files, clock), synced, relaxed, busy_timeout_s)

    def append(self, run_id: str, event: AnyEvent, *, durable: bool) -> Recorded:
        """Record one event in a transaction of its own.

        Args:
            run_id: the run it belongs to; `RunStarted` makes the run.
            event: what happened.
            durable: on disk when this returns (run start and end, verdicts, alerts). Otherwise a power cut
                may take the last moments; a killed process takes nothing.

        Raises:
            JournalError: it was not recorded.
        """
        with Transaction(self._ledger, run_id, self._synced if durable else self._relaxed) as tx:
            return tx.record(event)

    def decision(self, run_id: str) -> Transaction:
        """The transaction of one decision: `with journal.decision(run_id) as tx:`.

        It holds the journal's only write lock from its first line: what `tx.state()` says stays true until
        the block ends. It is on disk when the block has ended; an exception in the block leaves no trace.
        Never `await` inside it.
        """
        return Transaction(self._ledger, run_id, self._synced)

    def new_run_name(self) -> str:
        """A two-word name that no run of this journal has. It is taken once a `RunStarted` carries it."""
        with faults.faults(self.path):
            taken = frozenset(name for (name,) in self._relaxed.execute("SELECT name FROM runs"))
        return run_name(taken, random.Random())

    def checkpoint(self) -> bool:
        """Move committed pages from the log into the journal's file, as far as readers let it.

        Takes its own connection and blocks no writer: call it from a background thread every few seconds.

        Returns:
            Whether the whole log was moved, so that the next commit starts it over.
        """
        connection = access.connect(self.path, "rw", busy_timeout_s=self._busy_timeout_s)
        try:
            with faults.faults(self.path):
                busy, in_log, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            connection.close()
        return not busy and in_log == moved

    def wait_for_locks(self, seconds: float | None = None) -> None:
        """How long transactions wait for another process's from now on; by default, as it was opened."""
        wait_s = self._busy_timeout_s if seconds is None else seconds
        for connection in (self._synced, self._relaxed):
            connection.execute(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")

    def close(self) -> None:
        """Close both connections. Nothing is lost by not calling it."""
        self._synced.close()
        self._relaxed.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
