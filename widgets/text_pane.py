"""A pane of wrapped text that scrolls, drawn line by line: new text never lays the screen out anew."""

from __future__ import annotations

from textual.content import Content
from textual.strip import Strip

from widgets import look
from widgets.line_view import LineView


class TextPane(LineView, can_focus=True):
    """Shows one text. Everything in it must be safe already."""

    def __init__(self, text: Content, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = text
        self._lines: list[Strip] = []
        self._width = 0

    def set_text(self, text: Content, *, home: bool) -> None:
        """Show `text`, from its top if `home`, else from where the operator has scrolled to."""
        self._text = text
        self._wrap()
        if home:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """Another width: wrap anew."""
        if self.scrollable_content_region.width != self._width:
            self._wrap()

    def _wrap(self) -> None:
        self._width = self.scrollable_content_region.width
        width = self._width - 2
        lines = self._text.wrap(width) if width > 0 else []
        self._lines = [Strip([look.segment(" "), *line.render_segments()]) for line in lines]
        self.set_height(len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        ground = look.style(f"on {look.GROUND}")
        if index >= len(self._lines):
            return Strip.blank(width, ground)
        return self._lines[index].adjust_cell_length(width, ground).apply_style(ground)
