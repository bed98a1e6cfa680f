"""What each event means for the tables that follow from the events.

The same function serves the writer, in the transaction of the event, and `verify`, which replays history.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from supervisor.effects.model import EffectKind
from supervisor.journal import faults
from supervisor.journal.events import (
    AlertRaised,
    CallDecided,
    CallOutcome,
    CallSettled,
    Recorded,
    RunEnded,
    RunStarted,
    SessionReady,
    State,
    StateChanged,
    UsageSeen,
)
from supervisor.policy import DecisionKind, Execution

_json = msgspec.json.Encoder()
_names = msgspec.json.Decoder(list[str])

_DECIDED = {
    kind: f"""UPDATE runs SET calls = calls + 1, n_{kind.value} = n_{kind.value} + 1, dry = :dry,
              diverged_at = coalesce(diverged_at, :diverged_at), last_seq = :seq
              WHERE id = :run AND calls = :n - 1 AND dry <= :dry AND state <> 'ended'"""
    for kind in DecisionKind
}
_SETTLED = {
    kind: f"""UPDATE runs SET n_held = n_held - 1, n_{kind.value} = n_{kind.value} + 1, dry = :dry,
              diverged_at = coalesce(diverged_at, :diverged_at), last_seq = :seq
              WHERE id = :run AND dry <= :dry"""
    for kind in DecisionKind
    if kind is not DecisionKind.HELD
}


def project(connection: sqlite3.Connection, path: Path, record: Recorded) -> None:
    """Bring the projections up to `record`, inside the caller's transaction.

    Raises:
        JournalError: the event contradicts history: no such run, a run or call told twice, a number out of
            order, a verdict on a call that is not held, or a decision that takes a dry run for one that is
            not.
    """
    event, run_id, seq = record.event, record.run_id, record.seq
    touched = -1
    match event:
        case CallDecided():
            touched = _decided(connection, path, record, event)
        case CallSettled():
            touched = _settled(connection, path, record, event)
        case CallOutcome():
            connection.execute(
                "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (run_id, seq, event.n, event.tool_use_id, event.tool, event.outcome, event.source,
                 event.duration_ms),
            )  # fmt: skip
            touched = _touch(connection, "last_seq = ?", seq, run_id)
        case AlertRaised():
            connection.execute(
                "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, seq, record.time, event.alert, event.detail, event.n),
            )
            touched = _touch(connection, "alerts = alerts + 1, last_seq = ?", seq, run_id)
        case RunStarted():
            connection.execute(
                """INSERT INTO runs (id, name, task, label, cwd, mode, headless, shadow, session_id,
                   runner_pid, started, state, last_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (run_id, event.name, event.task, event.label, event.cwd, event.mode, event.headless,
                 event.shadow, event.session_id, event.runner_pid, record.time, State.STARTING, seq),
            )  # fmt: skip
            touched = 1
        case SessionReady():
            touched = _touch(connection, "transcript = ?, last_seq = ?", event.transcript, seq, run_id)
        case StateChanged():
            touched = _touch(
                connection,
                "state = iif(ended IS NULL, ?, state), last_seq = ?",
                event.state,
                seq,
                run_id,
            )
        case UsageSeen():
            touched = _touch(connection, "cost_usd = ?, last_seq = ?", event.cost_usd, seq, run_id)
        case RunEnded():
            touched = _ended(connection, path, record, event)
        case _:
            touched = _touch(connection, "last_seq = ?", seq, run_id)
    if touched != 1:
        raise faults.refused(path, f"no run {run_id!r} in the journal")


def _touch(connection: sqlite3.Connection, change: str, *values: object) -> int:
    return connection.execute(f"UPDATE runs SET {change} WHERE id = ?", values).rowcount


