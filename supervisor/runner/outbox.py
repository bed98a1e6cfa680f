"""What a run has to say, on its way into the journal: in order, and kept while the journal cannot take it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from supervisor.errors import JournalError, RefusedError
from supervisor.journal.events import AlertRaised, AnyEvent
from supervisor.journal.writer import Journal
from supervisor.runner.unsaid import save_unsaid

_RETRY_S = 0.5
_BRIEFLY_S = 0.05
"""How long a retry waits for a lock: whatever waits blocks the gate."""


class Outbox:
    """Journals the events of one run.

    Args:
        failed: told when the journal fails; events wait from then on.
    """

    def __init__(self, journal: Journal, run_id: str, failed: Callable[[JournalError], None]) -> None:
        self._journal = journal
        self._run_id = run_id
        self._failed = failed
        self._waiting: deque[tuple[AnyEvent, bool]] = deque()
        self._broken = False

    @property
    def alerts(self) -> tuple[str, ...]:
        """Alerts that wait, as `kind: detail`."""
        waiting = (event for event, _ in self._waiting)
        return tuple(f"{e.alert.value}: {e.detail}" for e in waiting if isinstance(e, AlertRaised))

    def broken(self) -> None:
        """The journal is known to fail: do not wait for it before the next retry, and then not for long."""
        self._broken = True
        self._journal.wait_for_locks(_BRIEFLY_S)

    def put(self, event: AnyEvent, *, durable: bool) -> None:
        """Journal `event`, now or as soon as the journal can take it. See `Journal.append` for `durable`."""
        self._waiting.append((event, durable))
        if not self._broken:
            self.flush()

    def flush(self) -> bool:
        """Journal what waits; whether nothing waits any more. Blocks as long as the journal lets it wait."""
        while self._waiting:
            event, durable = self._waiting[0]
            try:
                self._journal.append(self._run_id, event, durable=durable)
            except RefusedError as cause:
                self._failed(cause)  # it never will be taken: what comes after it must not wait for it
            except JournalError as cause:
                if not self._broken:
                    self.broken()
                    self._failed(cause)
                return False
            self._waiting.popleft()
        if self._broken:
            self._broken = False
            self._journal.wait_for_locks()
        return True

    async def retry(self) -> None:
        """Flush again and again, until cancelled."""
        while True:
            await asyncio.sleep(_RETRY_S)
            self.flush()

    def save(self, folders: Sequence[Path]) -> None:
        """Keep what still waits, for whoever ends the run in the journal."""
        save_unsaid([event for event, _ in self._waiting], folders)
