"""What the reading side of the journal promises, to screens and to commands alike."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from journal_samples import RUN, decided, ended, one_run, outcome, settled, started

from supervisor.errors import JournalError, UsageError
from supervisor.journal.chain import link
from supervisor.journal.events import AlertRaised, Ending, SessionReady, State, StateChanged, UsageSeen
from supervisor.journal.export import export
from supervisor.journal.listing import find_run, list_runs, run_events
from supervisor.journal.reader import Reader
from supervisor.journal.rows import BATCH, Decisions
from supervisor.journal.writer import Journal
from supervisor.policy import AlertKind, DecisionKind, Mode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's journal lies; nothing is there yet."""
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An open journal with the one run `RUN`."""
    with one_run(path) as opened:
        yield opened


async def test_a_run_is_listed_as_its_events_left_it(journal: Journal, path: Path) -> None:
    """Every field of the row follows from the events; both readers say the same."""
    first = list_runs(path)[0]
    assert (first.state, first.ending, first.ended, first.exit_code) == (State.STARTING, None, None, None)
    assert (first.dry, first.fidelity) == (False, "exact")
    for event in (
        SessionReady("startup", "/home/ann/t.jsonl", "dontAsk"),
        StateChanged(State.WORKING),
        decided(1, DecisionKind.PASS, dry=False),
        decided(2, DecisionKind.REAL, dry=False),
        decided(3, DecisionKind.HELD, dry=False),
        decided(4, DecisionKind.HELD, dry=False),
        decided(5, DecisionKind.BLOCKED, dry=False),
        settled(3, DecisionKind.SIMULATED, dry=True, diverged=True),
        decided(6, diverged=True),
        AlertRaised(AlertKind.HOOK_FAILURE, "the hook hung"),
        UsageSeen(100, 20, 0.125),
    ):
        journal.append(RUN, event, durable=False)
    last = journal.append(RUN, ended(Ending.HOOK_FAILED), durable=True)
    async with await Reader.open(path) as reader:
        (run,) = await reader.runs()
    assert [run] == list_runs(path)
    assert run.decisions == Decisions(passed=1, real=1, simulated=2, blocked=1, held=1)
    assert (run.id, run.name, run.task, run.label, run.cwd) == (RUN, "amber-fox", "tidy up", "nightly", "/w")
    assert (run.mode, run.headless, run.runner_pid) == (Mode.DRY_RUN, True, 4242)
    assert (run.dry, run.fidelity, run.alerts, run.cost_usd) == (True, "diverged at #3", 1, 0.125)
    assert (run.state, run.ending, run.exit_code) == (State.ENDED, Ending.HOOK_FAILED, 0)
    assert (run.transcript, run.ended) == ("/home/ann/t.jsonl", last.time)


async def test_runs_are_listed_newest_first(journal: Journal, path: Path) -> None:
    """The order is that of the starts, also within one tick of the clock, and a limit cuts the oldest."""
    with Journal.open(path, clock=lambda: 9e9) as frozen:
        for number in range(5):
            frozen.append(f"run-{number}", started(f"name-{number}"), durable=False)
    expected = ["run-4", "run-3", "run-2", "run-1", "run-0", RUN]
    assert [run.id for run in list_runs(path)] == expected
    async with await Reader.open(path) as reader:
        assert [run.id for run in await reader.runs(limit=2)] == expected[:2]


@pytest.mark.parametrize(("typed", "meant"), [
    ("amber-fox", RUN), ("amber-f", RUN), (RUN, RUN), (RUN[:6], RUN), ("amber", "exactly"),
    ("amber-o", "third"),
])  # fmt: skip
async def test_a_run_is_found_by_name_id_or_beginning(
    journal: Journal, path: Path, typed: str, meant: str
) -> None:
    """A whole name wins over the beginning of others; a beginning must be of one run alone."""
    journal.append("exactly", started("amber"), durable=False)
    journal.append("third", started("amber-owl"), durable=False)
    async with await Reader.open(path) as reader:
        assert (await reader.run(typed)).id == meant
    assert find_run(path, typed).id == meant


@pytest.mark.parametrize(("typed", "told", "cure"), [
    ("amber-", "amber-fox, amber-owl", "Type more"),
    ("ambre-fox", "no run 'ambre-fox'", "Did you mean amber-fox"),
    ("%", "no run '%'", "supervise runs"),
    ("zzzz", "no run 'zzzz'", "supervise runs"),
    ("", "could be", "Type more"),
])  # fmt: skip
async def test_what_no_one_run_answers_to_is_an_error_that_helps(
    journal: Journal, path: Path, typed: str, told: str, cure: str
) -> None:
    """Unknown names offer the nearest, ambiguous ones the candidates; nothing typed is taken as a pattern."""
    journal.append("third", started("amber-owl"), durable=False)
    async with await Reader.open(path) as reader:
        with pytest.raises(UsageError, match=told) as caught:
            await reader.run(typed)
        assert cure in caught.value.cure
    with pytest.raises(UsageError, match=told):
        find_run(path, typed)


def test_without_a_journal_there_are_no_runs(path: Path) -> None:
    """Listing before the first run is not an error, and makes nothing."""
    assert list_runs(path) == []
    with pytest.raises(UsageError, match="no run 'amber-fox'"):
        find_run(path, "amber-fox")
    assert not path.parent.exists()


async def test_opening_a_journal_that_is_not_there_is_an_error(path: Path) -> None:
    """The screen's reader does not make a journal."""
    with pytest.raises(JournalError, match="cannot be opened"):
        await Reader.open(path)
    assert not path.exists()


