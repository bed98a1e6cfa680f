"""A tail shows every event, once, in order, whoever commits it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from journal_samples import RUN, decided, one_run, outcome, started

from supervisor.errors import JournalError
from supervisor.journal.events import Recorded
from supervisor.journal.listing import run_events
from supervisor.journal.rows import BATCH
from supervisor.journal.tail import tail
from supervisor.journal.writer import Journal

DEADLINE_S = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's journal lies; nothing is there yet."""
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An open journal with the one run `RUN`."""
    with one_run(path) as opened:
        yield opened


async def take(batches: AsyncGenerator[list[Recorded], None], count: int) -> list[Recorded]:
    """The next events of a tail, `count` or a few more."""
    events: list[Recorded] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(events) < count:
            events += await anext(batches)
    return events


async def test_a_tail_begins_with_what_is_there_and_goes_on(journal: Journal, path: Path) -> None:
    """Events of before come first, then each new one, durable or not, without overlap or gap."""
    journal.append(RUN, decided(1), durable=True)
    async with aclosing(tail(path, RUN)) as batches:
        seen = await take(batches, 2)
        for n in range(2, 30):
            journal.append(RUN, decided(n), durable=n % 2 == 0)
            seen += await take(batches, 1)
    assert seen == list(run_events(path, RUN))


async def test_a_tail_keeps_to_its_run_and_its_start(journal: Journal, path: Path) -> None:
    """Other runs' events and those up to `after` stay out; without a run all of them come."""
    journal.append("other", started("blue-owl"), durable=True)
    journal.append(RUN, decided(1), durable=True)
    journal.append("other", decided(1), durable=True)
    async with aclosing(tail(path, "other", after=2)) as one, aclosing(tail(path)) as all_runs:
        assert [record.seq for record in await take(one, 1)] == [4]
        assert [record.seq for record in await take(all_runs, 4)] == [1, 2, 3, 4]
        journal.append(RUN, outcome(1), durable=True)
        journal.append("other", outcome(1), durable=True)
        assert [record.seq for record in await take(one, 1)] == [6]


async def test_a_tail_follows_other_processes(journal: Journal, path: Path) -> None:
    """Four processes commit 100 decisions meanwhile; two tails see the very same history."""
    async with aclosing(tail(path, RUN)) as first, aclosing(tail(path, RUN, after=1)) as second:
        await take(first, 1)
        children = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "journal_child", "decide", path, RUN, "25",
                cwd=Path(__file__).parent, stdout=asyncio.subprocess.DEVNULL,
            )
            for _ in range(4)
        ]  # fmt: skip
        seen = await asyncio.gather(take(first, 100), take(second, 100))
        assert [await child.wait() for child in children] == [0, 0, 0, 0]
    assert seen[0] == seen[1] == list(run_events(path, RUN))[1:]


async def test_a_tail_waits_for_a_journal_that_is_not_there_yet(path: Path) -> None:
    """Started first, it shows the first event of the journal that another process makes."""
    async with aclosing(tail(path)) as batches:
        waiting = asyncio.ensure_future(take(batches, 1))
        await asyncio.sleep(0)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "journal_child", "start", path, "late-run", cwd=Path(__file__).parent
        )
        assert [record.run_id for record in await waiting] == ["late-run"]
        assert await child.wait() == 0


async def test_a_tail_outlives_its_writers(path: Path) -> None:
    """One writer closes, another is killed, a third comes: the tail shows all they committed."""
    with one_run(path):
        pass
    async with aclosing(tail(path, RUN, after=1)) as batches:
        with Journal.open(path) as journal:
            journal.append(RUN, decided(1), durable=True)
        seen = await take(batches, 1)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "journal_child", "stream", path, RUN,
            cwd=Path(__file__).parent, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        seen += await take(batches, 20)
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
        with Journal.open(path) as journal:
            journal.checkpoint()
            last = journal.append(RUN, outcome(1), durable=False)
        while seen[-1].seq < last.seq:
            seen += await take(batches, 1)
    assert seen == list(run_events(path, RUN))[1:]


async def test_many_events_come_in_batches(journal: Journal, path: Path) -> None:
    """A long history does not come as one list."""
    for n in range(1, BATCH + 10):
        journal.append(RUN, decided(n), durable=False)
    async with aclosing(tail(path, RUN)) as batches:
        assert len(await anext(batches)) == BATCH
        assert len(await anext(batches)) == 10


async def test_a_tail_holds_no_transaction_while_its_batch_is_out(journal: Journal, path: Path) -> None:
    """A slow reader does not keep the log from being emptied."""
    async with aclosing(tail(path, RUN)) as batches:
        await take(batches, 1)
        journal.append(RUN, decided(1), durable=True)
        await take(batches, 1)
        assert journal.checkpoint()


@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_a_tail_of_a_journal_taken_away_ends_in_an_error(
    journal: Journal, path: Path, tmp_path: Path, how: str
) -> None:
    """It does not wait for ever for what nobody can write any more."""
    async with aclosing(tail(path, RUN)) as batches:
        await take(batches, 1)
        if how == "replaced":
            other = tmp_path / "other.db"
            Journal.open(other).close()
            other.replace(path)
        else:
            path.unlink()
        with pytest.raises(JournalError, match=f"it was {how}"):
            await take(batches, 1)


async def test_closing_a_tail_leaves_nothing_behind(journal: Journal, path: Path) -> None:
    """Also a tail that is cancelled while it waits ends its threads and connections."""
    before = set(threading.enumerate())
    async with aclosing(tail(path, RUN)) as batches:
        await take(batches, 1)
        waiting = asyncio.ensure_future(take(batches, 1))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    journal.close()
    assert not Path(f"{path}-wal").exists(), "the last connection removes the log"
    assert set(threading.enumerate()) - before == set()
