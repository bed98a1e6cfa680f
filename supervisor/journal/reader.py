"""The reading side of the journal for screens: asynchronous, read-only, no transaction outlives a call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType

import aiosqlite

from supervisor.journal import faults
from supervisor.journal.access import connect
from supervisor.journal.chain import decode
from supervisor.journal.events import Recorded
from supervisor.journal.rows import (
    BATCH,
    BY_PREFIX,
    EVENTS,
    NAMES,
    NEWEST_FIRST,
    RunRow,
    no_run,
    pick,
    run_row,
)


class Reader:
    """The journal, open for reading. One thread of its own until closed.

    Attributes:
        path: the SQLite file.
    """

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    async def open(cls, path: Path, *, busy_timeout_s: float = 2.0) -> Reader:
        """Open the journal at `path`.

        Raises:
            JournalError: not there, not a journal, newer, or not readable.
        """
        # Opened here, because a failure inside aiosqlite's thread can outlive the event loop.
        connection = connect(path, "ro", busy_timeout_s=busy_timeout_s, any_thread=True)
        return cls(path, await aiosqlite.Connection(lambda: connection, 64))

    async def runs(self, limit: int | None = None) -> list[RunRow]:
        """Runs, newest first, at most `limit`."""
        with faults.faults(self.path):
            rows = await self._connection.execute_fetchall(NEWEST_FIRST, (-1 if limit is None else limit,))
        return [run_row(row) for row in rows]

    async def run(self, typed: str) -> RunRow:
        """The run with this name or id, or the only one whose name or id begins so.

        Raises:
            UsageError: none (the nearest names are offered), or several.
        """
        with faults.faults(self.path):
            found = await self._connection.execute_fetchall(BY_PREFIX, (typed,))
            run = pick(typed, [run_row(row) for row in found])
            if run is None:
                names = await self._connection.execute_fetchall(NAMES)
                raise no_run(typed, [name for (name,) in names])
        return run

    async def events(self, run_id: str | None, after: int = 0, limit: int = BATCH) -> list[Recorded]:
        """The next events in order, at most `limit`; an empty list when there are no more yet.

        Args:
            run_id: of this run; None: of all.
            after: only events with a greater seq.
            limit: how many at most.

        Raises:
            JournalError: a row is of a kind that this version does not know.
        """
        which = "" if run_id is None else "run_id = :run AND "
        with faults.faults(self.path):
            rows = await self._connection.execute_fetchall(
                f"{EVENTS} WHERE {which}seq > :after ORDER BY seq LIMIT :limit",
                {"run": run_id, "after": after, "limit": limit},
            )
        return [decode(self.path, *row) for row in rows]

    async def batches(self, run_id: str | None, after: int = 0) -> AsyncIterator[list[Recorded]]:
        """All events there are now, a batch at a time."""
        while batch := await self.events(run_id, after):
            yield batch
            after = batch[-1].seq

    async def close(self) -> None:
        """Close the connection and end its thread."""
        await self._connection.close()

    async def __aenter__(self) -> Reader:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
