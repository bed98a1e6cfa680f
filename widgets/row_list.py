"""A list of rows that draws only what shows: its cost follows the height of the screen."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from widgets.line_view import LineView
from widgets.look import DIM, GROUND, LIFTED, RAISED, segment, style

STRIPS_KEPT = 4_000
"""Rows kept as drawn."""


class RowList(LineView, can_focus=True):
    """Base of lists with a cursor. A subclass says how many rows there are and what each looks like."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False),
        Binding("home", "jump(0)", "first", show=False),
        Binding("end", "jump(-1)", "last", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    cursor: reactive[int] = reactive(0, init=False)

    empty: tuple[str, ...] = ()
    """Lines shown while there are no rows."""

    class Moved(Message):
        """The operator moved the cursor."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            """The list it happened in."""
            return self.rows

    class Chosen(Moved):
        """The operator opened the row under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._strips: dict[tuple[Hashable, int, str, bool], Strip] = {}
        self._painted: dict[int, Strip] = {}

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row_strip(self, index: int, width: int, ground: str, current: bool) -> Strip:
        """Row `index` drawn on `width` cells over the colour `ground`. Everything in it must be safe text."""
        raise NotImplementedError

    def row_token(self, index: int) -> Hashable:
        """What the look of row `index` follows from: while it is the same, so is the row. None: unknown."""
        return None

    def selectable(self, index: int) -> bool:
        """Whether the cursor may rest on row `index`."""
        return True

    def rows_changed(self) -> None:
        """The rows are other ones than before: measure, and draw those lines that look different."""
        count = self.row_count()
        self.set_reactive(RowList.cursor, max(0, min(self.cursor, count - 1)))
        self.set_height(count)
        self._draw_changed()

    def _draw_changed(self) -> None:
        """Draw the lines whose strip is another than the one painted last."""
        top = self.scroll_offset.y
        for y in range(self.size.height):
            if self._strip(y) is not self._painted.get(y):
                self.refresh_line(top + y)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        strip = self._painted[y] = self._strip(y)
        return strip

    def _strip(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        current = index == self.cursor
        ground = (LIFTED if self.has_focus else RAISED) if current else GROUND
        count = self.row_count()
        if index >= count:
            if not count and 0 < y <= len(self.empty):
                line = Strip([segment(f"  {self.empty[y - 1]}", f"{DIM} on {GROUND}")])
                return line.adjust_cell_length(width, style(f"on {GROUND}"))
            return _blank(width)
        token = self.row_token(index)
        key = (token, width, ground, current)
        known = None if token is None else self._strips.get(key)
        if known is None:
            known = self.row_strip(index, width, ground, current)
            known = known.adjust_cell_length(width, style(f"on {ground}")).apply_style(style(f"on {ground}"))
            if token is not None:
                if len(self._strips) >= STRIPS_KEPT:
                    self._strips.clear()
                self._strips[key] = known
        return known

    def watch_cursor(self) -> None:
        """Keep the cursor in sight."""
        self.reveal(self.cursor)
        self._draw_changed()

    def reveal(self, index: int) -> None:
        """Scroll as little as possible so that row `index` shows."""
        height = max(1, self.scrollable_content_region.height)
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=max(0, index - 1), animate=False, force=True, immediate=True)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True, immediate=True)

    def place(self, index: int) -> None:
        """Put the cursor on row `index` without telling anybody, and show it."""
        self.set_reactive(RowList.cursor, index)
        self.reveal(index)
        self._draw_changed()

    def go(self, index: int, step: int) -> None:
        """Move to the nearest selectable row at or after `index` in direction `step`, and tell."""
        count = self.row_count()
        index = max(0, min(index, count - 1))
        while 0 <= index < count and not self.selectable(index):
            index += step
        if 0 <= index < count:
            self.cursor = index
            self.post_message(self.Moved(self))

    def action_move(self, by: int) -> None:
        """One row up or down."""
        self.go(self.cursor + by, by)

    def action_page(self, direction: int) -> None:
        """One page up or down."""
        self.go(self.cursor + direction * max(1, self.size.height - 1), direction)

    def action_jump(self, where: int) -> None:
        """To the first or the last row."""
        self.go(0 if where == 0 else self.row_count() - 1, 1 if where == 0 else -1)

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if not self.row_count():
            raise SkipAction  # the screen may know what to say
        self.post_message(self.Chosen(self))

    async def _on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.y
        if index < self.row_count() and self.selectable(index):
            again = index == self.cursor
            self.cursor = index
            self.post_message(self.Chosen(self) if again else self.Moved(self))

    def on_focus(self) -> None:
        """The cursor looks stronger with focus."""
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    def on_blur(self) -> None:
        """And weaker without."""
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    def on_resize(self) -> None:
        """Keep the cursor in sight when the screen changes."""
        self.reveal(self.cursor)


def bar(current: bool, focused: bool) -> tuple[str, str]:
    """The mark before the row under the cursor, as text and style: seen without colour."""
    return ("▌", "#7aa2f7" if focused else "#343c4a") if current else (" ", "")


@lru_cache(maxsize=8)
def _blank(width: int) -> Strip:
    return Strip.blank(width, style(f"on {GROUND}"))
