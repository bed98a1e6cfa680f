"""`verify` tells edited history from whole history, whichever way it was edited."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from journal_samples import RUN, decided, ended, one_run, outcome, settled, started

from supervisor.journal.chain import link
from supervisor.journal.events import AlertRaised, Outcome, SessionReady, State, StateChanged, UsageSeen
from supervisor.journal.schema import PROJECTIONS
from supervisor.journal.verify import LIMIT, ProblemKind, verify
from supervisor.policy import AlertKind, DecisionKind

OTHER = "other-run"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed journal with two runs, every projection filled, 12 events."""
    path = tmp_path / "state" / "journal.db"
    with one_run(path) as journal:
        journal.append(RUN, SessionReady("startup", "/t.jsonl", "dontAsk"), durable=True)
        journal.append(OTHER, started("blue-owl"), durable=True)
        journal.append(RUN, decided(1, DecisionKind.HELD, dry=False), durable=True)
        journal.append(RUN, settled(1, DecisionKind.SIMULATED, dry=True, diverged=True), durable=True)
        journal.append(RUN, outcome(1, Outcome.NOT_EXECUTED), durable=False)
        journal.append(OTHER, decided(1, DecisionKind.PASS, dry=False), durable=True)
        journal.append(RUN, AlertRaised(AlertKind.DRIFT, "moved", 1), durable=True)
        journal.append(RUN, StateChanged(State.IDLE), durable=False)
        journal.append(RUN, UsageSeen(10, 20, 0.25), durable=False)
        journal.append(RUN, decided(2), durable=True)
        journal.append(RUN, ended(), durable=True)
    return path


def edit(path: Path, *statements: str) -> None:
    """Do to the journal what the triggers forbid, and put them back, as a careful forger would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        triggers = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            other.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            other.execute(statement)
        for _, sql in triggers:
            other.execute(sql)


def test_untouched_history_verifies(path: Path) -> None:
    """Nothing is found in a journal of every kind of event, and every row and run was looked at."""
    result = verify(path)
    assert result.ok
    assert result.problems == ()
    assert (result.events, result.runs, result.first_broken) == (12, 2, None)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT hash FROM events ORDER BY seq DESC LIMIT 1").fetchone() == (result.head,)
        for table in PROJECTIONS:
            assert other.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0


@pytest.mark.parametrize("change", [
    "time = time + 1",
    "kind = 'state'",
    "body = replace(body, 'aws s3 cp', 'aws s3 ls')",
    f"run_id = '{OTHER}'",
    "hash = printf('%064d', 7)",
])  # fmt: skip
def test_any_edit_of_a_row_is_found_at_that_row(path: Path, change: str) -> None:
    """Each column is under the hash: the first broken seq is that of the edited row."""
    edit(path, f"UPDATE events SET {change} WHERE seq = 4")
    result = verify(path)
    assert not result.ok
    assert result.first_broken == 4
    assert (result.problems[0].kind, result.problems[0].seq) == (ProblemKind.EDITED, 4)


def test_an_edit_with_a_hash_to_match_breaks_the_link_after_it(path: Path) -> None:
    """A forger who recomputes the row's own hash is found at the next row."""
    with closing(sqlite3.connect(path)) as other:
        prev_hash, seq, run_id, time, kind, body = other.execute(
            "SELECT prev_hash, seq, run_id, time, kind, body FROM events WHERE seq = 4"
        ).fetchone()
    forged = body.replace("aws s3 cp", "aws s3 ls")
    hash = link(prev_hash, seq, run_id, time, kind, forged)
    edit(path, f"UPDATE events SET body = '{forged}', hash = '{hash}' WHERE seq = 4")
    result = verify(path)
    assert [(problem.kind, problem.seq) for problem in result.problems[:1]] == [(ProblemKind.UNLINKED, 5)]
    assert result.first_broken == 5


@pytest.mark.parametrize(
    ("gone", "told"), [("seq = 5", "event 5 is gone"), ("seq IN (5, 6)", "5 to 6 is gone")]
)
def test_missing_rows_are_found(path: Path, gone: str, told: str) -> None:
    """A gap is reported at the row after it, with the numbers that are missing."""
    edit(path, f"DELETE FROM events WHERE {gone}")
    result = verify(path)
    assert result.first_broken is not None
    assert result.problems[0].kind is ProblemKind.MISSING
    assert told in result.problems[0].detail


def test_an_end_cut_off_is_found_by_the_tables(path: Path) -> None:
    """The chain of what is left holds, but the tables still know of more, and the noted head is gone."""
    head = verify(path).head
    edit(path, "DELETE FROM events WHERE seq >= 11")
    result = verify(path)
    assert result.first_broken is None
    assert not result.ok
    assert {problem.run_id for problem in result.problems} == {RUN}
    assert result.head != head


def test_a_whole_run_cut_off_is_found(path: Path) -> None:
    """A run without events is no run."""
    edit(path, "DELETE FROM events", "DELETE FROM runs WHERE id = 'other-run'")
    result = verify(path)
    assert {problem.run_id for problem in result.problems} == {RUN, OTHER}


