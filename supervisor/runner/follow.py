"""Follow a run from outside, as its screen or its foreground process: events as they are committed, and the
end, also when the runner dies or stops answering."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from supervisor.errors import JournalError, RunnerGoneError, UsageError
from supervisor.journal.events import Recorded, RunEnded
from supervisor.journal.listing import find_run
from supervisor.journal.tail import tail
from supervisor.places import Places
from supervisor.runner.control import ControlClient
from supervisor.runner.recover import end_silent, has_runner, recover
from supervisor.runner.spec import load_spec

_LOOK_S = 0.25
_LINES_S = 0.1
"""Whoever reads lines has time, and what is read here and now is taken from the run."""
_SILENCE_S = 5.0


async def follow(
    places: Places,
    run_id: str,
    runner_pid: int,
    silence_s: float,
    unjournaled: Callable[[str], None],
    ended: int | None = None,
) -> AsyncIterator[Recorded]:
    """Every event of the run from its first, until it has ended.

    A runner that is gone is recovered; one that gives no answer for `silence_s` seconds is killed first
    (its guard ends Claude Code with it), because a gate that does not answer has failed.

    Args:
        unjournaled: told, once, of each alert that the journal cannot take yet, as `kind: detail`.
        ended: a descriptor that becomes readable when the runner ends, so that the end is heard at once.

    Raises:
        JournalError: the run has ended, and the journal cannot be read or cannot take its end. Whoever looks
            next, once it is whole, is told.
    """
    queue: asyncio.Queue[Recorded | JournalError] = asyncio.Queue()

    def at_the_end(look: Callable[[], None]) -> None:
        if ended is None:
            return
        loop, descriptor = asyncio.get_running_loop(), ended

        def heard() -> None:
            loop.remove_reader(descriptor)
            look()

        loop.add_reader(descriptor, heard)

    async def read() -> None:
        try:
            async for batch in tail(places.journal, run_id, every_s=_LINES_S, urgent=at_the_end):
                for recorded in batch:
                    queue.put_nowait(recorded)
        except JournalError as cause:
            while has_runner(places, run_id):
                await asyncio.sleep(_LOOK_S)
            queue.put_nowait(cause)

    async def watch() -> None:
        try:
            await _watch(places, run_id, runner_pid, silence_s, unjournaled)
        except JournalError as cause:
            queue.put_nowait(cause)

    reading = asyncio.create_task(read())
    watching = asyncio.create_task(watch())
    try:
        while True:
            recorded = await queue.get()
            if isinstance(recorded, JournalError):
                raise JournalError(
                    f"the run has ended by a hook failure, and the journal failed: {recorded}",
                    cure=f"{recorded.cure} Then `supervise runs` completes the run's history.".strip(),
                ) from recorded
            yield recorded
            if isinstance(recorded.event, RunEnded):
                return
    finally:
        for task in (reading, watching):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def recover_when_lost(places: Places, run_id: str) -> None:
    """End the run in the journal once its runner is gone or silent, so that whoever looks is told.

    Runs until then.

    Raises:
        JournalError: the runner is gone, and the journal cannot take it now.
        UsageError: no such run.
    """
    runner_pid = find_run(places.journal, run_id).runner_pid
    spec = places.run_state(run_id) / "spec.json"
    silence_s = load_spec(spec).deadline_s if spec.exists() else _SILENCE_S
    await _watch(places, run_id, runner_pid, silence_s, lambda _alert: None)


async def _watch(
    places: Places, run_id: str, runner_pid: int, silence_s: float, unjournaled: Callable[[str], None]
) -> None:
    told: set[str] = set()
    client = ControlClient(places.run_runtime(run_id) / "control.sock")
    heard = time.monotonic()
    misses = 0  # one may be our own: this process was stopped or asleep while it asked
    while has_runner(places, run_id):
        misses += 1
        with contextlib.suppress(RunnerGoneError, UsageError, TimeoutError):
            async with asyncio.timeout(silence_s / 2):
                status = await client.status()
            heard, misses = time.monotonic(), 0
            for alert in dict.fromkeys(status.pending):
                if alert not in told:
                    told.add(alert)
                    unjournaled(alert)
        if misses > 1 and time.monotonic() - heard > silence_s:
            why = f"the gate did not answer for {silence_s:.0f} s; its runner was ended, nothing went through"
            await asyncio.to_thread(end_silent, places, run_id, runner_pid, why)
            return
        await asyncio.sleep(_LOOK_S)
    await asyncio.to_thread(recover, places)
