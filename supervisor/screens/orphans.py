"""What hangs together is left out together, or ticked together, unless the operator says otherwise, twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App
from textual.content import Content

from supervisor.screens.confirm import ConfirmScreen
from supervisor.views.review import ItemView
from supervisor.views.safe import one_line
from supervisor.views.titles import tool_name
from widgets import look

_NAMED = 6
"""Items that are named in the question; the rest is counted."""


def ask_followers(
    app: App[Any],
    item: ItemView,
    followers: Sequence[ItemView],
    clock: Callable[[], float],
    answered: Callable[[bool], None],
) -> None:
    """Ask what shall become of those that use an item which is being left out.

    Args:
        answered: told True if they follow, False if they stay as orphans, nothing if the operator goes back.
    """
    count = len(followers)
    head = f"Leaving #{item.n} out orphans {count:,} {'item' if count == 1 else 'items'}."
    text = f"{'It uses' if count == 1 else 'They use'} what #{item.n} would have created:\n"
    _ask(app, _question(head, text, followers), "Leave out too", followers, clock, answered)


def ask_needs(
    app: App[Any],
    item: ItemView,
    needs: Sequence[ItemView],
    clock: Callable[[], float],
    answered: Callable[[bool], None],
) -> None:
    """Ask whether what an item uses, and is left out, shall be ticked with it.

    Args:
        answered: told True if all are ticked, False if the item alone, nothing if the operator goes back.
    """
    question = _question(f"#{item.n} alone would be an orphan.", "It uses what is left out:\n", needs)
    _ask(app, question, "Tick all", [item], clock, answered)


def _ask(
    app: App[Any],
    question: Content,
    together: str,
    orphans: Sequence[ItemView],
    clock: Callable[[], float],
    answered: Callable[[bool], None],
) -> None:
    numbers = ", ".join(f"#{each.n}" for each in orphans[:_NAMED])
    more = f" and {len(orphans) - _NAMED:,} more" if len(orphans) > _NAMED else ""
    again = Content.assemble(
        (f"Really orphan {numbers}{more}?\n", f"bold {look.RED}"),
        "What was left out will not be there when it is used.",
    )

    def second(orphan: bool | None) -> None:
        if orphan:
            answered(False)

    def first(orphan: bool | None) -> None:
        if orphan:
            app.push_screen(ConfirmScreen(again, "Orphan", "Go back", clock), second)
        elif orphan is not None:
            answered(True)

    app.push_screen(ConfirmScreen(question, "Orphan", together, clock, back="Back"), first)


def _question(head: str, text: str, items: Sequence[ItemView]) -> Content:
    lines = [
        look.clip(f"#{each.n} {tool_name(each.tool)} {one_line(each.title, 200)}", 54)
        for each in items[:_NAMED]
    ]
    if len(items) > _NAMED:
        lines.append(f"  and {len(items) - _NAMED:,} more")
    return Content.assemble((f"{head}\n", f"bold {look.BRIGHT}"), text, ("\n".join(lines), look.CYAN))
