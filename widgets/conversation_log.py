"""The conversation: what the operator and the agent said, the calls in between and what came back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip

from supervisor.views.conversation import ConversationItem, Role
from supervisor.views.safe import many_lines, one_line
from supervisor.views.titles import tool_name
from widgets import look
from widgets.line_view import LineView

KEPT = 2_000
"""Pieces kept; older ones are in the transcript."""

_ROLES = {
    Role.OPERATOR: ("❯ you", look.BLUE, look.BRIGHT, 60),
    Role.AGENT: ("◆ agent", look.VIOLET, look.TEXT, 200),
    Role.CALL: ("→", look.DIM, look.DIM, 4),
    Role.RESULT: ("←", look.DIM, look.DIM, 6),
    Role.NOTE: ("∗ supervisor", look.YELLOW, look.DIM, 20),
}


class ConversationLog(LineView, can_focus=True):
    """The conversation, newest at the bottom; it stays there unless the operator scrolled away."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: list[ConversationItem] = []
        self._lines: list[Strip] = []
        self._width = 0
        self._dropped = 0
        self._at_end = True
        self._measuring = False

    def add(self, items: Sequence[ConversationItem]) -> None:
        """Add pieces at the end."""
        if not items:
            return
        self._items += items
        if len(self._items) > KEPT + 200:
            self._dropped += len(self._items) - KEPT
            self._items = self._items[-KEPT:]
            self._wrap_all()
        elif self._width:
            for item in items:
                self._lines += self._wrap(item)
        self._measure()

    def on_resize(self) -> None:
        """Another width: wrap anew; another height: stay at the end."""
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width = width
            self._wrap_all()
        self._measure()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The operator scrolled: stay at the end only if they went there."""
        super().watch_scroll_y(old_value, new_value)
        if not self._measuring:
            self._at_end = self.is_vertical_scroll_end

    def _wrap_all(self) -> None:
        self._lines = []
        if self._dropped:
            note = ConversationItem(Role.NOTE, f"{self._dropped:,} older pieces are in the transcript.")
            self._lines += self._wrap(note)
        for item in self._items:
            self._lines += self._wrap(item)

    def _measure(self) -> None:
        self._measuring = True
        self.set_height(len(self._lines))
        if self._at_end:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        self._measuring = False
        self.refresh()

    def _wrap(self, item: ConversationItem) -> list[Strip]:
        head, head_ink, ink, most = _ROLES[item.role]
        if item.agent_id:
            head = f"↳ {head}"
        if item.role is Role.RESULT and item.error:
            head, head_ink = "← error", look.RED
        text = many_lines(item.text.strip("\n"), lines=most, line_limit=600, limit=8_000)
        quiet = item.role in (Role.CALL, Role.RESULT)
        lines: list[Strip] = []
        if quiet:
            name = f" {tool_name(item.tool)} " if item.tool and item.role is Role.CALL else " "
            content = Content.assemble((head, head_ink), (name, f"bold {look.TEXT}"), (text, ink))
        else:
            if self._lines:
                lines.append(Strip([]))
            agent = f" {one_line(item.agent_id, 12)}" if item.agent_id else ""
            lines.append(Strip([look.segment(f" {head}{agent}", f"bold {head_ink}")]))
            content = Content.styled(text, ink)
        for line in content.wrap(max(8, self._width - 3)):
            segments = [Segment("   " if quiet else " ")]
            segments += line.render_segments()
            lines.append(Strip(segments))
        return lines

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        ground = look.style(f"on {look.GROUND}")
        if not self._lines and y == 0:
            strip = Strip([look.segment(" Nothing said yet.", look.DIM)])
        elif index < len(self._lines):
            strip = self._lines[index]
        else:
            return Strip.blank(width, ground)
        return strip.adjust_cell_length(width, ground).apply_style(ground)
