"""Waiting for conditions. Deadlines are generous: they end a broken test, they measure nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_STEP_S = 0.01


def wait_for(condition: Callable[[], T | None], what: str, timeout_s: float = 60) -> T:
    """The first truthy value of `condition`; AssertionError naming `what` when none came in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s in vain for {what}; last seen: {value!r}")
        time.sleep(_STEP_S)


async def eventually(condition: Callable[[], T | None], what: str, timeout_s: float = 60) -> T:
    """As `wait_for`, without blocking the loop."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s in vain for {what}; last seen: {value!r}")
        await asyncio.sleep(_STEP_S)
