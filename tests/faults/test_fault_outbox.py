"""What a run has to say while its journal fails: kept in order, handed on when it ends, never lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from harness.machine import Machine
from supervisor.errors import JournalError
from supervisor.journal.events import AlertRaised, AnyEvent, Ending, RunEnded, RunStarted, State, StateChanged
from supervisor.journal.listing import run_events
from supervisor.journal.writer import Journal
from supervisor.policy import AlertKind, Mode
from supervisor.runner.outbox import Outbox
from supervisor.runner.unsaid import forget_unsaid, take_unsaid

RUN = "5f0c1d6e8a7b4c3d"
ALERT = AlertRaised(AlertKind.HOOK_FAILURE, "the journal failed")
PAUSED = StateChanged(State.PAUSED, "the journal failed")
STARTED = RunStarted(
    name="amber-fox",
    task="t",
    label="",
    cwd="/w",
    mode=Mode.DRY_RUN,
    headless=True,
    session_id="",
    claude_path="",
    claude_version="",
    profile="",
    config={},
    suspended=(),
    floors={},
    runner_pid=1,
)


@pytest.fixture
def journal(machine: Machine) -> Iterator[Journal]:
    """A journal with one run in it that waits a moment for a lock, and no longer."""
    with Journal.open(machine.state / "journal.db", busy_timeout_s=0.05) as opened:
        opened.append(RUN, STARTED, durable=True)
        yield opened


def said(journal: Journal) -> list[AnyEvent]:
    """What stands in the journal after the run's start."""
    return [recorded.event for recorded in run_events(journal.path, RUN)][1:]


def test_events_wait_in_order_while_the_journal_is_locked(journal: Journal) -> None:
    """The failure is told once; once the lock is gone everything is journaled as it came."""
    failures: list[JournalError] = []
    outbox = Outbox(journal, RUN, failures.append)
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        outbox.put(ALERT, durable=True)
        outbox.put(PAUSED, durable=False)
        assert not outbox.flush()
        other.execute("ROLLBACK")
    assert len(failures) == 1 and "locked" in str(failures[0])
    assert outbox.alerts == ("hook failure: the journal failed",)
    assert outbox.flush() and not outbox.alerts
    assert said(journal) == [ALERT, PAUSED]


def test_what_a_runner_could_not_journal_is_found_by_the_next(machine: Machine, journal: Journal) -> None:
    """It lies in the first folder that takes it, whole, and only until it is journaled."""
    outbox = Outbox(journal, RUN, lambda cause: None)
    outbox.broken()
    ended = RunEnded(Ending.HOOK_FAILED, 3, "", "the journal failed")
    outbox.put(ALERT, durable=True)
    outbox.put(ended, durable=True)
    folders = (machine.root / "nowhere", machine.root)
    outbox.save(folders)
    assert take_unsaid(folders) == (ALERT, ended)
    forget_unsaid(folders)
    assert take_unsaid(folders) == ()


def test_an_event_that_history_refuses_holds_up_nothing(journal: Journal) -> None:
    """A second start of the same run contradicts the journal: it is told, and what follows is journaled."""
    failures: list[JournalError] = []
    outbox = Outbox(journal, RUN, failures.append)
    outbox.put(STARTED, durable=True)
    outbox.put(ALERT, durable=True)
    assert len(failures) == 1 and said(journal) == [ALERT]
