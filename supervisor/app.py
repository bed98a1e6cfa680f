"""The Textual application: the list of runs, or one run."""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import tzinfo

from textual.app import SystemCommand
from textual.screen import Screen
from textual.theme import Theme

from supervisor.places import places
from supervisor.screens.dashboard import DashboardScreen
from supervisor.screens.journal_source import JournalSource
from supervisor.screens.keys_in_order import KeysInOrder
from supervisor.screens.review import REVIEW_CSS
from supervisor.screens.run import RunScreen
from supervisor.screens.source import RunSource
from supervisor.screens.verb_screen import VerbScreen
from widgets import look

THEME = Theme(
    name="supervise",
    primary=look.BLUE,
    secondary=look.VIOLET,
    accent=look.CYAN,
    warning=look.YELLOW,
    error=look.RED,
    success=look.GREEN,
    foreground=look.TEXT,
    background=look.GROUND,
    surface=look.RAISED,
    panel=look.LIFTED,
    dark=True,
    variables={
        "scrollbar": look.EDGE,
        "scrollbar-background": look.GROUND,
        "scrollbar-background-hover": look.GROUND,
        "scrollbar-background-active": look.GROUND,
        "scrollbar-corner-color": look.GROUND,
        "input-selection-background": "#7aa2f7 35%",
    },
)


class SuperviseApp(KeysInOrder):
    """One screen of the operator. It reads, and asks the runner; it holds nothing that could be lost."""

    TITLE = "supervise"
    ENABLE_COMMAND_PALETTE = True
    CSS = f"""
    ToastRack {{ margin-bottom: 2; }}
    Toast {{ background: {look.LIFTED}; color: {look.TEXT}; }}
    {REVIEW_CSS}
    """

    def __init__(
        self,
        source: RunSource,
        open_run: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
    ) -> None:
        """Make the app.

        Args:
            source: where events come from and orders go.
            open_run: id of the run to show at once; None: the list of runs.
            clock: seconds since the epoch.
            steady: seconds, never going back.
            zone: times are shown in it; None: the local one.
        """
        super().__init__()
        self._source = source
        self._open_run = open_run
        self._clock = clock
        self._steady = steady
        self._zone = zone
        self.register_theme(THEME)
        self.theme = THEME.name

    def on_mount(self) -> None:
        """Open the list, or the one run; leaving that run then closes the app."""
        if self._open_run is None:
            self.push_screen(DashboardScreen(self._source, self._clock, self._steady, self._zone))
        else:
            run = RunScreen(self._source, self._open_run, self._clock, self._steady, self._zone)
            self.push_screen(run, lambda _: self.exit(0))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette holds the verbs of the screen, and nothing else."""
        if isinstance(screen, VerbScreen):
            yield from screen.commands()


def run_app(open_run: str | None) -> int:
    """Run the app on this user's journal until the operator leaves it.

    Args:
        open_run: id of the run to show at once; None: the list of runs.

    Returns:
        The exit code; 0 unless the app itself broke.
    """
    threading.Thread(target=_end_with_terminal, name="terminal", daemon=True).start()
    gc.freeze()  # what is imported by now stays: a collection need not stop the screen to look through it
    app = SuperviseApp(JournalSource(places()), open_run)
    return app.run() or app.return_code or 0


def _end_with_terminal() -> None:
    """End this process with its terminal, whatever it is just doing: it holds nothing that could be lost.

    Without one, Textual reads the end of its input over and over, and can wait for itself when it is left.
    """
    poll = select.poll()
    poll.register(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0, 0)  # hang-ups only
    while not any(event & (select.POLLHUP | select.POLLNVAL) for _, event in poll.poll()):
        pass
    os._exit(128 + signal.SIGHUP)
