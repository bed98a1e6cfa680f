"""One `BEGIN IMMEDIATE` transaction: read the run's state, decide, record; all of it is history or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from supervisor.journal import faults
from supervisor.journal.access import Identity
from supervisor.journal.chain import GENESIS, decode, encode, kind_of, link
from supervisor.journal.events import AnyEvent, CallDecided, CallOutcome, CallSettled, Recorded
from supervisor.journal.projections import project
from supervisor.policy import Mode, RunState

_Wanted = TypeVar("_Wanted", CallDecided, CallSettled, CallOutcome)

_EVENT = "SELECT e.seq, e.run_id, e.time, e.kind, e.body, e.hash FROM events e"
_DECIDED = f"{_EVENT} JOIN calls c ON c.seq = e.seq WHERE c.run_id = ? AND c.tool_use_id = ?"
_SETTLED = f"""{_EVENT} JOIN verdicts v ON v.seq = e.seq
    JOIN calls c ON c.run_id = v.run_id AND c.n = v.n WHERE c.run_id = ? AND c.tool_use_id = ?"""
_OUTCOME = f"""{_EVENT} JOIN outcomes o ON o.seq = e.seq
    WHERE o.run_id = ? AND o.tool_use_id = ? ORDER BY o.seq DESC LIMIT 1"""


@dataclass
class Ledger:
    """What all transactions of one open journal share.

    Attributes:
        path: the SQLite file, for errors.
        files: the files this journal consisted of when it was opened.
        clock: seconds since the Unix epoch.
        simulated: per run, the targets read so far and the seq up to which they were read. Rows are only ever
            added, so each transaction reads what is new.
        busy: a transaction is under way.
    """

    path: Path
    files: Identity
    clock: Callable[[], float]
    simulated: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    busy: bool = False


class Transaction:
    """A context manager; see `Journal.decision`. Of use only inside its `with` block."""

    def __init__(self, ledger: Ledger, run_id: str, connection: sqlite3.Connection) -> None:
        self.run_id = run_id
        self._ledger = ledger
        self._connection = connection
        self._run: tuple[str, int, int, int, float | None] | None = None
        self._simulated: tuple[int, frozenset[str]] | None = None
        self._refused = False

    def __enter__(self) -> Transaction:
        if self._ledger.busy:
            # The write lock is this process's own: waiting for it would only end in a timeout.
            raise RuntimeError("a transaction of this journal is under way: record through it")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise faults.fault(self._ledger.path, error) from error
        self._ledger.busy = True
        try:
            self._ledger.files.check()
        except BaseException:
            self._rollback()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._rollback()
            if isinstance(error, sqlite3.Error):
                raise faults.fault(self._ledger.path, error) from error
            return
        if self._refused:
            # Half of an event may stand in the tables: nothing of this transaction may become history.
            self._rollback()
            raise faults.refused(self._ledger.path, "an event was refused, so nothing was recorded with it")
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as failure:
            self._rollback()
            raise faults.fault(self._ledger.path, failure) from failure
        self._ledger.busy = False
        if self._simulated is not None:
            self._ledger.simulated[self.run_id] = self._simulated

    def _rollback(self) -> None:
        self._ledger.busy = False
        if self._connection.in_transaction:  # a full disk can have rolled it back already
            with suppress(sqlite3.Error):  # the error at hand says more
                self._connection.execute("ROLLBACK")

    def state(self) -> RunState:
        """What a decision may depend on, as it stands now. It cannot change before the block ends.

        Raises:
            JournalError: no such run.
        """
        mode, dry, shadow, _, _ = self._row()
        upto, targets = self._simulated or self._ledger.simulated.get(self.run_id, (0, frozenset()))
        fresh = self._connection.execute(
            "SELECT seq, target FROM simulated WHERE run_id = ? AND seq > ?", (self.run_id, upto)
        ).fetchall()
        if fresh:
            upto, targets = fresh[-1][0], targets.union(target for _, target in fresh)
        self._simulated = upto, targets
        return RunState(Mode(mode), bool(dry), targets, bool(shadow))

    def next_n(self) -> int:
        """The number the run's next call gets, from 1."""
        return self._row()[3] + 1

    def ended(self) -> bool:
        """Whether the run has ended: nothing more is decided in it."""
        return self._row()[4] is not None

    def decided(self, tool_use_id: str) -> CallDecided | None:
        """What was decided on this call, or None. A verdict does not change it: see `settled`."""
        return self._find(_DECIDED, tool_use_id, CallDecided)

    def settled(self, tool_use_id: str) -> CallSettled | None:
        """The verdict on this call, or None."""
        return self._find(_SETTLED, tool_use_id, CallSettled)

    def outcome(self, tool_use_id: str) -> CallOutcome | None:
        """The last word on what happened to this call, or None."""
        return self._find(_OUTCOME, tool_use_id, CallOutcome)

    def record(self, event: AnyEvent) -> Recorded:
        """Add an event to the run. It counts once the block has ended.

        Raises:
            JournalError: it contradicts history (see `project`), or cannot be written.
        """
        path, connection = self._ledger.path, self._connection
        self._refused = True
        kind = kind_of(event)
        try:
            body, event = encode(event)
            last = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
            seq, prev_hash = (last[0] + 1, last[1]) if last else (1, GENESIS)
            time = float(self._ledger.clock())
            hash = link(prev_hash, seq, self.run_id, time, kind, body)
            connection.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
                (seq, self.run_id, time, kind, body, prev_hash, hash),
            )
            record = Recorded(seq, self.run_id, time, event, hash)
            project(connection, path, record)
        except sqlite3.Error as error:
            raise faults.fault(path, error) from error
        except ValueError as error:
            raise faults.refused(path, f"this {kind!r} cannot be kept: {error}") from error
        self._run = None
        self._refused = False
        return record

    def _row(self) -> tuple[str, int, int, int, float | None]:
        if self._run is None:
            self._run = self._connection.execute(
                "SELECT mode, dry, shadow, calls, ended FROM runs WHERE id = ?", (self.run_id,)
            ).fetchone()
            if self._run is None:
                raise faults.refused(self._ledger.path, f"no run {self.run_id!r} in the journal")
        return self._run

    def _find(self, query: str, tool_use_id: str, wanted: type[_Wanted]) -> _Wanted | None:
        row = self._connection.execute(query, (self.run_id, tool_use_id)).fetchone()
        if row is None:
            return None
        event = decode(self._ledger.path, *row).event
        return event if isinstance(event, wanted) else None