def _decided(connection: sqlite3.Connection, path: Path, record: Recorded, event: CallDecided) -> int:
    run_id, seq = record.run_id, record.seq
    touched = connection.execute(
        _DECIDED[event.decision],
        {"run": run_id, "seq": seq, "n": event.n, "dry": event.dry,
         "diverged_at": event.n if event.diverged else None},
    ).rowcount  # fmt: skip
    if touched != 1:
        raise _contradiction(connection, path, run_id, event.n, event.dry)
    writes = list(dict.fromkeys(e.target for e in event.effects if e.writes or e.kind is not EffectKind.READ))
    connection.execute(
        "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (run_id, event.n, event.tool_use_id, event.agent_id, event.agent_type, event.tool, event.effect,
         event.scope, _json.encode(event.targets).decode(), _json.encode(writes).decode(), event.decision,
         event.execution, event.decision is DecisionKind.HELD, event.rule, event.why, event.dry,
         event.diverged, event.profile, event.gate_ms, seq, record.time),
    )  # fmt: skip
    _remember(connection, run_id, seq, event.decision, event.execution, writes)
    return touched


def _settled(connection: sqlite3.Connection, path: Path, record: Recorded, event: CallSettled) -> int:
    run_id, seq = record.run_id, record.seq
    held = connection.execute(
        """UPDATE calls SET decision = ?, execution = ? WHERE run_id = ? AND n = ? AND tool_use_id = ?
           AND decision = 'held' RETURNING writes""",
        (event.decision, event.execution, run_id, event.n, event.tool_use_id),
    ).fetchall()
    if len(held) != 1 or event.decision is DecisionKind.HELD:
        raise faults.refused(path, f"call {event.n} of run {run_id!r} is not held: no verdict to give")
    touched = connection.execute(
        _SETTLED[event.decision],
        {"run": run_id, "seq": seq, "dry": event.dry, "diverged_at": event.n if event.diverged else None},
    ).rowcount
    if touched != 1:
        raise _contradiction(connection, path, run_id, None, event.dry)
    connection.execute(
        "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (run_id, event.n, seq, record.time, event.tool_use_id, event.decision, event.execution, event.why,
         event.by, event.sentence, event.dry, event.diverged),
    )  # fmt: skip
    _remember(connection, run_id, seq, event.decision, event.execution, _names.decode(held[0][0]))
    return touched


def _remember(
    connection: sqlite3.Connection,
    run_id: str,
    seq: int,
    decision: DecisionKind,
    execution: Execution,
    writes: list[str],
) -> None:
    if decision is DecisionKind.SIMULATED and execution is Execution.NOT_EXECUTED:
        for target in writes:
            connection.execute("INSERT INTO simulated VALUES (?, ?, ?)", (run_id, seq, target))


def _ended(connection: sqlite3.Connection, path: Path, record: Recorded, event: RunEnded) -> int:
    touched = connection.execute(
        """UPDATE runs SET state = 'ended', ended = ?, ending = ?, exit_code = ?, last_seq = ?
           WHERE id = ? AND ended IS NULL""",
        (record.time, event.ending, event.exit_code, record.seq, record.run_id),
    ).rowcount
    if touched != 1 and connection.execute("SELECT 1 FROM runs WHERE id = ?", (record.run_id,)).fetchone():
        raise faults.refused(path, f"run {record.run_id!r} has ended already")
    return touched


def _contradiction(
    connection: sqlite3.Connection, path: Path, run_id: str, n: int | None, dry: bool
) -> Exception:
    row = connection.execute("SELECT calls, dry, state FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return faults.refused(path, f"no run {run_id!r} in the journal")
    calls, is_dry, state = row
    if is_dry and not dry:
        return faults.refused(path, f"run {run_id!r} is dry, the decision takes it for one that is not")
    if n is not None and state == State.ENDED:
        return faults.refused(path, f"run {run_id!r} has ended, nothing more is decided in it")
    return faults.refused(path, f"call {n} of run {run_id!r} is out of order: the next one is {calls + 1}")
