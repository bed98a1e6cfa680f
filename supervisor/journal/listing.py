"""The reading side of the journal for commands: synchronous, one short-lived connection a call."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from supervisor.journal import faults
from supervisor.journal.access import connect
from supervisor.journal.chain import decode
from supervisor.journal.events import Recorded
from supervisor.journal.rows import BY_PREFIX, EVENTS, NAMES, NEWEST_FIRST, RunRow, no_run, pick, run_row


def list_runs(path: Path, limit: int | None = None) -> list[RunRow]:
    """Runs, newest first, at most `limit`. None, where there is no journal yet.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not path.exists():
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
    if not path.exists():
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
    with reading(path) as connection:
        for row in connection.execute(f"{EVENTS} WHERE run_id = ? ORDER BY seq", (run_id,)):
            yield decode(path, *row)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection for the block, whatever goes wrong in it a `JournalError`."""
    with faults.faults(path), closing(connect(path, "ro", busy_timeout_s=2.0)) as connection:
        yield connection
