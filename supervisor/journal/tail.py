"""Following the journal: events as they are committed, by whatever process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from supervisor.journal import faults
from supervisor.journal.access import connect
from supervisor.journal.events import Recorded
from supervisor.journal.reader import Reader

BRISK_S = 0.015
"""Time between two looks while something is happening."""

IDLE_S = 0.2
"""Time between two looks when nothing has happened for a while."""


async def tail(path: Path, run_id: str | None = None, after: int = 0) -> AsyncIterator[list[Recorded]]:
    """Events in order, a batch at a time, those that exist first, then each as it is committed. Never ends.

    Waits for a journal that does not exist yet. Close it (`aclose`, or `contextlib.aclosing`) when done.

    Args:
        path: the SQLite file.
        run_id: of this run; None: of all.
        after: only events with a greater seq.

    Raises:
        JournalError: the journal cannot be read, or a row is of a kind that this version does not know.
    """
    while not path.exists():  # noqa: ASYNC110 (another process makes it)
        await asyncio.sleep(IDLE_S)
    doorbell = connect(path, "ro", busy_timeout_s=0)
    try:
        async with await Reader.open(path) as reader:
            seen, pause = -1, BRISK_S
            while True:
                now = _data_version(path, doorbell)
                if now == seen:
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.1, IDLE_S)
                    continue
                seen, pause = now, BRISK_S
                async for batch in reader.batches(run_id, after):
                    after = batch[-1].seq
                    yield batch
    finally:
        doorbell.close()


def _data_version(path: Path, doorbell: sqlite3.Connection) -> int:
    with faults.faults(path):
        return int(doorbell.execute("PRAGMA data_version").fetchone()[0])