async def test_events_come_in_batches_that_continue(journal: Journal, path: Path) -> None:
    """Batches of one run, and of all runs, follow each other without overlap or gap."""
    journal.append("other", started("blue-owl"), durable=False)
    for n in range(1, 8):
        journal.append(RUN, decided(n), durable=False)
        journal.append("other", decided(n), durable=False)
    async with await Reader.open(path) as reader:
        assert await reader.events(RUN) == list(run_events(path, RUN))
        first = await reader.events(RUN, limit=3)
        second = await reader.events(RUN, after=first[-1].seq, limit=100)
        assert first + second == list(run_events(path, RUN))
        assert [record.seq for record in await reader.events(None)] == list(range(1, 17))
        assert await reader.events(RUN, after=16) == []
        assert [len(batch) async for batch in reader.batches(None, after=10)] == [6]


async def test_a_row_from_the_future_is_a_clear_error(journal: Journal, path: Path) -> None:
    """An event of an unknown kind names itself; what comes before it is still read, and so are the lists."""
    with closing(sqlite3.connect(path)) as other:
        prev_hash = other.execute("SELECT hash FROM events").fetchone()[0]
        body = '{"kind":"escalated","by":"ann"}'
        row = (2, RUN, 5.5, "escalated", body, prev_hash, link(prev_hash, 2, RUN, 5.5, "escalated", body))
        other.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        other.commit()
    async with await Reader.open(path) as reader:
        assert len(await reader.events(RUN, limit=1)) == 1
        with pytest.raises(JournalError, match="event 2 of kind 'escalated' cannot be read") as caught:
            await reader.events(RUN)
        assert "newer version" in caught.value.cure
        assert len(await reader.runs()) == 1
    with pytest.raises(JournalError, match="kind 'escalated'"):
        list(run_events(path, RUN))
    assert json.loads(list(export(path, RUN))[1])["event"] == {"kind": "escalated", "by": "ann"}


def test_an_export_carries_what_was_hashed(journal: Journal, path: Path) -> None:
    """Each line is one JSON object from whose fields the chain can be recomputed by anybody."""
    journal.append(RUN, decided(1, call_input={"content": "ä\n\x00"}), durable=True)
    journal.append("other", started("blue-owl"), durable=True)
    journal.append(RUN, outcome(1), durable=True)
    lines = list(export(path, RUN))
    assert all(b"\n" not in line for line in lines)
    exported = [json.loads(line) for line in lines]
    assert [(line["seq"], line["event"]["kind"]) for line in exported] == [
        (1, "run started"), (2, "call decided"), (4, "call outcome"),
    ]  # fmt: skip
    for raw, line in zip(lines, exported, strict=True):
        body = raw.decode().split('"event":', 1)[1][:-1]
        assert line["hash"] == link(
            line["prev_hash"], line["seq"], RUN, line["time"], line["event"]["kind"], body
        )


def test_a_slow_taker_of_events_does_not_keep_the_log_from_being_emptied(
    journal: Journal, path: Path
) -> None:
    """An export that is read a line an hour holds no transaction, and still shows what came meanwhile."""
    for n in range(1, BATCH + 20):
        journal.append(RUN, decided(n), durable=False)
    lines = export(path, RUN)
    first = next(lines)
    journal.append(RUN, outcome(1), durable=True)
    assert journal.checkpoint()
    assert len([first, *lines]) == BATCH + 21


def test_decisions_and_verdicts_stand_in_plain_sql(journal: Journal, path: Path) -> None:
    """`decisions` tells what was decided first and what the verdict made of it, in order."""
    journal.append(RUN, decided(1, DecisionKind.HELD, dry=False), durable=True)
    journal.append(RUN, decided(2, DecisionKind.PASS, dry=False), durable=True)
    journal.append(RUN, settled(1, DecisionKind.REAL, dry=False), durable=True)
    with closing(sqlite3.connect(path)) as other:
        told = other.execute("SELECT n, decision, execution, by FROM decisions ORDER BY seq").fetchall()
        command = other.execute(
            "SELECT json_extract(body, '$.input.command') FROM events JOIN calls USING (seq) WHERE n = 1"
        ).fetchone()
    assert told == [
        (1, "held", "waits", ""), (2, "pass", "as is", ""),
        (1, "real", "as is", "operator ann on /dev/pts/3"),
    ]  # fmt: skip
    assert command == ("aws s3 cp a s3://bucket/key",)


def test_listing_loads_neither_an_event_loop_nor_the_screen() -> None:
    """What `supervise runs --json` needs of the journal starts without asyncio and Textual."""
    code = "import sys, supervisor.journal.listing, supervisor.journal.export; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"asyncio", "aiosqlite", "textual", "rich"} & set(done.stdout.split())
