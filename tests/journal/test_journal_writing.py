"""What the writing side of the journal promises within one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journal_samples import RUN, decided, ended, one_run, outcome, settled, started

from supervisor.effects.model import EffectKind
from supervisor.errors import JournalError
from supervisor.journal.events import AnyEvent, Ending, Outcome, State, StateChanged
from supervisor.journal.listing import find_run, list_runs, run_events
from supervisor.journal.verify import verify
from supervisor.journal.writer import Journal
from supervisor.policy import DecisionKind, Execution, Mode, RunState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's journal lies; nothing is there yet."""
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An open journal with the one run `RUN`."""
    with one_run(path) as opened:
        yield opened


def outside(path: Path) -> sqlite3.Connection:
    """The journal as any other program would open it."""
    return sqlite3.connect(path, isolation_level=None)


def test_events_come_back_as_they_went_in(journal: Journal, path: Path) -> None:
    """Every event is read back equal, in order, numbered from 1 without gaps, chained by hash."""
    events: list[AnyEvent] = [
        decided(1),
        outcome(1, Outcome.NOT_EXECUTED),
        StateChanged(State.IDLE, "waits"),
        ended(),
    ]
    recorded = [journal.append(RUN, event, durable=index % 2 == 0) for index, event in enumerate(events)]
    read = list(run_events(path, RUN))
    assert read[1:] == recorded
    assert [record.event for record in read] == [started(), *events]
    assert [record.seq for record in read] == [1, 2, 3, 4, 5]
    assert verify(path).head == recorded[-1].hash


def test_a_decision_reads_what_the_one_before_wrote(journal: Journal) -> None:
    """Mode, dry flag, simulated targets and call number are those of the last committed decision."""
    with journal.decision(RUN) as tx:
        assert tx.state() == RunState(Mode.DRY_RUN)
        assert tx.next_n() == 1
        tx.record(decided(1, target="s3://bucket/a"))
        assert tx.state() == RunState(Mode.DRY_RUN, dry=True, simulated=frozenset({"s3://bucket/a"}))
        assert tx.next_n() == 2
    with journal.decision(RUN) as tx:
        tx.record(decided(tx.next_n(), target="s3://bucket/b"))
    with journal.decision(RUN) as tx:
        assert tx.state().simulated == {"s3://bucket/a", "s3://bucket/b"}
        assert tx.next_n() == 3


def test_mode_and_shadow_come_from_the_start_of_the_run(journal: Journal) -> None:
    """The run's own words on how it treats writes reach each decision."""
    journal.append("other", started("blue-owl", Mode.MIXED, shadow=True), durable=True)
    with journal.decision("other") as tx:
        assert tx.state() == RunState(Mode.MIXED, shadow=True)


@pytest.mark.parametrize(
    ("decision", "execution", "kind", "remembered"),
    [
        (DecisionKind.SIMULATED, Execution.NOT_EXECUTED, EffectKind.WRITE, True),
        (DecisionKind.SIMULATED, Execution.NOT_EXECUTED, EffectKind.UNKNOWN, True),
        (DecisionKind.SIMULATED, Execution.NOT_EXECUTED, EffectKind.READ, False),
        (DecisionKind.SIMULATED, Execution.SHADOW, EffectKind.WRITE, False),
        (DecisionKind.REAL, Execution.AS_IS, EffectKind.WRITE, False),
        (DecisionKind.BLOCKED, Execution.NOT_EXECUTED, EffectKind.WRITE, False),
        (DecisionKind.HELD, Execution.WAITS, EffectKind.WRITE, False),
    ],
)
def test_only_simulated_writes_that_did_not_execute_make_a_target_stale(
    journal: Journal, decision: DecisionKind, execution: Execution, kind: EffectKind, remembered: bool
) -> None:
    """`simulated` names a target exactly when the world no longer shows what the agent was told it wrote."""
    with journal.decision(RUN) as tx:
        tx.record(decided(1, decision, execution=execution, kind=kind))
    with journal.decision(RUN) as tx:
        assert bool(tx.state().simulated) is remembered


def test_an_exception_leaves_no_trace(journal: Journal, path: Path) -> None:
    """A block that fails records nothing, sets no flag, and remembers no target."""
    before = list(run_events(path, RUN))
    with pytest.raises(KeyError), journal.decision(RUN) as tx:
        tx.record(decided(1))
        assert tx.state().dry
        raise KeyError
    assert list(run_events(path, RUN)) == before
    with journal.decision(RUN) as tx:
        assert tx.state() == RunState(Mode.DRY_RUN)
        assert tx.next_n() == 1
    assert verify(path).ok


