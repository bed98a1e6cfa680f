"""Hostile text through every widget: nothing crashes, nothing a terminal would obey comes out."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from hostile import HOSTILE, offences
from run_recording import Recording
from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import Ending, Outcome, Probe, State
from supervisor.plan.drift import TargetDrift, World
from supervisor.plan.file_drift import Drift
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.policy import AlertKind, DecisionKind, Mode
from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType
from supervisor.views import AlertView, ConversationItem, Role, RunView, UndecidedCall, fold
from supervisor.views.changes import FileChange
from supervisor.views.review import ItemView, ReviewView, Ticks, drift_by_item
from supervisor.views.summary import RunSummary
from widgets.alert_banner import AlertBanner
from widgets.call_detail import CallDetail
from widgets.conversation_log import ConversationLog
from widgets.held_panel import HeldPanel
from widgets.item_detail import item_content
from widgets.plan_list import PlanList
from widgets.run_header import RunHeader
from widgets.runs_list import RunsList
from widgets.text_pane import TextPane
from widgets.write_tree import WriteTree


class _Bench(App[None]):
    """One widget alone."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        """The widget."""
        yield self.widget


@pytest.fixture(params=sorted(HOSTILE))
def bad(request: pytest.FixtureRequest) -> str:
    """One hostile text."""
    return HOSTILE[request.param]


def _everywhere(bad: str) -> RunView:
    """A run with `bad` in every field that an agent, a tool or an operator can influence."""
    run = Recording()
    run.start(task=bad, name=bad)
    effects = (
        Effect(EffectKind.WRITE, Scope.REMOTE, bad or "x", bad, bad, part=bad),
        Effect(EffectKind.WRITE, Scope.WORKSPACE, f"file:///home/op/shop/{bad}", bad, bad, part=bad),
    )
    shapes: list[dict[str, object]] = [
        {"command": bad},
        {"file_path": bad, "content": bad, "old_string": bad, "new_string": bad},
        {bad: bad, "nested": {bad: [bad, None, 1.5]}},
    ]
    for given in shapes:
        for kind in DecisionKind:
            n = run.call(bad, given, kind, bad, effects=effects, rule=bad, why=bad, notice=bad, agent_id=bad)
            if kind is not DecisionKind.HELD:
                run.outcome(n, Outcome.FAILED, bad, bad)
    run.settle(run.n, DecisionKind.BLOCKED, by=bad, say=bad)
    for alert in AlertKind:
        run.alert(alert, bad)
    run.state(State.WAITING, bad)
    return fold(run.recorded())


async def test_the_check_itself_sees_what_must_not_come_out() -> None:
    """Text that did not pass the sanitiser is found on the screen, so the tests below can fail."""
    async with _Bench(Static(Content("a\u202eb"), markup=False)).run_test() as pilot:
        assert offences(pilot.app) != []


async def test_the_tree_of_writes(bad: str) -> None:
    """Groups, tools, titles and outcomes, folded and unfolded."""
    tree = WriteTree()
    async with _Bench(tree).run_test(size=(80, 60)) as pilot:
        tree.show(_everywhere(bad))
        await pilot.pause()
        assert offences(pilot.app) == []
        tree.toggle_reads()
        await pilot.pause()
        assert offences(pilot.app) == []


async def test_the_detail_of_a_call(bad: str) -> None:
    """Every section of every call, decided or not, in the pane."""
    detail = CallDetail(datetime.UTC)
    async with _Bench(detail).run_test(size=(70, 40)) as pilot:
        for call in _everywhere(bad).calls:
            detail.show_call(call)
            await pilot.pause()
            assert offences(pilot.app) == []
        detail.show_undecided(UndecidedCall(0.0, bad, bad, Outcome.EXECUTED, bad, bad))
        await pilot.pause()
        assert offences(pilot.app) == []


async def test_the_conversation(bad: str) -> None:
    """Words of every role, and the same again at another width."""
    log = ConversationLog()
    async with _Bench(log).run_test(size=(60, 40)) as pilot:
        log.add([ConversationItem(role, bad, bad, bad, bad, error=True) for role in Role])
        await pilot.pause()
        assert offences(pilot.app) == []
        await pilot.resize_terminal(35, 20)
        await pilot.pause()
        assert offences(pilot.app) == []


async def test_the_held_call(bad: str) -> None:
    """Command or arguments, targets and reasons of a call that waits."""
    panel = HeldPanel(lambda: 0.0)
    view = _everywhere(bad)
    async with _Bench(panel).run_test(size=(80, 24)) as pilot:
        for n in view.held:
            call = view.call(n)
            assert call is not None
            panel.show((call,), call.time + 5)
            await pilot.pause()
            assert offences(pilot.app) == []


async def test_the_plan_under_review(bad: str) -> None:
    """Rows and their notes, drift, orphans, and each item in full: files, command, input, what came of it."""
    node = Node(NodeType.SYMLINK, 0, link=bad)
    shapes: list[tuple[ItemKind, dict[str, Any], tuple[tuple[str, str], ...]]] = [
        (ItemKind.FILES, {"command": bad}, ((bad, bad),)),
        (ItemKind.COMMAND, {"command": bad}, ()),
        (ItemKind.MCP, {bad: [bad, {bad: bad}]}, ()),
        (ItemKind.OTHER, {}, ()),
    ]
    items = tuple(
        ItemView(
            n, kind, bad, bad, bad, given, files, ((1, bad),) if n > 1 else (), bad, bad,
            (Effect(EffectKind.WRITE, Scope.REMOTE, bad, bad, bad),), True, bool(files), bad,
            Outcome.FAILED, bad, bad, ((9, bad),),
        )
        for n, (kind, given, files) in enumerate(shapes, 1)
    )  # fmt: skip
    review = ReviewView("r", bad, bad, items, diverged_at=2)
    ticks = Ticks(frozenset({1}))
    change = Change(bad, ChangeKind.ADDED, None, node)
    plan = Plan("r", bad, (Item(1, ItemKind.FILES, bad, bad, {}, (change,), (), (), bad),))
    looks = Probe((bad,), bad, bad), Probe((bad,), bad, f"{bad}\n{bad}")
    world = World((Drift(bad, None, node),), (TargetDrift(1, *looks),), ())
    drift = drift_by_item(plan, world)
    rows, pane = PlanList(), TextPane(Content(""))
    async with _Bench(rows).run_test(size=(80, 24)) as pilot:
        rows.show(review, ticks, ticks.missing(review), drift)
        await pilot.pause()
        assert offences(pilot.app) == []
    async with _Bench(pane).run_test(size=(80, 200)) as pilot:
        for item in items:
            for real in (False, True):
                diff = FileChange(bad, bad, bad, (bad,), (1,), f"@@ -1 +1 @@\n+{bad}")
                text = item_content(item, diffs=[diff], drift=drift[1], missing=[1], for_real=real)
                pane.set_text(text, home=True)
                await pilot.pause()
                assert offences(pilot.app) == []


async def test_the_header(bad: str) -> None:
    """Name and task."""
    header = RunHeader()
    async with _Bench(header).run_test(size=(80, 5)) as pilot:
        header.show(_everywhere(bad), 0.0)
        await pilot.pause()
        assert offences(pilot.app) == []


async def test_the_alerts(bad: str) -> None:
    """The words of an alert of every kind, and the advice."""
    banner = AlertBanner()
    async with _Bench(banner).run_test(size=(80, 12)) as pilot:
        for kind in AlertKind:
            banner.show((AlertView(kind, 0.0, bad),), "p puts this aside")
            await pilot.pause()
            assert offences(pilot.app) == []


async def test_the_list_of_runs(bad: str) -> None:
    """Name, label and task."""
    runs = RunsList(datetime.UTC)
    summary = RunSummary(
        "r1", bad, bad, Mode.MIXED, State.ENDED, True, "exact", 1.0, 2.0, Ending.COMPLETED, label=bad
    )
    async with _Bench(runs).run_test(size=(80, 10)) as pilot:
        runs.show([summary, summary], 3.0)
        await pilot.pause()
        assert offences(pilot.app) == []
