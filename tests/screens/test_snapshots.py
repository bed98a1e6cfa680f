"""Pictures of the states that matter, from recorded journals."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from harness.waiting import eventually
from hostile import screen_text
from plan_stories import edited_since, rehearsed_plan
from run_recording import START, Recording
from run_stories import TALK, dry_run, ended, held, hook_failure, rehearsed
from screen_source import NotedOrders, PlayedSource
from supervisor.app import SuperviseApp


class Compare(Protocol):
    """`snap_compare` of pytest-textual-snapshot, as used here."""

    def __call__(
        self,
        app: App[int],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[int]], Awaitable[None]] | None = None,
    ) -> bool: ...


def _app(recording: Recording) -> SuperviseApp:
    source = PlayedSource({recording.run_id: recording.recorded()}, TALK, NotedOrders())
    return SuperviseApp(
        source, recording.run_id, clock=lambda: recording.now + 42, steady=lambda: 0.0, zone=datetime.UTC
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_dry_run_under_way(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Groups, counts, the blocked call in full, the conversation."""
    assert _compared(snap_compare, _app(dry_run()), size, "#9 Bash", "✓ alive", "Your configuration blocks")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_held_call(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The held call on top, deny in focus."""
    assert _compared(snap_compare, _app(held()), size, "HELD  #3 Bash", "✓ alive", "#4 chat.post")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_hook_failure(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The banner, the failed gate, what to do next."""
    assert _compared(snap_compare, _app(hook_failure()), size, "HOOK FAILURE", "▲ FAILED", "#9 Bash")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
def test_a_plan_under_review(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Ticks, what uses what, a guess, a cut command, drift, an orphan, the exact input of the item."""
    recording = rehearsed()
    source = PlayedSource({recording.run_id: recording.recorded()}, TALK, NotedOrders())
    door = source.plans[recording.run_id] = rehearsed_plan()
    door.drifted = [edited_since()]
    ticking = itertools.count()  # every look at the clock is a second later: no answer comes too soon
    app = SuperviseApp(
        source,
        recording.run_id,
        clock=lambda: recording.now + 42,
        steady=lambda: float(next(ticking)),
        zone=datetime.UTC,
    )

    async def orphan(pilot: Pilot[int]) -> None:
        for words, keys in (
            ("e reviews the plan", ("e",)),
            ("DRIFT: 1 item ticked", ("down", "down", "space")),
            ("Leaving #3 out", ("y",)),
            ("Really orphan #5?", ("y",)),
            ("! ORPHAN: #5", ("down",)),
            ("#5 database.insert_row", ()),
        ):
            await _shown(words)(pilot)
            await pilot.press(*keys)

    assert snap_compare(app, terminal_size=size, run_before=orphan)


def _shown(*words: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Waits until all `words` are on screen: what a picture shows last has been read by then."""

    async def shown(pilot: Pilot[int]) -> None:
        def text() -> str:
            return screen_text(pilot.app)

        await eventually(lambda: all(each in text() for each in words), f"{words}", shown=text)

    return shown


def _compared(compare: Compare, app: SuperviseApp, size: tuple[int, int], *words: str) -> bool:
    """Compare a run's screen once it shows `words`, and the conversation where there is room for it."""
    said = ("Uploading it now",) if size[0] > 100 else ()
    return compare(app, terminal_size=size, run_before=_shown(*words, *said))


def test_no_run_yet(snap_compare: Compare) -> None:
    """The empty list says what to do next."""
    app = SuperviseApp(PlayedSource(), clock=lambda: START, steady=lambda: 0.0, zone=datetime.UTC)
    assert snap_compare(app, terminal_size=(80, 24), run_before=_shown("No run yet."))


def test_the_list_of_runs(snap_compare: Compare) -> None:
    """Live and past runs, held calls and alerts to be seen from here."""
    source = PlayedSource({run.run_id: run.recorded() for run in (ended(), hook_failure(), held())})
    app = SuperviseApp(source, clock=lambda: START + 100, steady=lambda: 0.0, zone=datetime.UTC)
    shown = _shown("2 held: open the run", "quiet-heron", "amber-fox", "plain-otter")
    assert snap_compare(app, terminal_size=(100, 20), run_before=shown)
