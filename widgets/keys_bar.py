"""The footer: keys and what they do now; those that cannot be used now are faint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets import look


@dataclass(frozen=True)
class KeyHint:
    """One key of the footer.

    Attributes:
        verb: id of the verb behind it.
        key: as printed, e.g. `a`, `^p`.
        word: one or two words.
        enabled: whether it can be used now.
        urgent: the operator is being asked for this one.
    """

    verb: str
    key: str
    word: str
    enabled: bool = True
    urgent: bool = False


class KeysBar(Widget):
    """One line of key hints, the urgent ones first. Feed it hints; it says which was clicked."""

    DEFAULT_CSS = f"""
    KeysBar {{ height: 1; background: {look.RAISED}; }}
    """

    class Clicked(Message):
        """The operator clicked a hint."""

        def __init__(self, verb: str) -> None:
            super().__init__()
            self.verb = verb

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hints: tuple[KeyHint, ...] = ()
        self._spans: list[tuple[int, int, str]] = []

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Show these; what does not fit is in the palette and the help."""
        shown = tuple(sorted(hints, key=lambda hint: not hint.urgent))
        if shown != self._hints:
            self._hints = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        self._spans = []
        segments: list[Segment] = [Segment(" ")]
        at = 1
        last = [hint for hint in self._hints if hint.verb in ("help", "leave")]
        reserve = sum(cell_len(f"{hint.key} {hint.word}  ") for hint in last)
        for hint in [*(h for h in self._hints if h not in last), *last]:
            cells = cell_len(f"{hint.key} {hint.word}  ")
            if hint in last:
                reserve -= cells
            if at + cells + reserve > width + 1:
                continue
            key_style = f"bold {look.YELLOW}" if hint.urgent else f"bold {look.BLUE}"
            word_style = look.BRIGHT if hint.urgent else look.TEXT
            if not hint.enabled:
                key_style = word_style = f"{look.EDGE}"
            segments += [
                look.segment(hint.key, key_style),
                Segment(" "),
                look.segment(hint.word, word_style),
                Segment("  "),
            ]
            self._spans.append((at, at + cells - 2, hint.verb))
            at += cells
        ground = look.style(f"on {look.RAISED}")
        return Strip(segments).adjust_cell_length(width, ground).apply_style(ground)

    def on_click(self, event: events.Click) -> None:
        """A click on a hint is its key."""
        for start, end, verb in self._spans:
            if start <= event.x < end:
                self.post_message(self.Clicked(verb))
