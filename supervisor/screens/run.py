"""The run screen: one run, live or past, as its journal tells it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from supervisor.errors import SuperviseError, UsageError
from supervisor.journal.events import State
from supervisor.places import places
from supervisor.screens.attention import Attention
from supervisor.screens.changes import ChangesScreen
from supervisor.screens.confirm import ConfirmScreen
from supervisor.screens.facts import FactsScreen
from supervisor.screens.like import question as like_question
from supervisor.screens.like import rule_of
from supervisor.screens.remember import propose, question, remember
from supervisor.screens.review import ReviewScreen
from supervisor.screens.run_css import RUN_CSS
from supervisor.screens.source import RunControl, RunSource
from supervisor.screens.state_line import state_words
from supervisor.screens.verb_screen import VerbScreen, bindings
from supervisor.screens.verbs import RUN_VERBS, Situation, Verb
from supervisor.views.fold import RunFold
from supervisor.views.run import CallView, RunView
from supervisor.views.safe import one_line
from widgets import look
from widgets.alert_banner import AlertBanner
from widgets.call_detail import CallDetail
from widgets.conversation_log import ConversationLog
from widgets.held_panel import ALLOW, ALLOW_LIKE, DENY, SIMULATE, HeldPanel
from widgets.keys_bar import KeysBar
from widgets.row_list import RowList
from widgets.run_header import RunHeader
from widgets.write_tree import Spot, WriteTree

DRAW_S = 1 / 60
"""Least time between two drawings of a changing run: events in between are drawn together."""

DETAIL_S = 1 / 20
"""How long the call in full may lag behind the cursor: laying it out must not hold up the row itself."""

EVENTS = "events"
"""Name of the worker that follows the journal."""

HEALTH_S = 1.0
"""Time between two questions to the runner whether it is still there."""


class RunScreen(VerbScreen):
    """Header, alerts, held calls, the tree of writes, one call in full, the conversation."""

    TABLE: ClassVar[tuple[Verb, ...]] = RUN_VERBS
    BINDINGS: ClassVar[list[BindingType]] = bindings(RUN_VERBS)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual declares it so)
    AUTO_FOCUS = "#writes"

    CSS = RUN_CSS

    def __init__(
        self,
        source: RunSource,
        run_id: str,
        clock: Callable[[], float],
        steady: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        """Make the screen.

        Args:
            source: where events come from and orders go.
            run_id: which run.
            clock: seconds since the epoch.
            steady: seconds, never going back; for the guard of held calls.
            zone: times are shown in it; None: the local one.
        """
        super().__init__()
        self._source = source
        self._run_id = run_id
        self._clock = clock
        self._steady = steady
        self._zone = zone
        self._control = source.control(run_id)
        self._fold = RunFold(run_id)
        self._view = RunView(run_id)
        self._reachable = self._control is not None
        self._attention = Attention(clock())
        self._drawn = float("-inf")
        self._pending: Timer | None = None
        self._away = False
        self._stale = False
        self._state = ("", False)
        self._spot: Spot | None = None
        self._looking: Timer | None = None

    @property
    def view(self) -> RunView:
        """The run as it is on screen."""
        return self._view

    def compose(self) -> ComposeResult:
        """The parts, top to bottom."""
        yield RunHeader(id="header")
        yield AlertBanner(id="alerts")
        yield HeldPanel(self._steady, id="held")
        with Horizontal(id="panes"):
            yield WriteTree(id="writes")
            with Vertical(id="right"):
                yield CallDetail(self._zone, id="detail")
                yield ConversationLog(id="talk")
        yield Static(id="state", markup=False)
        yield Input(
            id="message", placeholder="A message for the agent. Enter sends, escape leaves.", compact=True
        )
        yield KeysBar(id="keys")

    def on_mount(self) -> None:
        """Start following the run."""
        for id, title in (("writes", "writes"), ("detail", "call"), ("talk", "conversation")):
            pane = self.query_one(f"#{id}")
            pane.add_class("pane")
            pane.border_title = title
        self._draw()
        self.set_interval(1.0, self._tick)
        self.run_worker(self._follow(), name=EVENTS, exit_on_error=False)
        self.run_worker(self._listen(), name="conversation", exit_on_error=False)
        if self._control is not None:
            self.run_worker(self._ask_health(), name="health", exit_on_error=False)

    async def _follow(self) -> None:
        async with aclosing(self._source.tail(self._run_id)) as batches:
            async for batch in batches:
                for recorded in batch:
                    self._fold.take(recorded)
                self._soon()

    async def _listen(self) -> None:
        log = self.query_one("#talk", ConversationLog)
        async with aclosing(self._source.conversation(self._run_id)) as batches:
            async for items in batches:
                log.add(items)

    async def _ask_health(self) -> None:
        assert self._control is not None
        watching: asyncio.Task[None] | None = None
        try:
            while True:
                if self._view.live and self._view.started:
                    health = await self._control.status()
                    if health.alive and (watching is None or watching.done()):
                        watching = asyncio.create_task(self._watch())
                    now = (health.alive, health.trouble if health.alive else "")
                    if now != (self._reachable, self._attention.told):
                        self._reachable, self._attention.told = now
                        self._draw()
                await asyncio.sleep(HEALTH_S)
        finally:
            if watching is not None:
                watching.cancel()

    async def _watch(self) -> None:
        assert self._control is not None
        with contextlib.suppress(SuperviseError):
            await self._control.watch()

    def _soon(self) -> None:
        """Draw now, or a moment later together with what comes until then."""
        if self._pending is not None:
            return
        wait = DRAW_S - (self._steady() - self._drawn)
        if wait <= 0:
            self._draw()
        else:
            self._pending = self.set_timer(wait, self._draw)

    def _tick(self) -> None:
        """A second has passed."""
        now = self._clock()
        self.query_one("#header", RunHeader).show(self._view, now, runner_gone=not self._reachable)
        self.query_one("#held", HeldPanel).show(self._held(), now)

    def _held(self) -> tuple[CallView, ...]:
        """The calls that wait for an answer somebody can take."""
        if not self._reachable:
            return ()
        calls = (self._view.call(n) for n in self._view.held)
        return tuple(call for call in calls if call is not None)

    def _draw(self) -> None:
        """Bring every part up to the journal."""
        self._pending = None
        self._drawn = self._steady()
        view = self._view = self._fold.view()
        now = self._clock()
        with self.app.batch_update():
            self.query_one("#header", RunHeader).show(view, now, runner_gone=not self._reachable)
            standing, advice = self._attention.standing(view), self._attention.advice(view)
            self.query_one("#alerts", AlertBanner).show(standing, advice)
            self.query_one("#held", HeldPanel).show(self._held(), now)
            self.query_one("#writes", WriteTree).show(view)
            self._show_state(view)
            self._show_keys()
        if self._attention.rings(view) and not self._away:
            self.app.bell()

    def _show_state(self, view: RunView) -> None:
        words, urgent = state_words(view, reachable=self._reachable), self._urgent(view)
        if self._stale:
            words, urgent = (
                "This screen no longer follows the run, which goes on: leave and open it again.",
                True,
            )
        if (words, urgent) != self._state:
            self._state = (words, urgent)
            line = self.query_one("#state", Static)
            line.update(Content(words), layout=False)
            line.set_class(urgent, "-urgent")

    def broken(self, part: str, error: BaseException | None) -> None:
        """Say it for as long as the screen is open when it is the events that no longer come."""
        super().broken(part, error)
        if part == EVENTS:
            self._stale = True
            self._draw()

    def _urgent(self, view: RunView) -> bool:
        asks = view.state in (State.WAITING, State.PAUSED) or bool(view.held)
        return view.live and (asks or (not self._reachable and bool(view.started)))

    def _show_keys(self) -> None:
        self.query_one("#keys", KeysBar).show(self.hints())

    def _trouble(self, error: SuperviseError) -> None:
        text = one_line(f"{error} {error.cure}".strip(), 400)
        self.notify(text, severity="error", timeout=10, markup=False)

    def situation(self) -> Situation:
        """As the journal and the runner have it."""
        return Situation(self._view, self._reachable, alerts=len(self._attention.standing(self._view)))

    def perform(self, id: str) -> None:
        """One verb of the table."""
        held = self.query_one("#held", HeldPanel)
        tree = self.query_one("#writes", WriteTree)
        match id:
            case "allow" | "deny" | "simulate":
                held.answer({"allow": ALLOW, "deny": DENY}.get(id, SIMULATE))
            case "like":
                self._ask_like()
            case "say":
                held.write()
            case "resume":
                self._order(lambda: self._runner.resume(), "The run continues.")
            case "attach":
                self.run_worker(self._take_terminal(), name="attach", exit_on_error=False)
            case "message":
                box = self.query_one("#message", Input)
                box.display = True
                self.set_focus(box)  # at once: the next key is the message's first letter, and no verb
            case "reads":
                tree.toggle_reads()
                tree.focus()
            case "next":
                self.focus_next("WriteTree, CallDetail, ConversationLog, HeldPanel Button")
            case "changes":
                spot = tree.spot
                n = spot.call.n if spot is not None and spot.call is not None else 0
                self.app.push_screen(ChangesScreen(self._source, self._run_id, n))
            case "review":
                door = self._source.plan(self._run_id)
                self.app.push_screen(ReviewScreen(door, self._clock, self._steady, self._zone))
            case "remember":
                self._ask_remember()
            case "facts":
                self.app.push_screen(FactsScreen(self._view))
            case "follow":
                tree.follow()
            case "talk":
                self.toggle_class("-talking")
            case "acknowledge":
                self._attention.put_aside(self._view)
                self._draw()
            case "stop":
                self._ask_stop()
            case "leave":
                self._leave()

    @property
    def _runner(self) -> RunControl:
        assert self._control is not None
        return self._control

    def _order(
        self, give: Callable[[], Awaitable[None]], done: str, failed: Callable[[], None] | None = None
    ) -> None:
        """Give the runner an order without waiting for it here; say how it went."""

        async def go() -> None:
            try:
                await give()
            except SuperviseError as error:
                self._trouble(error)
                if failed is not None:
                    failed()
            else:
                if done:
                    self.notify(done, timeout=3, markup=False)

        self.run_worker(go(), name="order", exit_on_error=False)

    def _ask_stop(self) -> None:
        name = one_line(self._view.name, 40)
        question = Content.assemble(
            (f"End {name}?\n", f"bold {look.BRIGHT}"),
            "Claude Code and everything it started are stopped. What was recorded stays.",
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._order(lambda: self._runner.stop(), "The run is being ended.")

        self.app.push_screen(ConfirmScreen(question, "End the run", "Keep it", self._steady), answered)

    def _ask_like(self) -> None:
        """Show the rule first; allow by it on a deliberate yes."""
        panel = self.query_one("#held", HeldPanel)
        call = panel.call
        if call is None or panel.guarded:
            return
        like = rule_of(call)
        if isinstance(like, str):
            self.notify(f"#{call.n} can only be allowed once: {like}.", markup=False)
            return

        def answered(yes: bool | None) -> None:
            if yes and panel.call is not None and panel.call.n == call.n:
                panel.answer(ALLOW_LIKE)

        asked = ConfirmScreen(like_question(call, like), "Allow these", "Back", self._steady)
        self.app.push_screen(asked, answered)

    def on_held_panel_like_wanted(self) -> None:
        """The panel's button is its key."""
        self.action_verb("like")

    def _ask_remember(self) -> None:
        """Show the rule first; write it on a deliberate yes."""
        spot = self.query_one("#writes", WriteTree).spot
        call = spot.call if spot is not None else None
        if call is None:
            self.notify("Put the cursor on a call first.", markup=False)
            return
        here = places()
        try:
            proposal = propose(here, self._view.cwd, call)
        except SuperviseError as error:
            self._trouble(error)
            return
        if not proposal.added:
            self.notify(f"#{call.n} is remembered as a read already.", markup=False)
            return

        def answered(yes: bool | None) -> None:
            if not yes:
                return
            try:
                remember(here, proposal)
            except SuperviseError as error:
                self._trouble(error)
            except OSError as error:
                self._trouble(UsageError(f"{proposal.path}: {error.strerror}"))
            else:
                self.notify("Remembered: a running gate takes it up at once.", markup=False)

        asked = ConfirmScreen(question(call, proposal), "It is a read", "No", self._steady)
        self.app.push_screen(asked, answered)

    async def _take_terminal(self) -> None:
        """Hand the terminal over. Nothing of ours may paint or ring meanwhile."""
        if self._away:
            return
        self._away = True
        trouble: SuperviseError | None = None
        try:
            with self.app.batch_update(), self.app.suspend():
                try:
                    await self._runner.attach()
                except SuperviseError as error:
                    trouble = error  # it must not leave this block: Textual would never come back
        except SuspendNotSupported:
            self.notify("This terminal cannot be handed over; use supervise attach.", severity="warning")
        finally:
            self._away = False
        if trouble is not None:
            self._trouble(trouble)
        self.refresh(layout=True)

    def _leave(self) -> None:
        if isinstance(self.focused, Input):
            self._close_message()
            return
        self.dismiss()

    def _close_message(self) -> None:
        self.query_one("#message", Input).display = False
        self.set_focus(self.query_one("#writes", WriteTree))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the message line sends it."""
        if event.input.id != "message":
            return
        text = event.value.strip()
        event.input.value = ""
        self._close_message()
        if text:
            self._order(lambda: self._runner.message(text), "Sent.")

    def on_held_panel_answered(self, event: HeldPanel.Answered) -> None:
        """The operator gave a verdict."""
        panel = self.query_one("#held", HeldPanel)

        def failed() -> None:
            panel.taken_back(event.n)
            panel.show(self._held(), self._clock())

        call = self._view.call(event.n)
        like = rule_of(call) if call is not None and event.verdict == ALLOW_LIKE else ""
        rule = "" if isinstance(like, str) else like.shown
        verdict = (event.n, event.verdict, event.sentence, rule)
        self._order(lambda: self._runner.verdict(*verdict), "", failed)
        panel.show(self._held(), self._clock())

    def on_write_tree_looked(self, event: WriteTree.Looked) -> None:
        """Show in full what the cursor rests on; a moment later while the tree runs on by itself."""
        self._spot = event.spot
        if self._looking is None:
            self._looking = self.set_timer(DETAIL_S, self._show_detail)

    def _show_detail(self) -> None:
        self._looking = None
        detail, spot = self.query_one("#detail", CallDetail), self._spot
        if spot is None:
            return
        if spot.call is not None:
            detail.show_call(spot.call)
        elif spot.undecided is not None:
            detail.show_undecided(spot.undecided)
        else:
            for group in self._view.writes:
                if (group.scope.value, group.name) == spot.key:
                    detail.show_group(group.name, group.counts)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter on a call goes to its detail, to scroll in it."""
        self.remove_class("-talking")
        self.query_one("#detail", CallDetail).focus()
