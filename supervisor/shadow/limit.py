"""How much of the disk one run's shadow may take."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from supervisor.shadow.kept import size_of

FIELD = "shadow.size_limit_mb"
_MB = 1_000_000
_REST = 4
"""After a look so many times as long passes without one, however much there is to measure."""
_SCARCE_MB = 1_000


class SizeLimit:
    """Says when a shadow has grown beyond its limit. Nothing in it is touched.

    Args:
        megabytes: the limit; 0 is none.
        clock: seconds, never going back.
        rest: lets so many seconds pass.
    """

    def __init__(
        self,
        folder: Path,
        megabytes: int,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = folder
        self._limit = megabytes
        self._clock = clock
        self._rest = rest
        self._grown = threading.Event()
        self._measuring: threading.Thread | None = None
        self._full = ""

    def full(self) -> str:
        """Why the shadow takes no more, as one sentence; empty while it does. As it was last measured: a call
        waits for this, and must not wait for that."""
        return self._full

    def grown(self) -> None:
        """A call may have written: the shadow is measured again, in a thread of its own."""
        self._grown.set()
        if self._limit and self._measuring is None:
            self._measuring = threading.Thread(target=self._measure, name="size limit", daemon=True)
            self._measuring.start()

    def measure(self) -> None:
        """Measure it now, which costs what the run has written, not what the workspace holds."""
        megabytes = size_of(self._folder) / _MB
        over = bool(self._limit) and megabytes > self._limit
        self._full = f"the shadow takes {megabytes:.0f} MB, and {FIELD} allows {self._limit}" if over else ""

    def _measure(self) -> None:
        """Ends with the process."""
        while self._grown.wait():
            self._grown.clear()
            began = self._clock()
            self.measure()
            self._rest(_REST * (self._clock() - began))


def scarce(folder: Path, megabytes: int) -> tuple[str, ...]:
    """A line for the operator where the disk of `folder` may be full before a shadow reaches its limit."""
    free = shutil.disk_usage(folder).free / _MB
    if free >= min(megabytes or _SCARCE_MB, _SCARCE_MB):
        return ()
    allowed = f"{megabytes} MB" if megabytes else "any size"
    return (f"only {free:.0f} MB are free where shadows lie; {FIELD} allows {allowed}",)
