"""The review screen: what was rehearsed and not done, item by item, and the one act that lets it happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import ClassVar

import msgspec
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from supervisor.errors import SuperviseError
from supervisor.screens.help import Signs
from supervisor.screens.orphans import ask_followers, ask_needs
from supervisor.screens.over_drift import ask_over
from supervisor.screens.review_words import counted, head, how_many
from supervisor.screens.source import PlanDoor
from supervisor.screens.verb_screen import VerbScreen, bindings
from supervisor.screens.verbs import REVIEW_VERBS, Situation, Verb
from supervisor.views.changes import FileChange
from supervisor.views.review import DriftView, ItemView, ReviewView, Ticks
from supervisor.views.safe import one_line
from supervisor.views.vocabulary import Outcome
from widgets import look
from widgets.held_panel import GUARD_S
from widgets.item_detail import item_content
from widgets.keys_bar import KeysBar
from widgets.plan_list import PlanList
from widgets.row_list import RowList
from widgets.text_pane import TextPane

DETAIL_S = 0.05
"""The cursor rests on an item for so long before it is shown in full."""

_ANSWERS = ("tick", "choose", "all", "approve", "apply", "over", "rehearse")
"""Verbs that do not count while the plan has just come up."""

_SIGNS: Signs = (
    ("~", "files", look.CYAN, "file changes: put in place first, all in one pass"),
    ("$", "runs", look.YELLOW, "a command, run as the agent's shell would have"),
    ("»", "call", look.VIOLET, "a call to an MCP server"),
    ("└", "uses", look.CYAN, "it names what the item above it would create"),
    ("≠", "guess", look.ORANGE, "made after the agent saw what live would not show"),
    ("✂", "no network", look.ORANGE, "ran without network and may have wanted more"),
    ("Δ", "DRIFT", look.RED, "its target is no longer what the rehearsal saw"),
    ("?", "not known", look.DIM, "nobody can tell whether its target is still what the rehearsal found"),
    ("↷", "later", look.ORANGE, "a later item changes a file that it takes: it finds the last state"),
    ("!", "ORPHAN", look.RED, "what it uses is left out"),
)


REVIEW_CSS = f"""
ReviewScreen {{ background: {look.GROUND}; color: {look.TEXT}; layout: vertical; }}
ReviewScreen #title {{ height: auto; max-height: 5; padding: 0 1; background: {look.RAISED}; }}
ReviewScreen #panes {{ height: 1fr; }}
ReviewScreen #items {{ width: 1fr; border-top: solid {look.EDGE}; }}
ReviewScreen #item {{ width: 1fr; border-top: solid {look.EDGE}; }}
ReviewScreen #items:focus, ReviewScreen #item:focus {{ border-top: solid {look.BLUE}; }}
ReviewScreen.-wide #item {{ border-left: vkey {look.EDGE}; }}
ReviewScreen.-narrow #panes {{ layout: vertical; }}
ReviewScreen.-narrow #items {{ width: 100%; height: 1fr; min-height: 4; }}
ReviewScreen.-narrow #item {{ width: 100%; height: 1fr; }}
ReviewScreen #state {{ height: 1; padding: 0 1; background: {look.RAISED}; color: {look.DIM}; }}
ReviewScreen #state.-urgent {{ color: {look.YELLOW}; text-style: bold; }}
ReviewScreen #name {{
    display: none; height: 1; border: none; padding: 0 1; background: {look.LIFTED};
}}
"""
"""Known to the app from its start: a screen that brings its own has all of them parsed again."""


class ReviewScreen(VerbScreen):
    """The items with tick boxes, the one under the cursor in full, and a line to type the run's name in."""

    TABLE: ClassVar[tuple[Verb, ...]] = REVIEW_VERBS
    SIGNS: ClassVar[Signs] = _SIGNS
    BINDINGS: ClassVar[list[BindingType]] = bindings(REVIEW_VERBS)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (Textual declares it so)
    AUTO_FOCUS = "#items"

    def __init__(
        self,
        door: PlanDoor,
        clock: Callable[[], float],
        steady: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        """Make the screen.

        Args:
            door: where the plan comes from and the approval goes.
            clock: seconds since the epoch.
            steady: seconds, never going back; for the guard.
            zone: times are shown in it; None: the local one.
        """
        super().__init__()
        self._door = door
        self._clock = clock
        self._steady = steady
        self._zone = zone
        self._review: ReviewView | None = None
        self._ticks = Ticks()
        self._ticked: tuple[ItemView, ...] = ()
        self._missing: Mapping[int, tuple[int, ...]] = {}
        self._drift: Mapping[int, tuple[DriftView, ...]] | None = None
        self._blind = ""
        self._since = 0.0
        self._looking: Timer | None = None
        self._shown: int | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """The parts, top to bottom."""
        yield Static(id="title", markup=False)
        with Horizontal(id="panes"):
            yield PlanList(id="items")
            yield TextPane(Content(""), id="item")
        yield Static(id="state", markup=False)
        yield Input(id="name", compact=True)
        yield KeysBar(id="keys")

    def on_mount(self) -> None:
        """Read the plan."""
        self._draw()
        self.set_interval(1.0, self._draw_words)
        self.run_worker(self._load(), name="plan", exit_on_error=False)

    async def _load(self) -> None:
        review = await self._door.read()
        first = self._review is None
        self._review, self._shown = review, None
        if first:
            self._since = self._steady()
        self._forget_drift()
        items = self.query_one("#items", PlanList)
        if not review.items:
            items.empty = (
                "The plan is empty: nothing of this run waits to be done.",
                'Rehearse a task: supervise run "<task>", and come back when it has ended.',
            )
            items.refresh()
            return
        self._show_soon()
        self.call_after_refresh(self._look_soon)  # the items are on screen first

    def _look_soon(self) -> None:
        self.run_worker(self._look(), name="look", group="look", exclusive=True, exit_on_error=False)

    def _forget_drift(self) -> None:
        """What was approved over was approved as it was seen then."""
        self._drift, self._blind = None, ""
        self._ticks = msgspec.structs.replace(self._ticks, over=frozenset())
        self._draw()

    async def _look(self) -> None:
        """Look at what the items are done to; the screen goes on meanwhile."""
        try:
            self._drift = await self._door.drift()
        except (SuperviseError, OSError) as error:
            self._blind = one_line(f"Nobody could look for drift: {error}", 200)
        self._shown = None
        self._draw()
        self._show_soon()

    # What is on screen.

    def _draw(self) -> None:
        """Bring list and words up to what is ticked."""
        review = self._review
        if review is not None:
            self._ticked, self._missing = self._ticks.ticked(review), self._ticks.missing(review)
            items = self.query_one("#items", PlanList)
            items.show(review, self._ticks, self._missing, self._drift or {})
        self._draw_words()

    def _draw_words(self) -> None:
        review = self._review
        title = Content.styled("review", f"bold {look.BRIGHT}")
        if review is not None:
            title = head(review, self._ticks, self._ticked, self._missing, self._drift or {})
        self.query_one("#title", Static).update(title)
        words, urgent = self._state_words()
        line = self.query_one("#state", Static)
        line.update(Content(words))
        line.set_class(urgent, "-urgent")
        self.query_one("#keys", KeysBar).show(self.hints())

    def _state_words(self) -> tuple[str, bool]:
        review = self._review
        if review is None:
            return "Reading the plan…", False
        if not review.items:
            return "Nothing to approve. q goes back.", False
        if not review.ended:
            return "The run goes on: its plan can be approved when it has ended.", False
        name = one_line(review.name, 40)
        if self.query_one("#name", Input).display:
            what = counted(self._ticks, self._ticked, self._missing)
            return f"Type {name} to approve exactly {what}.", True
        if review.approved is not None and not self._approved():
            return "The approval has expired. a approves again.", False
        if review.approved is not None:
            until = datetime.fromtimestamp(review.expires, self._zone).strftime("%H:%M:%S")
            what = how_many(len(review.approved))
            return f"Approved until {until}: {what}. p applies: supervise apply {name}", True
        if any(item.outcome is not None for item in review.items):
            return (
                f"Applied. supervise undo {name} puts the files back; apply --continue goes on live.",
                False,
            )
        if self._blind:
            return f"{self._blind} l looks again.", True
        if self._drift is None:
            return "Looking at what the items are done to, for drift… space ticks.", False
        return "space ticks, a approves exactly what is ticked; then p applies it.", False

    def _show_soon(self) -> None:
        if self._looking is None:
            self._looking = self.set_timer(DETAIL_S, self._show_item)

    def _show_item(self) -> None:
        self._looking = None
        self.run_worker(self._fill(), name="item", group="item", exclusive=True, exit_on_error=False)

    async def _fill(self) -> None:
        """Show the item under the cursor in full; making that costs nothing of the screen's own time."""
        review, item = self._review, self.query_one("#items", PlanList).current
        if review is None or item is None:
            return
        real = item.n in self._ticks.for_real
        missing = self._missing.get(item.n, ())
        done = item.outcome is Outcome.EXECUTED
        drift = (self._drift or {}).get(item.n, ()) if not real and not done else ()
        over = item.n in self._ticks.over

        def draw(diffs: Sequence[FileChange]) -> Content:
            return item_content(item, diffs=diffs, drift=drift, over=over, missing=missing, for_real=real)

        diffs = await self._door.diffs(item.n) if item.files and not real else ()
        text = await asyncio.to_thread(draw, diffs)
        self.query_one("#item", TextPane).set_text(text, home=self._shown != item.n)
        self._shown = item.n

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Show what the cursor rests on."""
        self._show_soon()
        self.query_one("#keys", KeysBar).show(self.hints())

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter goes into the item, to scroll in it."""
        self.query_one("#item", TextPane).focus()

    # What the operator does.

    def _approved(self) -> bool:
        review = self._review
        return review is not None and review.approved is not None and self._clock() < review.expires

    def situation(self) -> Situation:
        """The plan, what is ticked, and what is approved decide."""
        item = self.query_one("#items", PlanList).current
        return Situation(
            review=self._review, ticks=self._ticks, item=item, approved=self._approved(), drift=self._drift,
            looking=self._drift is None and not self._blind,
        )  # fmt: skip

    def perform(self, id: str) -> None:
        """One verb of the table."""
        if id in _ANSWERS and (self._busy or self._steady() - self._since < GUARD_S):
            return
        match id:
            case "tick":
                self._tick()
            case "choose":
                self._choose()
            case "all":
                self._all()
            case "approve":
                self._ask_name()
            case "over":
                self._approve_over()
            case "look":
                self._forget_drift()
                self._look_soon()
            case "rehearse":
                self._hand_over(self._door.rehearse, 'run "<task>"')
            case "apply":
                assert self._review is not None
                self._hand_over(self._door.apply, f"apply {one_line(self._review.name, 40)}")
            case "next":
                self.focus_next("PlanList, TextPane")
            case "leave":
                self._leave()

    def _set(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self._draw()
        self._show_soon()

    def _tick(self) -> None:
        """Tick or leave out; what hangs together goes together, unless the operator says otherwise twice."""
        review, item = self._review, self.query_one("#items", PlanList).current
        assert review is not None and item is not None
        done = not self._ticks.has(item)
        alone = self._ticks.put([item], done)
        others = self._ticks.needs(review, item.n) if done else self._ticks.followers(review, item.n)
        if not others:
            self._set(alone)
            return
        together = self._ticks.put([item, *others], done)
        ask = ask_needs if done else ask_followers
        ask(self.app, item, others, self._steady, lambda both: self._set(together if both else alone))

    def _choose(self) -> None:
        item = self.query_one("#items", PlanList).current
        assert item is not None
        self._set(self._ticks.choose(item))

    def _all(self) -> None:
        """All items that would do something; none of them if they are all ticked."""
        assert self._review is not None
        items = [item for item in self._review.items if not item.optional]
        self._set(self._ticks.put(items, not all(self._ticks.has(item) for item in items)))

    def _approve_over(self) -> None:
        """Approve an item over drift, or not any more: asked for each by itself, with what it is now."""
        item = self.query_one("#items", PlanList).current
        assert item is not None and self._drift is not None
        n, over = item.n, self._ticks.over
        if n in over:
            self._set(msgspec.structs.replace(self._ticks, over=over - {n}))
            return

        def answered() -> None:
            self._set(msgspec.structs.replace(self._ticks, over=self._ticks.over | {n}))

        ask_over(self.app, item, self._drift[n], self._steady, answered)

    def _ask_name(self) -> None:
        review = self._review
        assert review is not None
        box = self.query_one("#name", Input)
        box.placeholder = f"{one_line(review.name, 40)}   (escape leaves)"
        box.value = ""
        box.display = True
        self.set_focus(box)
        self._draw_words()

    def _close_name(self) -> None:
        self.query_one("#name", Input).display = False
        self.set_focus(self.query_one("#items", PlanList))
        self._draw_words()

    def _leave(self) -> None:
        if isinstance(self.focused, Input):
            self._close_name()
        else:
            self.dismiss()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The name was typed; anything else approves nothing."""
        typed = event.value.strip()
        self._close_name()
        if self._review is None or self._busy:
            return
        if typed != self._review.name:
            self.notify("Not approved: that is not the run's name.", severity="warning", markup=False)
            return
        self._busy = True
        self.run_worker(self._approve(self._ticks), name="approve", exit_on_error=False)

    async def _approve(self, ticks: Ticks) -> None:
        try:
            await self._door.approve(ticks)
            self._review = await self._door.read()
        except SuperviseError as error:
            self._trouble(error)
        finally:
            self._busy = False
        self._draw()

    def _hand_over(self, command: Callable[[], Awaitable[None]], word: str) -> None:
        self._busy = True
        self.run_worker(self._be_away(command, word), name="away", exit_on_error=False)

    async def _be_away(self, command: Callable[[], Awaitable[None]], word: str) -> None:
        """Hand the terminal over to a command, and look at what became of each item."""
        try:
            with self.app.batch_update(), self.app.suspend():
                await command()
        except SuspendNotSupported:
            words = f"This terminal cannot be handed over; use: supervise {word}"
            self.notify(words, severity="warning", markup=False)
        except SuperviseError as error:
            self._trouble(error)
        finally:
            self._busy = False
        self.refresh(layout=True)
        await self._load()

    def _trouble(self, error: SuperviseError) -> None:
        text = one_line(f"{error} {error.cure}".strip(), 400)
        self.notify(text, severity="error", timeout=10, markup=False)
