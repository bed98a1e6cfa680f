"""A scroll view that can grow by a line without laying the whole screen out anew."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


class LineView(ScrollView):
    """Base of widgets that draw lines on demand."""

    DEFAULT_CSS = """
    LineView { scrollbar-size-vertical: 1; overflow-x: hidden; scrollbar-gutter: stable; }
    """

    def set_height(self, lines: int) -> None:
        """Say how many lines there are now. The caller draws.

        Setting `virtual_size` costs a layout of the screen each time; here only when the scroll bar comes or
        goes.
        """
        size = Size(0, lines)
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            if self.size:
                self.show_vertical_scrollbar = lines > self.container_size.height
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = lines
                self.vertical_scrollbar.window_size = self.container_size.height
            if self.scroll_y > self.max_scroll_y:
                self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
