"""The banner of alerts. Hook failures own it: while one stands, no other alert covers it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from supervisor.policy import AlertKind
from supervisor.views.run import AlertView
from supervisor.views.safe import one_line
from widgets import look

RANK = (
    AlertKind.HOOK_FAILURE,
    AlertKind.UNSUPERVISED_CALL,
    AlertKind.CONTAINMENT_LOST,
    AlertKind.TAMPERING,
    AlertKind.DRIFT,
    AlertKind.AGENT_FAILURE,
    AlertKind.CONFIG_WARNING,
)
"""Which alert is shown first."""


def foremost(alerts: tuple[AlertView, ...]) -> AlertView | None:
    """The alert to show: the gravest kind, of it the newest."""
    return min(reversed(alerts), key=lambda alert: RANK.index(alert.kind), default=None)


class AlertBanner(Static):
    """One alert, in the look of its kind, and how many others wait behind it. Empty: not there."""

    DEFAULT_CSS = """
    AlertBanner { height: auto; display: none; padding: 0 1; }
    AlertBanner.-shown { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._key: object = None

    def show(self, alerts: tuple[AlertView, ...], advice: str) -> None:
        """Show the foremost of `alerts`.

        Args:
            alerts: those not put aside yet.
            advice: what the operator can do now, in a few words.
        """
        alert = foremost(alerts)
        key = (alert, len(alerts), advice)
        if key == self._key:
            return
        self._key = key
        self.set_class(alert is not None, "-shown")
        if alert is None:
            self.update(Content(""))
            return
        kind = look.ALERTS[alert.kind]
        others = f"   (+{len(alerts) - 1} more)" if len(alerts) > 1 else ""
        about = f" at #{alert.n}" if alert.n else ""
        self.styles.background = kind.ground
        self.styles.color = kind.ink
        first = Content.assemble(
            (f"{kind.icon} {kind.words}{about}", "bold"), f"  {one_line(alert.detail, 300)}{others}"
        )
        tail = Content(f"  {advice}") if advice else Content("")
        second = Content.assemble((kind.means, "bold"), tail)
        self.update(Content("\n").join([first, second]))
