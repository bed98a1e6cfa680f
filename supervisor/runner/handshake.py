"""The handshake of one run: the proof that Claude Code's hooks reach the gate, or that it did not come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from supervisor.runner.spec import RunSpec

_DIALOG_S = 5.0
"""After this long without a handshake a person is probably asked something (trust, login)."""


class Handshake:
    """Came, awaited, or not to come any more.

    Args:
        fault: told once the hooks are known not to be live.
        dialog: told when a person probably has to answer Claude Code first.
    """

    def __init__(self, spec: RunSpec, fault: Callable[[str], None], dialog: Callable[[str], None]) -> None:
        self._spec = spec
        self._fault = fault
        self._dialog = dialog
        self._proven = asyncio.Event()
        self._opened = False
        self._failed = False

    @property
    def came(self) -> bool:
        """Whether SessionStart has reached the gate with the nonce, and its answer Claude Code."""
        return self._proven.is_set()

    @property
    def failed(self) -> bool:
        """Whether it did not come, and cannot any more: Claude Code runs without live hooks."""
        return self._failed and not self.came

    def prove(self) -> None:
        """It came."""
        self._proven.set()

    def opened(self) -> None:
        """Claude Code has begun its session: no dialog stands in the way of the handshake any more."""
        self._opened = True
        grace_s = self._spec.deadline_s + 1
        detail = f"no handshake within {grace_s:.0f} s of Claude Code's start: the hooks are not live"
        asyncio.get_running_loop().call_later(grace_s, self.broke, detail)

    def broke(self, detail: str) -> None:
        """The hook that should have proven the hooks did not, unless another one had."""
        if not self.came:
            self._failed = True
            self._fault(detail)

    async def wait(self) -> bool:
        """Wait for it: in a terminal as long as a person may take, headless as long as is allowed."""
        if await self._within(_DIALOG_S):
            return True
        if not self._spec.headless:
            if not self._opened:
                self._dialog("it may be asking for trust or a login (no handshake yet)")
            return await self._proven.wait()
        if await self._within(self._spec.handshake_s - _DIALOG_S):
            return True
        self._fault(f"no handshake within {self._spec.handshake_s:.0f} s: the hooks are not live")
        return False

    async def _within(self, seconds: float) -> bool:
        try:
            return await asyncio.wait_for(self._proven.wait(), seconds)
        except TimeoutError:
            return False
