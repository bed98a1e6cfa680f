"""The list of runs."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from harness.waiting import eventually
from hostile import screen_text
from run_recording import START
from run_stories import dry_run, ended, held
from screen_source import NotedOrders, PlayedSource
from supervisor.app import SuperviseApp
from supervisor.screens.dashboard import DashboardScreen
from supervisor.screens.run import RunScreen


def _app(source: PlayedSource) -> SuperviseApp:
    return SuperviseApp(source, clock=lambda: START + 100, steady=lambda: 0.0, zone=datetime.UTC)


async def _until(app: SuperviseApp, holds: Callable[[], bool]) -> None:
    await eventually(holds, "the list to change", shown=lambda: screen_text(app))


async def test_the_empty_list_says_what_to_do_and_fills_by_itself() -> None:
    """Nothing to open: the two commands that make a run; a run that begins shows at once."""
    source = PlayedSource()
    app = _app(source)
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        await _until(
            app, lambda: 'supervise run "<task>"' in screen_text(app) and "supervise demo" in screen_text(app)
        )
        await pilot.press("enter")
        await _until(app, lambda: "There is no run yet" in screen_text(app))
        await source.commit("r1", dry_run().recorded())
        await _until(app, lambda: "amber-fox" in screen_text(app) and "6 simulated" in screen_text(app))


async def test_a_run_opens_and_leaving_it_comes_back_to_the_list() -> None:
    """Enter opens the run under the cursor, live or past; q and escape come back."""
    source = PlayedSource({run.run_id: run.recorded() for run in (ended(), held())}, control=NotedOrders())
    app = _app(source)
    async with app.run_test(size=(120, 30)) as pilot:
        await _until(app, lambda: "plain-otter" in screen_text(app))
        for presses, name in ((("enter",), "quiet-heron"), (("down", "enter"), "plain-otter")):
            await pilot.press(*presses)
            await _until(app, lambda: isinstance(app.screen, RunScreen))
            screen = app.screen
            assert isinstance(screen, RunScreen)
            await _until(app, lambda screen=screen, name=name: screen.view.name == name)  # type: ignore[misc]
            await pilot.press("escape")
            await _until(app, lambda: isinstance(app.screen, DashboardScreen))


async def test_held_calls_are_seen_from_the_list() -> None:
    """Somebody waits for the operator: the list says so and in which run."""
    app = _app(PlayedSource({"r2": held().recorded()}))
    async with app.run_test(size=(100, 24)):
        await _until(app, lambda: "2 held: open the run to answer" in screen_text(app))
