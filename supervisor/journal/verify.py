"""Was history edited? The chain recomputed, row by row, and every projection rebuilt and compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from enum import StrEnum
from pathlib import Path

import msgspec

from supervisor.errors import JournalError
from supervisor.journal.access import connect
from supervisor.journal.chain import GENESIS, decode, link
from supervisor.journal.migrations import migrate
from supervisor.journal.projections import project
from supervisor.journal.schema import PROJECTIONS

LIMIT = 100
"""Problems listed at most."""


class ProblemKind(StrEnum):
    """What can be wrong with history."""

    EDITED = "edited"  # the row does not match its hash
    UNLINKED = "unlinked"  # the row does not follow from the one before
    MISSING = "missing"  # rows are gone
    PROJECTION = "projection"  # a table disagrees with the events
    CONTRADICTION = "contradiction"  # an event cannot follow from the run's events before it
    SCHEMA = "schema"  # a table or trigger is not the one this version made
    DAMAGED = "damaged"  # SQLite itself finds the file inconsistent
    UNKNOWN = "unknown"  # an event of a kind this version cannot read: its run's tables were not compared


class Problem(msgspec.Struct, frozen=True):
    """One finding.

    Attributes:
        seq: the event it is about, 0 if none.
        run_id: the run it is about, empty if none.
        detail: one sentence for the operator.
    """

    kind: ProblemKind
    seq: int
    run_id: str
    detail: str


class Verification(msgspec.Struct, frozen=True):
    """The result.

    Attributes:
        ok: nothing was found. Rows of a kind not known here are no fault of history.
        events: rows looked at.
        runs: runs whose tables were compared.
        head: hash of the last event: noted elsewhere, it also proves later that no end was cut off.
        first_broken: seq of the first row at which the chain does not hold; None if it holds.
        problems: at most `LIMIT`, in the order found.
    """

    ok: bool
    path: str
    events: int
    runs: int
    head: str
    first_broken: int | None
    problems: tuple[Problem, ...]


def verify(path: Path, run_ids: Collection[str] | None = None) -> Verification:
    """Check the whole chain, and the tables of the given runs (None: of all).

    Reads one consistent state; takes about 50 µs an event and holds one run's tables in memory. It
    tells accidents and edits; someone who rewrites the whole file, hashes included, is told only by a `head`
    noted elsewhere.

    Raises:
        JournalError: the file cannot be read as a journal at all.
    """
    with closing(connect(path, "ro", busy_timeout_s=2.0)) as connection:
        return _Check(path, connection).run(run_ids)


class _Check:
    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self.problems: list[Problem] = []
        self.first_broken: int | None = None

    def run(self, run_ids: Collection[str] | None) -> Verification:
        events, runs, head = 0, 0, GENESIS
        try:
            self.connection.execute("BEGIN")
            self._structure()
            events, head = self._chain()
            named = " UNION ".join(f"SELECT {_key(table)} FROM {table}" for table in ("events", *PROJECTIONS))
            for (run_id,) in self.connection.execute(f"{named} ORDER BY 1").fetchall():
                if run_ids is None or run_id in run_ids:
                    self._projections(run_id)
                    runs += 1
        except sqlite3.DatabaseError as error:
            self._found(ProblemKind.DAMAGED, 0, "", str(error))
        ok = all(problem.kind is ProblemKind.UNKNOWN for problem in self.problems)
        return Verification(
            ok, str(self.path), events, runs, head, self.first_broken, tuple(self.problems[:LIMIT])
        )

    def _found(self, kind: ProblemKind, seq: int, run_id: str, detail: str) -> None:
        self.problems.append(Problem(kind, seq, run_id, detail))

    def _structure(self) -> None:
        for (finding,) in self.connection.execute("PRAGMA integrity_check(10)").fetchall():
            if finding != "ok":
                self._found(ProblemKind.DAMAGED, 0, "", finding)
        made = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        with closing(_empty()) as fresh:
            ours = dict(fresh.execute(made).fetchall())
        theirs = dict(self.connection.execute(made).fetchall())
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in theirs:
                self._found(ProblemKind.SCHEMA, 0, "", f"{name} was removed")
            elif name not in ours:
                self._found(ProblemKind.SCHEMA, 0, "", f"{name} was added")
            elif ours[name] != theirs[name]:
                self._found(ProblemKind.SCHEMA, 0, "", f"{name} was changed")

    def _chain(self) -> tuple[int, str]:
        count, expected, head = 0, 1, GENESIS
        rows = self.connection.execute(
            "SELECT seq, run_id, time, kind, body, prev_hash, hash FROM events ORDER BY seq"
        )
        for seq, run_id, time, kind, body, prev_hash, hash in rows:
            if seq != expected:
                gap = str(expected) if seq == expected + 1 else f"{expected} to {seq - 1}"
                self._broken(ProblemKind.MISSING, seq, run_id, f"event {gap} is gone")
            elif prev_hash != head:
                self._broken(ProblemKind.UNLINKED, seq, run_id, f"event {seq} does not follow {seq - 1}")
            if hash != link(prev_hash, seq, run_id, time, kind, body):
                self._broken(ProblemKind.EDITED, seq, run_id, f"event {seq} does not match its hash")
            count, expected, head = count + 1, seq + 1, hash
        return count, head

    def _broken(self, kind: ProblemKind, seq: int, run_id: str, detail: str) -> None:
        if self.first_broken is None:
            self.first_broken = seq
        self._found(kind, seq, run_id, detail)

    def _projections(self, run_id: str) -> None:
        rows = self.connection.execute(
            "SELECT seq, run_id, time, kind, body, hash FROM events WHERE run_id = ? ORDER BY seq", (run_id,)
        )
        with closing(_empty()) as fresh:
            for row in rows:
                try:
                    record = decode(self.path, *row)
                except JournalError as error:
                    self._found(ProblemKind.UNKNOWN, row[0], run_id, str(error))
                    return
                try:
                    project(fresh, self.path, record)
                except (JournalError, sqlite3.IntegrityError) as error:
                    self._found(ProblemKind.CONTRADICTION, record.seq, run_id, f"event {record.seq}: {error}")
                    return
            for table in PROJECTIONS:
                self._compare(table, run_id, fresh)

    def _compare(self, table: str, run_id: str, fresh: sqlite3.Connection) -> None:
        query = f"SELECT * FROM {table} WHERE {_key(table)} = ?"
        told = set(fresh.execute(query, (run_id,)))
        kept = set(self.connection.execute(query, (run_id,)))
        if told != kept:
            rows = f"{len(kept - told)} rows that no event tells of, {len(told - kept)} rows missing"
            self._found(ProblemKind.PROJECTION, 0, run_id, f"table {table} disagrees with the events: {rows}")


def _key(table: str) -> str:
    return "id" if table == "runs" else "run_id"


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection
