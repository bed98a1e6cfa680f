"""The list of runs, newest first: what each is, how it stands, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from supervisor.views.safe import one_line
from supervisor.views.summary import RunSummary
from supervisor.views.vocabulary import Ending, State
from widgets import look
from widgets.row_list import RowList, bar


class RunsList(RowList):
    """Two lines a run: name, state, mode, counts; below it the task and when. Feed it summaries."""

    def __init__(self, zone: tzinfo | None = None, *, id: str | None = None) -> None:
        """Make the list; times are shown in `zone`, None: the local one."""
        super().__init__(id=id)
        self._zone = zone
        self._runs: tuple[RunSummary, ...] = ()
        self._now = 0.0

    def show(self, runs: Sequence[RunSummary], now: float) -> None:
        """Show `runs` as of `now` (seconds since the epoch). The cursor stays on its run."""
        current = self.current
        self._runs, self._now = tuple(runs), now
        self.rows_changed()
        if current is not None:
            at = next((i for i, run in enumerate(self._runs) if run.run_id == current.run_id), None)
            if at is not None and at * 2 != self.cursor:
                self.place(at * 2)

    @property
    def current(self) -> RunSummary | None:
        """The run under the cursor."""
        at = self.cursor // 2
        return self._runs[at] if at < len(self._runs) else None

    def row_count(self) -> int:
        """Two lines a run."""
        return 2 * len(self._runs)

    def selectable(self, index: int) -> bool:
        """The cursor rests on the first line of a run."""
        return index % 2 == 0

    def reveal(self, index: int) -> None:
        """Show both lines of the run."""
        super().reveal(index)
        super().reveal(min(index + 1, max(0, self.row_count() - 1)))

    def row_strip(self, index: int, width: int, ground: str, current: bool) -> Strip:
        """One of the two lines of a run."""
        run = self._runs[index // 2]
        here = index // 2 == self.cursor // 2
        mark = bar(here, self.has_focus)
        left, right = self._below(run) if index % 2 else self._above(run)
        room = width - 2 - sum(cell_len(text) for text, _ in right)
        segments = [look.segment(*mark), Segment(" ")]
        for text, style in left:
            text = look.clip(text, room)
            segments.append(look.segment(text, style))
            room -= cell_len(text)
        segments.append(Segment(" " * max(0, room)))
        segments += [look.segment(text, style) for text, style in right]
        strip = Strip(segments)
        if here and index % 2:
            focused = look.LIFTED if self.has_focus else look.RAISED
            strip = strip.adjust_cell_length(width).apply_style(look.style(f"on {focused}"))
        return strip

    def _above(self, run: RunSummary) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        state = look.STATES[run.state]
        word, style = state.word, state.style
        if run.state is State.ENDED and run.ending is not None:
            word = f"ended: {run.ending.value}"
            bad = run.ending not in (Ending.COMPLETED, Ending.STOPPED)
            style = look.RED if bad else look.DIM
        mode = look.MODES[run.mode]
        ink = f"bold {look.BRIGHT}" if run.live else look.TEXT
        left = [
            (f"{one_line(run.name, 24):<18} ", ink),
            (f"{mode.icon} {mode.word.lower():<8}", mode.color),
            (f" {state.icon} {word}", style),
        ]
        if run.dry:
            left.append(("  dry", look.CYAN))
        right: list[tuple[str, str]] = []
        if run.alerts:
            right.append((f"▲ {run.alerts} alert{'s' if run.alerts > 1 else ''}  ", f"bold {look.RED}"))
        for kind, number in look.decided(run.counts):
            each = look.DECISIONS[kind]
            if number:
                right.append((f"{each.icon} {number:,} {each.word}  ", each.style))
        return left, right

    def _below(self, run: RunSummary) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        started = datetime.fromtimestamp(run.started, self._zone)
        today = datetime.fromtimestamp(self._now, self._zone).date() == started.date()
        when = started.strftime("%H:%M" if today else "%d %b %H:%M")
        took = look.duration(max(0.0, (run.ended if run.ended is not None else self._now) - run.started))
        label = f"[{one_line(run.label, 30)}] " if run.label else ""
        left = [(label, look.VIOLET), (one_line(run.task, 300), look.DIM)]
        return left, [(f"  {when}  {took:>8} ", look.FAINT)]
