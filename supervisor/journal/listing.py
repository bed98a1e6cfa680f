"""The reading side of the journal for commands: synchronous, one short-lived connection a call."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from supervisor.journal import faults
from supervisor.journal.access import connect
from supervisor.journal.chain import decode
from supervisor.journal.events import Recorded
from supervisor.journal.rows import BATCH, BY_PREFIX, NAMES, NEWEST_FIRST, RunRow, no_run, pick, run_row


def list_runs(path: Path, limit: int | None = None) -> list[RunRow]:
    """Runs, newest first, at most `limit`. None, where there is no journal yet.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not faults.is_there(path):
        return []
    with reading(path) as connection:
        rows = connection.execute(NEWEST_FIRST, (-1 if limit is None else limit,)).fetchall()
    return [run_row(row) for row in rows]


def find_run(path: Path, typed: str) -> RunRow:
    """The run with this name or id, or the only one whose name or id begins so.

    Raises:
        UsageError: none (the nearest names are offered), or several.
        JournalError: the journal cannot be read.
    """
    if not faults.is_there(path):
        raise no_run(typed, [])
    with reading(path) as connection:
        run = pick(typed, [run_row(row) for row in connection.execute(BY_PREFIX, (typed,))])
        if run is None:
            raise no_run(typed, [name for (name,) in connection.execute(NAMES)])
    return run


def run_events(path: Path, run_id: str) -> Iterator[Recorded]:
    """All events of a run, in order, read as they are asked for.

    Raises:
        JournalError: the journal cannot be read, or a row is of a kind that this version does not know.
    """
    for row in run_rows(path, run_id):
        yield decode(path, row.seq, row.run_id, row.time, row.kind, row.body, row.hash)


class EventRow(NamedTuple):
    """A row of `events` as it stands, whatever its kind; the columns in their order."""

    seq: int
    run_id: str
    time: float
    kind: str
    body: str
    prev_hash: str
    hash: str


def run_rows(path: Path, run_id: str) -> Iterator[EventRow]:
    """All rows of a run, in order. However slowly they are taken, no transaction is held meanwhile.

    Raises:
        JournalError: the journal cannot be read.
    """
    with reading(path) as connection:
        after = 0
        while rows := connection.execute(
            "SELECT * FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?", (run_id, after, BATCH)
        ).fetchall():
            after = rows[-1][0]
            yield from map(EventRow._make, rows)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection for the block, whatever goes wrong in it a `JournalError`."""
    with faults.faults(path), closing(connect(path, "ro", busy_timeout_s=2.0)) as connection:
        yield connection
