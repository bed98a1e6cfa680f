"""A run as lines of text: what a headless run prints while it goes on."""

from __future__ import annotations

from supervisor.journal.events import (
    AlertRaised,
    CallDecided,
    CallOutcome,
    CallSettled,
    Outcome,
    Recorded,
    RunEnded,
    RunStarted,
    SessionReady,
    StateChanged,
)
from supervisor.policy import AlertKind, DecisionKind
from supervisor.views.safe import one_line

_WIDTH = 160


class Progress:
    """Turns events into lines. Reads are counted, not listed; the counts come with the end."""

    def __init__(self) -> None:
        self._name = ""
        self._reads = 0
        self._dry = False
        self._diverged = False

    def lines(self, recorded: Recorded) -> list[str]:
        """The lines that `recorded` adds; none for what an onlooker need not know."""
        match recorded.event:
            case RunStarted() as event:
                self._name = event.name
                told = [
                    f"{event.name}: {event.mode.value}, Claude Code {event.claude_version}, in {event.cwd}"
                ]
                told += [
                    f"  floor {n}: {text}"
                    for n, text in event.floors.items()
                    if n == "4" or text.startswith("missing")  # what it covers depends on the run
                ]
                told += [f"  {one_line(line, _WIDTH)}" for line in event.notes]
                told += [f"  suspended: {one_line(line, _WIDTH)}" for line in event.suspended]
                return told
            case SessionReady(source="startup" | "resume"):
                return ["gate: proven, handing over the task"]
            case CallDecided(decision=DecisionKind.PASS):
                self._reads += 1
                return []
            case CallDecided() as event:
                return [self._call(event), *self._turned(event.n, event.dry, event.diverged)]
            case CallSettled() as event:
                words = one_line(event.why, _WIDTH)
                return [
                    f"#{event.n} {event.decision.value}: {words}",
                    *self._turned(event.n, event.dry, event.diverged),
                ]
            case CallOutcome(outcome=Outcome.FAILED | Outcome.REFUSED) as event:
                first = event.result.strip().partition("\n")[0]
                return [f"#{event.n} {event.outcome.value}: {one_line(first, _WIDTH)}"]
            case AlertRaised() as event:
                mark = "!!" if event.alert is AlertKind.HOOK_FAILURE else "!"
                return [f"{mark} {event.alert.value.upper()}: {one_line(event.detail, 400)}"]
            case StateChanged() as event if event.state.value in ("waiting", "paused"):
                return [f"{event.state.value}: {one_line(event.detail, _WIDTH)}"]
            case RunEnded() as event:
                return [
                    f"{self._name}: {event.ending.value}; {self._reads} reads passed."
                    f" supervise show {self._name}"
                ]
            case _:
                return []

    def unjournaled(self, alert: str) -> str:
        """The line for an alert, `kind: detail`, that the journal cannot take yet."""
        return f"!! {one_line(alert, 400)} (not in the journal yet)"

    def _call(self, event: CallDecided) -> str:
        target = one_line(", ".join(event.targets), 100)
        return f"#{event.n} {event.decision.value}: {one_line(event.tool, 40)} {target} ({event.rule})"

    def _turned(self, n: int, dry: bool, diverged: bool) -> list[str]:
        told = []
        if dry and not self._dry:
            told.append(f"the run is dry from #{n} on: every later write is simulated")
        if diverged and not self._diverged:
            told.append(
                f"fidelity diverged at #{n}: from here on the agent does not see what live would show"
            )
        self._dry, self._diverged = self._dry or dry, self._diverged or diverged
        return told
