"""A question that must not be answered by accident: the safe answer has the focus, early keys are ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from widgets import look
from widgets.held_panel import GUARD_S


class ConfirmScreen(ModalScreen[bool]):
    """Asks one question; gives True only for a deliberate yes, and None if the operator goes back."""

    CSS = f"""
    ConfirmScreen {{ align: center middle; background: {look.GROUND} 60%; }}
    ConfirmScreen > Vertical {{
        width: 60; max-width: 96%; height: auto; background: {look.RAISED}; border: round {look.RED};
        padding: 1 2;
    }}
    ConfirmScreen Static {{ height: auto; margin-bottom: 1; }}
    ConfirmScreen Horizontal {{ height: 1; }}
    ConfirmScreen Button {{
        height: 1; border: none; min-width: 12; margin-right: 2; background: {look.LIFTED};
        color: {look.TEXT};
    }}
    ConfirmScreen Button:focus {{ text-style: bold reverse; background-tint: $foreground 0%; }}
    ConfirmScreen #yes {{ color: {look.RED}; }}
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "back", "back"),
        Binding("n", "answer(False)", "no"),
        Binding("y", "answer(True)", "yes"),
        Binding("left,right,tab", "app.focus_next", "other"),
    ]

    def __init__(
        self, question: Content, yes: str, no: str, clock: Callable[[], float], back: str = ""
    ) -> None:
        """Make the question.

        Args:
            question: its text, safe to show.
            yes: word of the button that does it.
            no: word of the button that does not; it has the focus.
            clock: seconds, never going back.
            back: word of a third button, that answers nothing; without it escape means no.
        """
        super().__init__()
        self._question = question
        self._words = (yes, no)
        self._back = back
        self._clock = clock
        self._since = clock()

    def compose(self) -> ComposeResult:
        """The question and two buttons."""
        yes, no = self._words
        with Vertical():
            yield Static(self._question, markup=False)
            with Horizontal():
                yield Button(Content(f"{no} (n)"), id="no", compact=True)
                yield Button(Content(f"{yes} (y)"), id="yes", compact=True)
                if self._back:
                    yield Button(Content(f"{self._back} (esc)"), id="back", compact=True)

    def on_mount(self) -> None:
        """The safe answer first."""
        self._since = self._clock()
        self.query_one("#no", Button).focus()

    def action_answer(self, yes: bool) -> None:
        """Close with an answer; a yes within the guard time does not count."""
        if yes and self._clock() - self._since < GUARD_S:
            return
        self.dismiss(yes)

    def action_back(self) -> None:
        """Close as if nothing had been asked."""
        self.dismiss(None if self._back else False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button was pressed."""
        event.stop()
        if event.button.id == "back":
            self.action_back()
        else:
            self.action_answer(event.button.id == "yes")
