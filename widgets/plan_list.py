"""The items of a plan with tick boxes; what uses another one hangs under it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from supervisor.views.review import DriftView, ItemView, ReviewView, Ticks, lay_out
from supervisor.views.safe import one_line
from supervisor.views.titles import tool_name
from supervisor.views.vocabulary import Outcome
from widgets import look
from widgets.row_list import RowList, bar

_DEEPEST = 4
"""Steps to the right at the most."""

_KINDS = {
    "files": ("~ files", look.CYAN),
    "command": ("$ runs", look.YELLOW),
    "mcp": ("» call", look.VIOLET),
    "other": ("? other", look.DIM),
}
_OUTCOMES = {Outcome.EXECUTED: ("done", look.GREEN), Outcome.FAILED: ("FAILED", look.RED)}


class PlanList(RowList):
    """Ticks, numbers, kinds and marks of the items. Feed it a review and what is ticked."""

    empty: tuple[str, ...] = ("Looking at the plan…",)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._review = ReviewView("", "", "", ())
        self._rows = lay_out(())
        self._ticks = Ticks()
        self._missing: Mapping[int, tuple[int, ...]] = {}
        self._drift: Mapping[int, tuple[DriftView, ...]] = {}

    def show(
        self,
        review: ReviewView,
        ticks: Ticks,
        missing: Mapping[int, tuple[int, ...]],
        drift: Mapping[int, tuple[DriftView, ...]],
    ) -> None:
        """Show the items as they stand.

        Args:
            missing: per would-be orphan the numbers of what it uses and is left out.
            drift: per item what has changed since the rehearsal.
        """
        if review.items is not self._review.items:
            self._rows = lay_out(review.items)
            self._strips.clear()  # rows are known by their places
        self._review, self._ticks, self._missing, self._drift = review, ticks, missing, drift
        self.rows_changed()

    @property
    def current(self) -> ItemView | None:
        """The item under the cursor."""
        return self._review.items[self._rows[self.cursor].at] if self.cursor < len(self._rows) else None

    def find(self, n: int) -> int:
        """The row of item `n`; 0 if there is none."""
        items = self._review.items
        return next((i for i, row in enumerate(self._rows) if not row.note and items[row.at].n == n), 0)

    def row_count(self) -> int:
        """Items, and a row more for those that use another one."""
        return len(self._rows)

    def selectable(self, index: int) -> bool:
        """What an item uses is no row of its own."""
        return not self._rows[index].note

    def row_token(self, index: int) -> Hashable:
        """All that the look of a row follows from."""
        row = self._rows[index]
        item = self._review.items[row.at]
        ticks = self._ticks
        orphan, drift = self._missing.get(item.n, ()), item.n in self._drift
        return (
            row.at, row.depth, row.note, ticks.has(item), item.n in ticks.for_real, item.n in ticks.over,
            orphan, drift, self.has_focus,
        )  # fmt: skip

    def row_strip(self, index: int, width: int, ground: str, current: bool) -> Strip:
        """One row."""
        row = self._rows[index]
        item = self._review.items[row.at]
        step = "  " * min(row.depth, _DEEPEST)
        if row.note:
            return self._note(item, f"{'':<19}{step}", width)
        ticked = self._ticks.has(item)
        kind, color = _KINDS[self._kind(item)]
        ink = look.TEXT if ticked else look.FAINT
        marks = self.marks(item)
        shown = [(text, style if ticked or style == look.RED else look.FAINT) for text, style in marks]
        room = width - 20 - len(step) - sum(cell_len(text) + 2 for text, _style in shown)
        tool = "" if item.files or "command" in item.input else f"{tool_name(item.tool)} "
        hangs = step[:-2] + "└ " if step else ""
        folder = f"(in {one_line(item.folder, 40)}) " if item.folder and not item.files else ""
        title = look.clip(f"{folder}{tool}{one_line(item.title, 200)}", room)
        parts = [
            look.segment(*bar(current, self.has_focus)),
            look.segment("[✓] " if ticked else "[ ] ", f"bold {look.GREEN}" if ticked else look.DIM),
            look.segment(f"#{item.n:<5} ", f"bold {look.BRIGHT}" if ticked else look.FAINT),
            look.segment(f"{kind:<7} ", color if ticked else look.FAINT),
            look.segment(hangs, look.FAINT),
            look.segment(title, ink),
            Segment(" " * max(0, room - cell_len(title))),
        ]
        for text, style in shown:
            parts += [Segment("  "), look.segment(text, style)]
        return Strip(parts)

    def _note(self, item: ItemView, indent: str, width: int) -> Strip:
        out = self._missing.get(item.n, ())
        latest = sorted(item.used, key=lambda used: (used[0] in out, used[0]), reverse=True)
        parts = [
            f"{one_line(name, 80)}, created by #{n}{', which is left out' * (n in out)}" for n, name in latest
        ]
        words = f"{'ORPHAN: ' * bool(out)}uses {'; '.join(parts)}"
        style = look.RED if out else look.DIM
        return Strip([Segment(indent), look.segment(look.clip(words, width - len(indent)), style)])

    def _kind(self, item: ItemView) -> str:
        return "command" if item.optional or item.n in self._ticks.for_real else item.kind.value

    def marks(self, item: ItemView) -> list[tuple[str, str]]:
        """What is to be known of an item, in words, each with its style."""
        marks: list[tuple[str, str]] = []
        if item.outcome is not None:
            marks.append(_OUTCOMES.get(item.outcome, (item.outcome.value, look.DIM)))
        done = item.outcome is Outcome.EXECUTED
        if item.n in self._drift and item.n not in self._ticks.for_real and not done:
            over = item.n in self._ticks.over
            marks.append(("over DRIFT", look.YELLOW) if over else ("DRIFT", look.RED))
        if item.n in self._missing:
            marks.append(("ORPHAN", look.RED))
        if item.choice:
            real = item.n in self._ticks.for_real
            marks.append(("run for real", look.YELLOW) if real else ("no network", look.ORANGE))
        if item.overtaken and self._kind(item) != "files":
            marks.append(("later", look.ORANGE))
        if item.unseen:
            marks.append(("not known", look.DIM))
        if item.guess:
            marks.append(("guess", look.ORANGE))
        return marks
