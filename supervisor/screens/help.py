"""Help: every verb of the screen below, its key, and why it cannot be used now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from supervisor.policy import DecisionKind
from supervisor.screens.verbs import Situation, Verb
from widgets import look

_MEANS = {
    DecisionKind.REAL: "it ran for real",
    DecisionKind.SIMULATED: "nothing outside changed; the agent was told so",
    DecisionKind.BLOCKED: "it was not let through",
    DecisionKind.HELD: "it waits for you",
    DecisionKind.PASS: "a read; it ran",
}


class HelpScreen(ModalScreen[None]):
    """Keys and signs. Any of escape, q and ? closes it."""

    CSS = f"""
    HelpScreen {{ align: center middle; background: {look.GROUND} 60%; }}
    HelpScreen > VerticalScroll {{
        width: 76; max-width: 96%; height: auto; max-height: 94%; background: {look.RAISED};
        border: round {look.EDGE}; border-title-color: {look.BLUE}; padding: 0 2;
        scrollbar-size-vertical: 1;
    }}
    HelpScreen Static {{ height: auto; }}
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "app.pop_screen", "close")]

    def __init__(self, table: tuple[Verb, ...], now: Situation) -> None:
        super().__init__()
        self._table = table
        self._now = now

    def compose(self) -> ComposeResult:
        """One text."""
        lines: list[Content] = []
        for each in self._table:
            why_not = each.why_not(self._now)
            ink, faint = (look.DIM, look.FAINT) if why_not else (look.TEXT, look.DIM)
            key = (f"{each.shown:>6}  ", f"bold {look.FAINT if why_not else look.BLUE}")
            lines.append(Content.assemble(key, (each.sentence, ink)))
            if why_not:
                lines.append(Content.styled(f"        not now: {why_not}", faint))
        lines.append(
            Content.styled(
                "     ↑↓  Move; ← → close and open groups; enter opens; PgUp PgDn scroll.", look.DIM
            )
        )
        lines.append(Content(""))
        for kind, means in _MEANS.items():
            each_look = look.DECISIONS[kind]
            lines.append(
                Content.assemble(
                    (f"     {each_look.icon}  {each_look.word:<10}", each_look.style), (means, look.DIM)
                )
            )
        with VerticalScroll() as pane:
            pane.border_title = "help · escape closes"
            yield Static(Content("\n").join(lines), markup=False)
