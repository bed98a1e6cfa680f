"""Which call made which change in the shadow, as the run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from supervisor.journal.events import CallDecided
from supervisor.policy import Execution
from supervisor.shadow.attribution import Ledger, Touched, attribute
from supervisor.shadow.backend import Shadow


class Credit:
    """Credits changes to the calls that run in the shadow.

    Claude Code runs the calls of one agent that are not read-only one after the other, so the next one's
    start is the end of the one before, however late its own hook reports.

    Args:
        touched: told of each set of changed paths and their calls.
    """

    def __init__(self, shadow: Shadow, touched: Callable[[Touched], None]) -> None:
        self._shadow = shadow
        self._touched = touched
        self._ledger = Ledger(shadow.snapshot())
        self._running: dict[str, CallDecided] = {}

    def starts(self, call: CallDecided) -> None:
        """A call was decided; its answer leaves after this."""
        if call.execution is not Execution.SHADOW:
            return
        now = self._shadow.snapshot()
        before = [each for each in self._running.values() if each.agent_id == call.agent_id]
        for each in before:
            self._end(each)
        self._tell(self._ledger.started(call.tool_use_id, now))
        self._running[call.tool_use_id] = call

    def ended(self, tool_use_id: str) -> None:
        """A call has run."""
        if (call := self._running.get(tool_use_id)) is not None:
            self._end(call)

    def look(self) -> None:
        """Credit what changed since the last look: what runs in the background reports nothing."""
        self._tell(self._ledger.look(self._shadow.snapshot()))

    def seen(self) -> tuple[dict[str, Any], ...]:
        """The whole change set as it stands now, as plain data, each change with the calls that made it."""
        changes = attribute(self._shadow.changes(hash_deleted=True), self._ledger.touched)
        return tuple(msgspec.to_builtins(changes.changes))

    def _end(self, call: CallDecided) -> None:
        del self._running[call.tool_use_id]
        background = bool(call.input.get("run_in_background"))
        now = self._shadow.snapshot()
        self._tell(self._ledger.ended(call.tool_use_id, now, still_running=background))

    def _tell(self, touched: Touched | None) -> None:
        if touched is not None:
            self._touched(touched)
