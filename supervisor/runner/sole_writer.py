"""Whoever does something about an ended run holds its lock, as its runner did, and so is its only writer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from supervisor.errors import UsageError
from supervisor.journal.rows import RunRow
from supervisor.journal.writer import Journal
from supervisor.places import Places
from supervisor.runner.lock import take

_LEAVES_S = 3.0
"""A runner is there for a moment after its run has ended."""


@contextmanager
def only_writer(places: Places, row: RunRow) -> Iterator[Journal]:
    """The journal, with the run's lock held.

    Raises:
        UsageError: the run goes on, or another process does something about it right now.
    """
    if row.ended is None:
        raise UsageError(f"{row.name} has not ended", cure=f"End it first: supervise stop {row.name}")
    lock = take(places.run_lock(row.id), _LEAVES_S)
    if lock is None:
        raise UsageError(f"{row.name} is being applied by another process")
    try:
        with Journal.open(places.journal) as journal:
            yield journal
    finally:
        os.close(lock)
