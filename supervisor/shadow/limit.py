"""How much of the disk one run's shadow may take."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from supervisor.shadow.kept import size_of

FIELD = "shadow.size_limit_mb"
_MB = 1_000_000
_SHARE = 20
"""Measuring takes at most one part in so many of the time, however much there is to measure."""
_SCARCE_MB = 1_000


class SizeLimit:
    """Says when a shadow has grown beyond its limit. Nothing in it is touched.

    Args:
        megabytes: the limit; 0 is none.
        clock: seconds, never going back.
    """

    def __init__(self, folder: Path, megabytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._limit = megabytes
        self._clock = clock
        self._next = 0.0
        self._full = ""

    def full(self) -> str:
        """Why the shadow takes no more, as one sentence; empty while it does.

        It is measured anew, which costs what the run has written, not what the workspace holds.
        """
        began = self._clock()
        if self._limit and began >= self._next:
            megabytes = size_of(self._folder) / _MB
            ended = self._clock()
            self._next = ended + _SHARE * (ended - began)
            over = megabytes > self._limit
            self._full = (
                f"the shadow takes {megabytes:.0f} MB, and {FIELD} allows {self._limit}" if over else ""
            )
        return self._full


def scarce(folder: Path, megabytes: int) -> tuple[str, ...]:
    """A line for the operator where the disk of `folder` may be full before a shadow reaches its limit."""
    free = shutil.disk_usage(folder).free / _MB
    if free >= min(megabytes or _SCARCE_MB, _SCARCE_MB):
        return ()
    allowed = f"{megabytes} MB" if megabytes else "any size"
    return (f"only {free:.0f} MB are free where shadows lie; {FIELD} allows {allowed}",)