def test_rows_in_another_order_are_found(path: Path) -> None:
    """Two rows that changed places break the chain where they stood."""
    edit(
        path,
        "UPDATE events SET seq = 100 WHERE seq = 4",
        "UPDATE events SET seq = 4 WHERE seq = 5",
        "UPDATE events SET seq = 5 WHERE seq = 100",
    )
    assert verify(path).first_broken == 4


@pytest.mark.parametrize("statement", [
    "UPDATE runs SET dry = 0 WHERE id = '{run}'",
    "UPDATE runs SET n_simulated = 0 WHERE id = '{run}'",
    "UPDATE calls SET decision = 'pass' WHERE run_id = '{run}' AND n = 2",
    "DELETE FROM calls WHERE run_id = '{run}' AND n = 2",
    "UPDATE verdicts SET by = 'somebody else' WHERE run_id = '{run}'",
    "INSERT INTO verdicts SELECT run_id, 2, 99, time, 'toolu_2', 'real', 'as is', why, by, '', 1, 0"
    " FROM verdicts",
    "UPDATE outcomes SET outcome = 'executed' WHERE run_id = '{run}'",
    "DELETE FROM alerts WHERE run_id = '{run}'",
    "DELETE FROM simulated WHERE run_id = '{run}'",
])  # fmt: skip
def test_a_table_that_disagrees_with_the_events_is_found(path: Path, statement: str) -> None:
    """An edit of any projection is found and put down to that run; the chain itself holds."""
    edit(path, statement.format(run=RUN))
    result = verify(path)
    assert result.first_broken is None
    assert [(problem.kind, problem.run_id) for problem in result.problems] == [(ProblemKind.PROJECTION, RUN)]
    assert not verify(path, [RUN]).ok
    assert verify(path, [OTHER]).ok


def test_an_event_that_cannot_follow_is_found(path: Path) -> None:
    """A forged verdict, chained with care and written to the events alone, contradicts what came before."""
    with closing(sqlite3.connect(path)) as other:
        prev_hash, time = other.execute("SELECT hash, time FROM events WHERE seq = 12").fetchone()
        body = other.execute("SELECT body FROM events WHERE kind = 'call settled'").fetchone()[0]
        hash = link(prev_hash, 13, RUN, time, "call settled", body)
        row = (13, RUN, time, "call settled", body, prev_hash, hash)
        other.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        other.commit()
    result = verify(path)
    assert result.first_broken is None
    assert [(problem.kind, problem.seq) for problem in result.problems] == [(ProblemKind.CONTRADICTION, 13)]


@pytest.mark.parametrize(("statement", "told"), [
    ("DROP TRIGGER events_never_change", "trigger events_never_change was removed"),
    ("CREATE TABLE extra (id)", "table extra was added"),
    ("DROP INDEX events_of_run", "index events_of_run was removed"),
])  # fmt: skip
def test_a_schema_that_is_not_ours_is_found(path: Path, statement: str, told: str) -> None:
    """Without its triggers the journal protects nothing; that alone is reported."""
    with closing(sqlite3.connect(path)) as other:
        other.execute(statement)
    result = verify(path)
    assert not result.ok
    assert [(problem.kind, problem.detail) for problem in result.problems] == [(ProblemKind.SCHEMA, told)]


def test_a_kind_of_event_from_the_future_is_no_fault(path: Path) -> None:
    """A row of an unknown kind is chained like any other: reported as not understood, history is whole."""
    with closing(sqlite3.connect(path)) as other:
        prev_hash = other.execute("SELECT hash FROM events WHERE seq = 12").fetchone()[0]
        body = '{"kind":"escalated","by":"ann"}'
        hash = link(prev_hash, 13, RUN, 5.5, "escalated", body)
        row = (13, RUN, 5.5, "escalated", body, prev_hash, hash)
        other.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        other.commit()
    result = verify(path)
    assert result.ok
    assert [(problem.kind, problem.seq) for problem in result.problems] == [(ProblemKind.UNKNOWN, 13)]
    edit(path, "UPDATE events SET body = '{}' WHERE seq = 13")
    assert verify(path).first_broken == 13


def test_a_ruined_journal_is_told_in_bounded_words(path: Path) -> None:
    """However much is wrong, the list of problems stays short."""
    with one_run(path.with_name("long.db")) as journal:
        for n in range(1, 150):
            journal.append(RUN, decided(n), durable=False)
    edit(journal.path, "UPDATE events SET time = 0")
    result = verify(journal.path)
    assert len(result.problems) == LIMIT
    assert result.first_broken == 1


def test_a_writer_at_work_does_not_disturb(path: Path) -> None:
    """Verification reads one state, also while events are added."""
    with one_run(path.with_name("live.db")) as journal:
        for n in range(1, 20):
            journal.append(RUN, decided(n), durable=False)
            result = verify(journal.path)
            assert result.ok
            assert result.events == n + 1
