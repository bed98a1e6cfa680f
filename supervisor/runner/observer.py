"""Decisions against outcomes: what the transcript says happened, held to what the gate decided.

Pure bookkeeping: records and decisions in, findings out. The runner journals them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec

from supervisor.journal.events import CallDecided, CallOutcome, CallSettled, Outcome
from supervisor.policy import DecisionKind, Execution
from supervisor.session.transcript import (
    ApiError,
    Asked,
    HookFailed,
    Result,
    TranscriptRecord,
)

RESULT_LIMIT = 8_192
_LAG_S = 2.0
"""The transcript may be this far behind the hooks."""
_HOOK_ERROR = " hook error:"


class HookFault(msgspec.Struct, frozen=True):
    """A hook did not do its work for this call."""

    detail: str
    tool_use_id: str


class Unsupervised(msgspec.Struct, frozen=True):
    """A call ran that the gate never decided."""

    detail: str
    tool_use_id: str


class AgentTrouble(msgspec.Struct, frozen=True):
    """The agent, its model or a tool failed; the gate is fine."""

    detail: str


Finding = CallOutcome | HookFault | Unsupervised | AgentTrouble


class _Standing(msgspec.Struct):
    """What is known of one call."""

    n: int
    tool: str
    decision: DecisionKind
    execution: Execution
    notice: str
    done: bool = False


class Observer:
    """Reconciles per `tool_use_id`.

    Args:
        grace_s: how long a call may stand in the transcript without a decision while nothing else of
            the same agent is running.
    """

    def __init__(self, grace_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._grace_s = grace_s
        self._clock = clock
        self._known: dict[str, _Standing] = {}
        self._asked: dict[str, tuple[Asked, float]] = {}
        self._answered: set[str] = set()
        self._refused: set[str] = set()  # by the gate, which had failed and said so
        self._reported: dict[str, tuple[str, float]] = {}  # undecided; the transcript has not said more yet

    def decided(self, call: CallDecided) -> None:
        """The gate decided a call."""
        self._known[call.tool_use_id] = _Standing(
            call.n, call.tool, call.decision, call.execution, call.notice
        )

    def settled(self, call: CallSettled) -> None:
        """A held call got its verdict."""
        if standing := self._known.get(call.tool_use_id):
            standing.decision, standing.execution = call.decision, call.execution
            standing.notice = call.notice

    def refused(self, tool_use_id: str) -> None:
        """The gate refused it undecided, because of a failure that was told already."""
        self._refused.add(tool_use_id)

    def reported(self, tool_use_id: str, tool: str) -> None:
        """A hook names a call as done. Whether it ran or was refused, the transcript is about to say."""
        if tool_use_id not in self._known and tool_use_id not in self._answered:
            self._reported.setdefault(tool_use_id, (tool, self._clock()))

    def read(self, record: TranscriptRecord) -> Iterator[Finding]:
        """What one record of the transcript means."""
        match record:
            case Asked():
                self._asked.setdefault(record.tool_use_id, (record, self._clock()))
            case Result() if record.tool_use_id not in self._answered:
                self._answered.add(record.tool_use_id)
                self._reported.pop(record.tool_use_id, None)
                yield from self._result(record)
            case HookFailed():
                yield HookFault(
                    f"{record.event} hook: {record.kind} {record.detail}".strip(), record.tool_use_id
                )
            case ApiError():
                yield AgentTrouble(record.text[:500])
            case _:
                pass

    def overdue(self) -> Iterator[HookFault | Unsupervised]:
        """Calls that wait for a decision nobody asked for, or are done and missing in the transcript."""
        now = self._clock()
        for key, (tool, since) in list(self._reported.items()):
            if now - since > _LAG_S:
                yield self._missing(key, tool)
        busy = {
            asked.agent_id
            for asked, _since in self._asked.values()
            if asked.tool_use_id in self._known and asked.tool_use_id not in self._answered
        }
        for key, (asked, since) in list(self._asked.items()):
            if key in self._known or key in self._answered or key in self._reported or asked.agent_id in busy:
                self._asked[key] = (asked, now) if asked.agent_id in busy else (asked, since)
                continue
            if now - since > self._grace_s:
                self._answered.add(key)
                yield HookFault(f"no verdict on {asked.tool} within {self._grace_s:.0f} s", key)

    def unanswered(self) -> Iterator[CallOutcome | Unsupervised]:
        """At the end of a run: calls nobody knows the outcome of."""
        for key, (tool, _since) in list(self._reported.items()):
            yield self._missing(key, tool)
        for key, standing in self._known.items():
            if not standing.done:
                standing.done = True
                yield CallOutcome(standing.n, key, standing.tool, Outcome.UNKNOWN, "", "")

    def _missing(self, key: str, tool: str) -> Unsupervised:
        del self._reported[key]
        self._answered.add(key)
        return Unsupervised(f"{tool} ran without a decision, and the transcript does not show it", key)

    def _result(self, result: Result) -> Iterator[Finding]:
        key = result.tool_use_id
        standing = self._known.get(key)
        asked = self._asked.get(key)
        tool = standing.tool if standing else asked[0].tool if asked else ""
        hook_refused = result.accepted is False and result.source == "hook"
        if standing is None:
            if result.accepted:
                by = result.source or "nobody we know of"
                yield Unsupervised(f"{tool or 'a call'} ran without a decision, granted by {by}", key)
            elif key not in self._refused and (hook_refused or _HOOK_ERROR in result.text[:200]):
                yield HookFault(f"{tool}: {_first_line(result.text)}", key)
            outcome = Outcome.FAILED if result.accepted and result.error else Outcome.REFUSED
            outcome = Outcome.EXECUTED if result.accepted and not result.error else outcome
            yield CallOutcome(0, key, tool, outcome, result.text[:RESULT_LIMIT], result.source)
            return
        standing.done = True
        granted = standing.execution in (Execution.AS_IS, Execution.SHADOW)
        if hook_refused and (granted or standing.notice[:80] not in result.text):
            yield HookFault(f"{tool}: the decision did not reach it: {_first_line(result.text)}", key)
        if result.accepted and standing.execution is Execution.WAITS:
            yield Unsupervised(f"{tool} ran while it was held", key)
        elif result.accepted and not granted and standing.notice[:80] not in result.text:
            yield Unsupervised(f"{tool} ran although it was decided not to", key)
        elif result.accepted and result.source not in ("hook", ""):
            yield Unsupervised(f"{tool} was granted by {result.source}, not by the gate", key)
        yield CallOutcome(
            standing.n, key, tool, _outcome(standing, result), result.text[:RESULT_LIMIT], result.source
        )


def _outcome(standing: _Standing, result: Result) -> Outcome:
    if standing.execution not in (Execution.AS_IS, Execution.SHADOW):
        return Outcome.NOT_EXECUTED
    if result.accepted is False:
        return Outcome.REFUSED
    return Outcome.FAILED if result.error else Outcome.EXECUTED


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:300]
