"""Calls that wait for the operator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from supervisor.gate.like import Like


class Answer(StrEnum):
    """What a held call can be answered with."""

    ALLOW = "allow"
    ALLOW_LIKE = "allow like"
    DENY = "deny"
    SIMULATE = "simulate"


@dataclass(frozen=True)
class Verdict:
    """An answer and who gave it: `operator <user> on <tty>`, `deadline`, `runner`.

    Attributes:
        rule: with `ALLOW_LIKE` the rule as the operator was shown it.
    """

    answer: Answer
    by: str
    sentence: str = ""
    rule: str = ""


@dataclass
class HeldCall:
    """One call that waits. The first verdict counts; later ones change nothing.

    Attributes:
        like: the pattern of calls like it, or why there is none.
    """

    n: int
    tool_use_id: str
    since: float
    like: Like | str = ""
    _verdict: asyncio.Future[Verdict] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def answer(self, verdict: Verdict) -> bool:
        """Settle the call; False if it was settled before."""
        if self._verdict.done():
            return False
        self._verdict.set_result(verdict)
        return True

    async def wait(self, timeout_s: float) -> Verdict | None:
        """The verdict, or None if none came within `timeout_s` seconds."""
        done, _ = await asyncio.wait({self._verdict}, timeout=timeout_s)
        return self._verdict.result() if done else None


class HeldCalls:
    """The held calls of one run, by number."""

    def __init__(self) -> None:
        self._calls: dict[int, HeldCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of the calls that wait, in the order they came."""
        return tuple(self._calls)

    def add(self, call: HeldCall) -> None:
        """A call begins to wait."""
        self._calls[call.n] = call

    def drop(self, call: HeldCall) -> None:
        """A call waits no longer."""
        self._calls.pop(call.n, None)

    def answer(self, n: int, verdict: Verdict) -> bool:
        """Answer call `n`; False if it does not wait (any more)."""
        call = self._calls.get(n)
        return call is not None and call.answer(verdict)

    def why_not_like(self, n: int, rule: str) -> str:
        """Why calls like call `n` cannot be allowed by the rule that the operator was shown; empty if so."""
        call = self._calls.get(n)
        if call is None:
            return ""
        if isinstance(call.like, str):
            return f"call #{n} can only be allowed once: {call.like}"
        return "" if call.like.shown == rule else f"the rule of call #{n} is another one"

    def answer_all(self, verdict: Verdict) -> None:
        """Answer everything that waits."""
        for call in list(self._calls.values()):
            call.answer(verdict)
