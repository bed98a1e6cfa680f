"""Waiting for conditions. Deadlines are generous: they end a broken test, they measure nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 180.0
"""After so long whatever is waited for does not come any more, however busy the machine is."""

_STEP_S = 0.01


def wait_for(
    condition: Callable[[], T | None],
    what: str,
    timeout_s: float = PATIENCE_S,
    shown: Callable[[], object] | None = None,
) -> T:
    """The first truthy value of `condition`; AssertionError naming `what` when none came in time.

    Args:
        shown: what else to look at then, where the value itself does not tell: a screen, a history.
    """
    waiting = _Waiting(what, timeout_s, shown)
    while not (value := condition()):
        waiting.in_vain(value)
        time.sleep(_STEP_S)
    return value


async def eventually(
    condition: Callable[[], T | None],
    what: str,
    timeout_s: float = PATIENCE_S,
    shown: Callable[[], object] | None = None,
) -> T:
    """As `wait_for`, without blocking the loop."""
    waiting = _Waiting(what, timeout_s, shown)
    while not (value := condition()):
        waiting.in_vain(value)
        await asyncio.sleep(_STEP_S)
    return value


class _Waiting:
    def __init__(self, what: str, timeout_s: float, shown: Callable[[], object] | None) -> None:
        self._what = what
        self._timeout_s = timeout_s
        self._shown = shown
        self._deadline = time.monotonic() + timeout_s

    def in_vain(self, seen: object) -> None:
        """Fail once it has taken too long."""
        if time.monotonic() > self._deadline:
            told = seen if self._shown is None else self._shown()
            told = told if isinstance(told, str) else repr(told)
            raise AssertionError(f"waited {self._timeout_s:g} s in vain for {self._what}; last seen: {told}")
