"""Following the journal: events as they are committed, by whatever process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from supervisor.journal.doorbell import BRISK_S, Doorbell
from supervisor.journal.events import Recorded
from supervisor.journal.reader import Reader

ABSENT_S = 0.1
"""Time between two looks for a journal that does not exist yet."""


async def tail(
    path: Path,
    run_id: str | None = None,
    after: int = 0,
    *,
    every_s: float = BRISK_S,
    urgent: Callable[[Callable[[], None]], None] = lambda look: None,
) -> AsyncGenerator[list[Recorded], None]:
    """Events in order, a batch at a time: those that exist first, then each as it is committed. Never ends.

    Waits for a journal that does not exist yet. No transaction is open while a batch is out. Close it
    (`contextlib.aclosing`) when done.

    Args:
        path: the SQLite file.
        run_id: of this run; None: of all.
        after: only events with a greater seq.
        every_s: time between two looks while something is happening.
        urgent: is given what makes it look at once.

    Raises:
        JournalError: the journal cannot be read, was deleted or replaced, or a row is of a kind that this
            version does not know.
    """
    while not path.exists():
        await asyncio.sleep(ABSENT_S)
    async with await Reader.open(path) as reader:
        bell = Doorbell(path, every_s)
        urgent(bell.look)
        try:
            while True:
                await bell.ring()
                async for batch in reader.batches(run_id, after):
                    after = batch[-1].seq
                    yield batch
        finally:
            bell.close()
