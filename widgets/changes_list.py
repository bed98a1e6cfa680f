"""The files a run changed, one a row."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from supervisor.views.changes import FileChange
from supervisor.views.safe import one_line
from widgets import look
from widgets.row_list import RowList, bar

_SIGNS = {"added": ("+", look.GREEN), "deleted": ("-", look.RED), "renamed": ("→", look.VIOLET)}


class ChangesList(RowList):
    """Kind, path and calls of each change. Feed it changes."""

    empty = ("Nothing was changed.",)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._changes: tuple[FileChange, ...] = ()

    def show(self, changes: Sequence[FileChange]) -> None:
        """Show `changes`."""
        self._changes = tuple(changes)
        self.rows_changed()

    @property
    def current(self) -> FileChange | None:
        """The change under the cursor."""
        return self._changes[self.cursor] if self.cursor < len(self._changes) else None

    def row_count(self) -> int:
        """How many changes there are."""
        return len(self._changes)

    def row_strip(self, index: int, width: int, ground: str, current: bool) -> Strip:
        """One change."""
        change = self._changes[index]
        sign, color = _SIGNS.get(change.kind, ("~", look.CYAN))
        aspects = [each for each in change.aspects if each != "content"]
        word = one_line(" ".join([change.kind, *aspects]), 30)
        calls = "".join(f" #{n}" for n in change.calls[:6]) + (" …" if len(change.calls) > 6 else "")
        moved = f"{one_line(change.source)} → " if change.source else ""
        room = width - cell_len(word) - cell_len(calls) - 7
        path = look.clip(moved + one_line(change.path), room)
        gap = " " * max(1, room - cell_len(path) + 1)
        return Strip(
            [
                look.segment(*bar(current, self.has_focus)),
                look.segment(f" {sign} ", f"bold {color}"),
                look.segment(path, look.TEXT),
                Segment(gap),
                look.segment(word, color),
                look.segment(f"{calls} ", look.FAINT),
            ]
        )
