"""The list of all runs, live and past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from supervisor.screens.review import ReviewScreen
from supervisor.screens.run import RunScreen
from supervisor.screens.source import RunSource
from supervisor.screens.verb_screen import VerbScreen, bindings
from supervisor.screens.verbs import LIST_VERBS, Situation, Verb
from supervisor.views.summary import RunSummary
from widgets import look
from widgets.keys_bar import KeysBar
from widgets.row_list import RowList
from widgets.runs_list import RunsList

_EMPTY = (
    ("No run yet.\n\n", f"bold {look.BRIGHT}"),
    ("Start one:   ", look.DIM),
    ('supervise run "<task>"', f"bold {look.BLUE}"),
    ("   in the folder the agent shall work in\n", look.DIM),
    ("See it work: ", look.DIM),
    ("supervise demo", f"bold {look.BLUE}"),
    ("           needs no account, leaves nothing behind\n\n", look.DIM),
    ("Runs show here as soon as they begin.", look.FAINT),
)


class DashboardScreen(VerbScreen):
    """All runs, newest first; enter opens one."""

    TABLE: ClassVar[tuple[Verb, ...]] = LIST_VERBS
    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST_VERBS)
    AUTO_FOCUS = "#runs"

    CSS = f"""
    DashboardScreen {{ background: {look.GROUND}; color: {look.TEXT}; layout: vertical; }}
    DashboardScreen #title {{ height: 1; padding: 0 1; background: {look.RAISED}; }}
    DashboardScreen #runs {{ height: 1fr; margin-top: 1; }}
    DashboardScreen #nothing {{ height: 1fr; display: none; align: center middle; }}
    DashboardScreen #nothing Static {{ width: auto; height: auto; }}
    DashboardScreen.-empty #nothing {{ display: block; }}
    DashboardScreen.-empty #runs {{ display: none; }}
    """

    def __init__(
        self,
        source: RunSource,
        clock: Callable[[], float],
        steady: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        """As of `RunScreen`."""
        super().__init__()
        self._source = source
        self._clock = clock
        self._steady = steady
        self._zone = zone
        self._runs: tuple[RunSummary, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, list, what to do when it is empty, keys."""
        yield Static(id="title", markup=False)
        yield RunsList(self._zone, id="runs")
        with Vertical(id="nothing"):
            yield Static(Content.assemble(*_EMPTY), markup=False)
        yield KeysBar(id="keys")

    def on_mount(self) -> None:
        """Start following the list."""
        self._show(())
        self.set_interval(1.0, lambda: self._show(self._runs))
        self.run_worker(self._follow(), name="runs", exit_on_error=False)

    async def _follow(self) -> None:
        async with aclosing(self._source.runs()) as lists:
            async for runs in lists:
                self._show(runs)

    def _show(self, runs: Sequence[RunSummary]) -> None:
        self._runs = tuple(runs)
        live = sum(run.live for run in runs)
        held = sum(run.counts.held for run in runs if run.live)
        title = [("supervise", f"bold {look.BRIGHT}")]
        if runs:
            title.append((f"   {len(runs):,} {'run' if len(runs) == 1 else 'runs'}, {live} live", look.DIM))
        if held:
            title.append((f"   ‖ {held} held: open the run to answer", f"bold {look.YELLOW}"))
        self.query_one("#title", Static).update(Content.assemble(*title))
        self.set_class(not runs, "-empty")
        self.query_one("#runs", RunsList).show(self._runs, self._clock())
        self.query_one("#keys", KeysBar).show(self.hints())

    def situation(self) -> Situation:
        """The number of runs and the one under the cursor decide."""
        return Situation(runs=len(self._runs), picked=self.query_one("#runs", RunsList).current)

    def perform(self, id: str) -> None:
        """One verb of the table."""
        if id == "open":
            self.open_current()
        elif id == "review" and (run := self.query_one("#runs", RunsList).current) is not None:
            door = self._source.plan(run.run_id)
            self.app.push_screen(ReviewScreen(door, self._clock, self._steady, self._zone))
        elif id == "leave":
            self.app.exit(0)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter or a second click opens the run."""
        self.open_current()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Another run may be another plan to review."""
        self.query_one("#keys", KeysBar).show(self.hints())

    def open_current(self) -> None:
        """Open the run under the cursor."""
        run = self.query_one("#runs", RunsList).current
        if run is not None:
            self.app.push_screen(RunScreen(self._source, run.run_id, self._clock, self._steady, self._zone))
