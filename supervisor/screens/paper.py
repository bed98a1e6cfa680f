"""A sheet of text over the screen below."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from widgets import look


class PaperScreen(ModalScreen[None]):
    """Shows one text, safe already. Escape and q close it, and the keys that opened it."""

    DEFAULT_CSS = f"""
    PaperScreen {{ align: center middle; background: {look.GROUND} 60%; }}
    PaperScreen > VerticalScroll {{
        width: 76; max-width: 96%; height: auto; max-height: 94%; background: {look.RAISED};
        border: round {look.EDGE}; border-title-color: {look.BLUE}; padding: 0 2;
        scrollbar-size-vertical: 1;
    }}
    PaperScreen Static {{ height: auto; }}
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,s", "app.pop_screen", "close")
    ]

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._heading = title
        self._text = text

    def compose(self) -> ComposeResult:
        """One text."""
        with VerticalScroll() as pane:
            pane.border_title = f"{self._heading} · escape closes"
            yield Static(self._text, markup=False)
