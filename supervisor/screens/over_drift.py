"""What has changed since the rehearsal is approved over by itself, on what is there now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App
from textual.content import Content

from supervisor.screens.confirm import ConfirmScreen
from supervisor.views.review import DriftView, ItemView
from supervisor.views.safe import one_line
from supervisor.views.titles import tool_name
from widgets import look
from widgets.item_detail import drift_lines

_LINES = 12
"""Lines of what has changed that the question shows; the rest stands beside the item."""


def ask_over(
    app: App[Any],
    item: ItemView,
    drift: Sequence[DriftView],
    clock: Callable[[], float],
    yes: Callable[[], None],
) -> None:
    """Ask whether an item shall be done all the same.

    Args:
        yes: told nothing unless that is the answer.
    """
    lines = [line for each in drift for line in drift_lines(each)]
    more = len(lines) - _LINES
    if more > 0:
        lines = [*lines[:_LINES], Content.styled(f"and {more:,} more lines", look.DIM)]
    question = Content("\n").join(
        [
            Content.styled(f"Approve #{item.n} all the same, on what is there now?", f"bold {look.BRIGHT}"),
            Content.styled(look.clip(f"{tool_name(item.tool)} {one_line(item.title, 200)}", 54), look.CYAN),
            *lines,
            Content.styled("The other ways on: rehearse again, or leave it out.", look.DIM),
        ]
    )

    def answered(over: bool | None) -> None:
        if over:
            yes()

    app.push_screen(ConfirmScreen(question, "All the same", "Not", clock), answered)