def test_an_event_refused_takes_its_whole_transaction_with_it(journal: Journal, path: Path) -> None:
    """Even a caller that swallows the error cannot commit half an event."""
    with pytest.raises(JournalError, match="nothing was recorded"), journal.decision(RUN) as tx:
        tx.record(decided(1))
        with pytest.raises(JournalError, match="out of order"):
            tx.record(decided(7))
    assert len(list(run_events(path, RUN))) == 1
    assert verify(path).ok


def test_a_transaction_inside_a_transaction_is_an_error_at_once(journal: Journal) -> None:
    """Recording past an open decision would wait for this process's own lock; it is refused instead."""
    with journal.decision(RUN) as tx:
        with pytest.raises(RuntimeError, match="under way"):
            journal.append(RUN, outcome(1), durable=False)
        tx.record(decided(1))
    journal.append(RUN, outcome(1), durable=False)


def test_a_dry_run_stays_dry(journal: Journal, path: Path) -> None:
    """Neither a decision nor a verdict nor SQL from outside takes the flag back."""
    with journal.decision(RUN) as tx:
        tx.record(decided(1, DecisionKind.HELD, dry=False))
        tx.record(decided(2, dry=True))
    with pytest.raises(JournalError, match="is dry"):
        journal.append(RUN, decided(3, DecisionKind.PASS, dry=False), durable=True)
    with pytest.raises(JournalError, match="is dry"):
        journal.append(RUN, settled(1, DecisionKind.REAL, dry=False), durable=True)
    with closing(outside(path)) as other, pytest.raises(sqlite3.IntegrityError, match="stays dry"):
        other.execute("UPDATE runs SET dry = 0")
    with journal.decision(RUN) as tx:
        assert tx.state().dry
    assert verify(path).ok


def test_a_verdict_can_make_a_run_dry(journal: Journal) -> None:
    """A held call settled as simulated sets the flag, and its target is stale from then on."""
    with journal.decision(RUN) as tx:
        tx.record(decided(1, DecisionKind.HELD, dry=False))
        assert not tx.state().dry
    with journal.decision(RUN) as tx:
        tx.record(settled(1, DecisionKind.SIMULATED, dry=True, diverged=True))
    with journal.decision(RUN) as tx:
        assert tx.state() == RunState(Mode.DRY_RUN, dry=True, simulated=frozenset({"s3://bucket/key"}))


def test_a_verdict_needs_a_held_call_and_counts_once(journal: Journal) -> None:
    """A call that is not held, another call's id, a second verdict, and `held` as a verdict are refused."""
    with journal.decision(RUN) as tx:
        tx.record(decided(1, DecisionKind.PASS, dry=False))
        tx.record(decided(2, DecisionKind.HELD, dry=False))
    for verdict in (settled(1, DecisionKind.REAL, dry=False), settled(2, DecisionKind.HELD, dry=False)):
        with pytest.raises(JournalError, match="not held"):
            journal.append(RUN, verdict, durable=True)
    journal.append(RUN, settled(2, DecisionKind.REAL, dry=False), durable=True)
    with pytest.raises(JournalError, match="not held"):
        journal.append(RUN, settled(2, DecisionKind.BLOCKED, dry=False), durable=True)


def test_what_was_said_about_a_call_is_found_again(journal: Journal) -> None:
    """A call that asks twice can be answered as the first time: decision, verdict and last outcome."""
    with journal.decision(RUN) as tx:
        assert tx.decided("toolu_1") is None
        tx.record(decided(1, DecisionKind.HELD, dry=False))
        assert tx.decided("toolu_1") == decided(1, DecisionKind.HELD, dry=False)
        assert tx.settled("toolu_1") is None
        tx.record(settled(1, DecisionKind.REAL, dry=False))
    journal.append(RUN, outcome(1, Outcome.UNKNOWN), durable=False)
    journal.append(RUN, outcome(1), durable=False)
    with journal.decision(RUN) as tx:
        assert tx.settled("toolu_1") == settled(1, DecisionKind.REAL, dry=False)
        assert tx.outcome("toolu_1") == outcome(1)
        assert tx.outcome("toolu_2") is None


def test_the_same_call_is_not_decided_twice(journal: Journal) -> None:
    """A second decision on one `tool_use_id` is refused."""
    journal.append(RUN, decided(1), durable=True)
    with pytest.raises(JournalError, match="refuses the row"):
        journal.append(RUN, decided(2, tool_use_id="toolu_1"), durable=True)


