"""What of a run asks for the operator's attention: standing alerts, what to do about them, when to ring."""

from __future__ import annotations

from supervisor.journal.events import State
from supervisor.policy import AlertKind
from supervisor.views.run import AlertView, RunView
from widgets.alert_banner import foremost


class Attention:
    """Remembers what the operator has put aside and heard of, on one screen.

    Attributes:
        told: what the runner itself says is wrong; empty if all is well.
    """

    def __init__(self, opened: float) -> None:
        """Nothing is put aside yet. `opened`: when the screen was, in seconds since the epoch."""
        self.told = ""
        self._opened = opened
        self._aside: set[int] = set()
        self._alerts_heard = 0
        self._held_heard = 0

    def standing(self, view: RunView) -> tuple[AlertView, ...]:
        """The alerts not put aside, and what the runner says if no alert says it."""
        standing = tuple(alert for i, alert in enumerate(view.alerts) if i not in self._aside)
        if self.told and view.live and all(a.kind is not AlertKind.HOOK_FAILURE for a in standing):
            # A runner whose journal is full or locked can say so only here.
            return (*standing, AlertView(AlertKind.HOOK_FAILURE, self._opened, self.told))
        return standing

    def put_aside(self, view: RunView) -> None:
        """Put every alert there is aside; later ones stand again."""
        self._aside |= set(range(len(view.alerts)))

    def advice(self, view: RunView) -> str:
        """What the operator can do about the foremost alert, in a few words."""
        alert = foremost(self.standing(view))
        if alert is None:
            return ""
        if not view.live:
            return "The run has ended."
        if alert.detail == self.told:
            return "Nothing runs until the gate is open again."
        if view.state is State.PAUSED:
            return "c continues, x ends the run."
        if alert.kind is AlertKind.HOOK_FAILURE:
            return "The gate must answer before anything runs; p puts this aside."
        return "The run goes on; p puts this aside."

    def rings(self, view: RunView) -> bool:
        """Whether something has come up, since the last question and since the screen opened."""
        news = any(alert.time >= self._opened for alert in view.alerts[self._alerts_heard :])
        newest = view.held[-1] if view.held else 0
        held = view.call(newest)
        asks = newest > self._held_heard and held is not None and held.time >= self._opened
        self._alerts_heard = len(view.alerts)
        self._held_heard = max(self._held_heard, newest)
        return news or asks