def test_nothing_is_decided_in_a_run_that_has_ended(journal: Journal) -> None:
    """No decision and no second end after the end; what is still learnt of it is kept, its state stays."""
    with journal.decision(RUN) as tx:
        assert not tx.ended()
        tx.record(ended(Ending.RUNNER_LOST))
        assert tx.ended()
    with pytest.raises(JournalError, match="has ended"):
        journal.append(RUN, decided(1), durable=True)
    with pytest.raises(JournalError, match="has ended already"):
        journal.append(RUN, ended(), durable=True)
    journal.append(RUN, outcome(0), durable=False)
    journal.append(RUN, StateChanged(State.WORKING), durable=False)
    run = find_run(journal.path, RUN)
    assert (run.state, run.ending) == (State.ENDED, Ending.RUNNER_LOST)


def test_only_a_start_makes_a_run(journal: Journal) -> None:
    """Events of a run nobody started, and a second start under the same id or name, are refused."""
    for event in (decided(1), outcome(1), ended(), StateChanged(State.IDLE)):
        with pytest.raises(JournalError, match="no run 'nobody'"):
            journal.append("nobody", event, durable=True)
    with pytest.raises(JournalError, match="no run 'nobody'"), journal.decision("nobody") as tx:
        tx.state()
    for run_id, name in ((RUN, "blue-owl"), ("other", "amber-fox")):
        with pytest.raises(JournalError, match="exists"):
            journal.append(run_id, started(name), durable=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}' WHERE seq = 2",
        "DELETE FROM events WHERE seq = 3",
        "INSERT OR REPLACE INTO events SELECT 2, run_id, time, kind, '', prev_hash, hash FROM events LIMIT 1",
        "INSERT INTO events SELECT 9, run_id, time, kind, body, hash, hash FROM events WHERE seq = 3",
        "INSERT INTO events SELECT 4, run_id, time, kind, body, prev_hash, hash FROM events WHERE seq = 3",
        "DELETE FROM runs",
        "INSERT OR REPLACE INTO runs SELECT * FROM runs",
    ],
)
def test_the_database_itself_refuses_to_change_history(journal: Journal, path: Path, statement: str) -> None:
    """Plain SQL cannot change, remove, replace or insert into what was recorded."""
    journal.append(RUN, decided(1), durable=True)
    journal.append(RUN, outcome(1), durable=True)
    with closing(outside(path)) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(statement)
    assert verify(path).ok


def test_run_names_are_two_words_and_never_taken(journal: Journal) -> None:
    """Three hundred runs get three hundred names that can be typed."""
    for number in range(300):
        journal.append(f"run-{number}", started(journal.new_run_name()), durable=False)
    names = [run.name for run in list_runs(journal.path)]
    assert len(set(names)) == 301
    assert all(name.replace("-", "a").isalnum() and name.islower() for name in names)


def test_text_that_no_file_can_keep_is_kept_as_near_as_can_be(journal: Journal, path: Path) -> None:
    """Half a surrogate pair in any field neither fails the decision nor makes the row unreadable."""
    hostile = decided(
        1, target="s3://\ud800", call_input={"command": "echo \udfff\x00\x1b[2J"}, tool_use_id="t\ud8ff"
    )
    record = journal.append(RUN, hostile, durable=True)
    read = list(run_events(path, RUN))[-1]
    assert read == record
    assert isinstance(read.event, type(hostile))
    assert read.event.input == {"command": "echo ?\x00\x1b[2J"}
    assert verify(path).ok


@pytest.mark.parametrize("levels", [150, 250, 5000])
def test_what_is_kept_can_be_read_back_however_deep(journal: Journal, path: Path, levels: int) -> None:
    """Deep nesting is either kept and readable, or refused; never kept and unreadable."""
    nested: dict[str, Any] = {}
    for _ in range(levels):
        nested = {"a": nested}
    if levels < 200:
        journal.append(RUN, decided(1, call_input=nested), durable=True)
    else:
        with pytest.raises(JournalError, match="cannot be kept"):
            journal.append(RUN, decided(1, call_input=nested), durable=True)
    assert verify(path).ok
    assert len(list(run_events(path, RUN))) == (2 if levels < 200 else 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_input_an_agent_can_send_is_kept_exactly(
    journal: Journal, path: Path, sent: dict[str, Any]
) -> None:
    """Whatever JSON a tool input is made of comes back equal, and the chain holds over it."""
    with journal.decision(RUN) as tx:
        n = tx.next_n()
        recorded = tx.record(decided(n, call_input=sent))
    *_, last = run_events(path, RUN)
    assert last == recorded
    assert verify(path).ok
