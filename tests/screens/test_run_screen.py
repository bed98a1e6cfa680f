"""The run screen: what it shows follows the journal, what it orders is deliberate."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from harness.waiting import eventually
from hostile import screen_text
from run_recording import CWD, Recording
from run_stories import TALK, dry_run, ended, held, hook_failure
from screen_source import NotedOrders, PlayedSource
from supervisor.app import SuperviseApp
from supervisor.effects.model import Scope
from supervisor.errors import JournalError
from supervisor.journal.events import Outcome, RunStarted, State
from supervisor.policy import AlertKind, DecisionKind
from supervisor.screens.run import RunScreen
from supervisor.views.changes import FileChange
from typed_ahead import all_at_once
from widgets.held_panel import HeldPanel
from widgets.write_tree import WriteTree

Show = Callable[..., AbstractAsyncContextManager[Pilot[int]]]


class Stage:
    """One app over one recording, with clocks that move only when told."""

    def __init__(self, recording: Recording, size: tuple[int, int] = (120, 40)) -> None:
        self.recording = recording
        self.orders = NotedOrders()
        self.source = PlayedSource({recording.run_id: recording.recorded()}, TALK, self.orders)
        self.sent = len(recording.events)
        self.steady = 0.0
        self.size = size
        self.app = SuperviseApp(
            self.source,
            recording.run_id,
            clock=lambda: recording.now,
            steady=lambda: self.steady,
            zone=datetime.UTC,
        )

    def run(self) -> AbstractAsyncContextManager[Pilot[int]]:
        """Start the app without a terminal."""
        return self.app.run_test(size=self.size, notifications=True)

    async def commit(self) -> None:
        """What the recording has gained is committed and shown."""
        events = self.recording.recorded()[self.sent :]
        self.sent += len(events)
        self.steady += 1.0
        await self.source.commit(self.recording.run_id, events)
        await self.until(lambda: self.screen.view.seq == self.recording.recorded()[-1].seq)

    @property
    def screen(self) -> RunScreen:
        """The run screen."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, RunScreen))

    @property
    def text(self) -> str:
        """What is on screen."""
        return screen_text(self.app)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds`, and nothing moves."""

        def there() -> bool:
            return any(isinstance(screen, RunScreen) for screen in self.app.screen_stack) and holds()

        still = False
        while not still:
            await eventually(there, "the screen to change", shown=lambda: self.text)
            await self.app.animator.wait_for_idle()
            still = there()

    async def shows(self, *words: str) -> None:
        """Wait until all `words` are on screen."""
        await self.until(lambda: all(word in self.text for word in words))


async def test_a_screen_opened_late_shows_what_one_that_was_there_all_along_shows() -> None:
    """A screen may be killed at any time: the next one shows everything."""
    early = Stage(Recording())
    early.recording.start()
    whole = dry_run().events[len(early.recording.events) :]
    async with early.run():
        for event in whole:
            early.recording.add(event)
            await early.commit()
        late = Stage(early.recording)
        async with late.run():
            await late.shows("curl -X DELETE removes", "$0.37", "go on as a rehearsal")
            await late.until(lambda: late.text == early.text)


async def test_two_screens_on_one_run_both_follow_it() -> None:
    """Opened twice, a run is shown twice."""
    recording = dry_run()
    one, two = Stage(recording), Stage(recording)
    two.source = one.source
    async with one.run():
        again = SuperviseApp(one.source, recording.run_id, clock=lambda: recording.now)
        async with again.run_test(size=(120, 40)):
            recording.write("late.txt")
            await one.commit()
            await one.shows("late.txt")
            await eventually(lambda: "late.txt" in screen_text(again), "it on the other, too")


async def test_the_newest_write_is_followed_until_the_operator_looks_elsewhere() -> None:
    """New calls move the cursor only while it is on the newest; `f` goes back to following."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        tree = stage.screen.query_one(WriteTree)
        stage.recording.write("a.txt")
        await stage.commit()
        assert tree.spot is not None and tree.spot.call is not None and tree.spot.call.n == 10
        await pilot.press("home", "down")
        kept = tree.spot.call.n if tree.spot and tree.spot.call else 0
        assert kept == 7
        for i in range(30):
            stage.recording.call("mcp__new__put", {}, DecisionKind.BLOCKED, f"mcp://new{i}/put", Scope.REMOTE)
        await stage.commit()
        assert tree.spot is not None and tree.spot.call is not None and tree.spot.call.n == kept
        await pilot.press("f")
        assert tree.spot.call.n == 40


async def test_reads_are_folded_away_behind_a_key() -> None:
    """Reads are counted, not listed, until `r`; again `r` folds them."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("2 passed")
        assert "invoices.csv" not in _left(stage)
        await pilot.press("r")
        await pilot.pause()
        assert "invoices.csv" in _left(stage)
        await pilot.press("r")
        await pilot.pause()
        assert "invoices.csv" not in _left(stage)


def _left(stage: Stage) -> str:
    """The left half: the tree alone."""
    return "\n".join(line[:60] for line in stage.text.split("\n")[4:])


async def test_a_held_call_takes_no_answer_for_its_first_moment_and_deny_has_the_focus() -> None:
    """A key meant for something else answers nothing; after 400 ms it counts."""
    stage = Stage(held())
    async with stage.run() as pilot:
        await stage.shows("HELD", "git push origin main")
        await stage.until(lambda: isinstance(stage.app.focused, Button))
        assert stage.app.focused is not None and stage.app.focused.id == "held-deny"
        stage.steady = stage.steady + 0.39
        await pilot.press("a", "d", "enter")
        assert stage.orders.orders == []
        stage.steady = stage.steady + 0.02
        await pilot.press("a")
        await stage.until(lambda: stage.orders.orders == [("verdict", 3, "allow", "")])


async def test_the_next_held_call_is_guarded_anew() -> None:
    """Answering one call cannot answer the one that moves up in its place."""
    stage = Stage(held())
    async with stage.run() as pilot:
        await stage.shows("HELD")
        stage.steady += 1
        await pilot.press("a", "a", "a")
        await stage.until(lambda: len(stage.orders.orders) == 1)
        await stage.shows("HELD  #4")
        stage.steady += 1
        await pilot.press("d")
        await stage.until(lambda: stage.orders.orders[1:] == [("verdict", 4, "deny", "")])


async def test_a_denial_carries_the_operators_sentence() -> None:
    """`w` writes it, enter denies with it: the keys in the sentence answer nothing by themselves."""
    stage = Stage(held())
    async with stage.run() as pilot:
        await stage.shows("HELD")
        stage.steady += 1
        await pilot.press("w", *"a bad idea", "enter")
        await stage.until(lambda: stage.orders.orders == [("verdict", 3, "deny", "a bad idea")])


async def test_a_verdict_that_does_not_arrive_is_asked_for_again() -> None:
    """If the runner cannot be reached the call stays on top, and the operator is told."""
    stage = Stage(held())
    stage.orders.broken = True
    async with stage.run() as pilot:
        await stage.shows("HELD")
        stage.steady += 1
        await pilot.press("a")
        await stage.shows("no runner answers", "HELD  #3")
        assert stage.orders.orders == []


async def test_a_verdict_in_the_journal_takes_the_call_off_the_top() -> None:
    """Whoever settled it, another screen or the deadline: it is no longer asked for."""
    stage = Stage(held())
    async with stage.run():
        await stage.shows("HELD  #3")
        stage.recording.settle(3, DecisionKind.BLOCKED, by="deadline")
        stage.recording.settle(4, DecisionKind.REAL)
        await stage.commit()
        await stage.until(lambda: "HELD  #" not in stage.text)
        assert not stage.screen.query_one(HeldPanel).display


async def test_typing_a_message_is_not_disturbed_by_a_held_call() -> None:
    """A call that comes up while the operator types takes neither focus nor keys."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        await pilot.press("m", *"do")
        stage.recording.call("Bash", {"command": "git push"}, DecisionKind.HELD, "git+o#m", Scope.REMOTE)
        await stage.commit()
        stage.steady += 1
        await pilot.press(*"add")
        assert isinstance(stage.app.focused, Input) and stage.app.focused.value == "doadd"
        await pilot.press("enter")
        await stage.until(lambda: stage.orders.orders == [("message", "doadd")])


async def test_keys_typed_ahead_mean_what_they_would_have_meant_one_by_one() -> None:
    """Keys that come all at once, as on a busy machine: those behind an Enter are not the closed line's, and
    none of a message's letters is a verb."""
    stage = Stage(dry_run())
    async with stage.run():
        await stage.shows("#9")
        all_at_once(stage.app, "m", *"xq", "enter", "m", *"dc", "enter", "m", "escape", "r")
        await stage.until(lambda: "invoices.csv" in _left(stage))
        assert stage.orders.orders == [("message", "xq"), ("message", "dc")]


async def test_a_disabled_verb_says_why() -> None:
    """Pressing a key that cannot be used now tells the reason and does nothing."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        for key, why in (
            ("a", "No call is held."),
            ("c", "The run is not paused."),
            ("p", "There is no alert."),
        ):
            await pilot.press(key)
            await stage.shows(why)
        assert stage.orders.orders == []


async def test_the_rule_is_shown_before_the_like_is_allowed_and_sent_with_the_verdict() -> None:
    """What is not wholly known can be allowed once only; elsewhere the key is a question first."""
    stage = Stage(held())
    async with stage.run() as pilot:
        await stage.shows("HELD  #3", "Like")
        stage.steady += 1
        await pilot.press("l")
        await stage.shows("#3 can only be allowed once")
        await pilot.press("d")
        await stage.shows("HELD  #4")
        stage.steady += 1
        await pilot.press("l")
        await stage.shows("Allow #4, and what is like it?", '"channel": "#team"', '"text": "‹any›"')
        assert stage.orders.orders == [("verdict", 3, "deny", "")]
        await pilot.press("y")
        assert stage.orders.orders[1:] == []
        stage.steady += 1
        await pilot.press("y")
        await stage.until(lambda: len(stage.orders.orders) == 2)
        assert stage.orders.orders[1][:4] == ("verdict", 4, "allow like", "")
        assert '"text": "‹any›"' in str(stage.orders.orders[1][4])


async def test_help_lists_every_verb_and_why_some_cannot_be_used() -> None:
    """`?` shows the verb table as it is now."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        await pilot.press("question_mark")
        await stage.shows("Send the agent a message.", "not now: No call is held.")
        await pilot.press("end")
        await stage.shows("it waits for you")
        await pilot.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, RunScreen))


async def test_the_palette_holds_the_verbs() -> None:
    """Every verb can be found by name, and done."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        await pilot.press("ctrl+p", *"reads")
        await stage.shows("Reads  (r)")
        await pilot.press("down", "enter")
        await stage.until(lambda: stage.screen.query_one(WriteTree).reads_shown)


async def test_a_hook_failure_owns_the_banner() -> None:
    """Later alerts do not cover it, it cannot be put aside while the run is paused, `c` leads on."""
    stage = Stage(hook_failure())
    async with stage.run() as pilot:
        await stage.shows("HOOK FAILURE", "gate ▲ FAILED", "Paused: hook failure")
        for kind in (AlertKind.AGENT_FAILURE, AlertKind.TAMPERING):
            stage.recording.alert(kind, "something else")
        await stage.commit()
        assert "HOOK FAILURE" in stage.text and "+2 more" in stage.text
        await pilot.press("p")
        await stage.shows("The alert stands while the run is paused")
        await pilot.press("c")
        await stage.until(lambda: stage.orders.orders == [("resume",)])
        stage.recording.state(State.WORKING)
        await stage.commit()
        await pilot.press("p")
        await stage.until(lambda: "HOOK FAILURE" not in stage.text)


@pytest.mark.parametrize("kind", list(AlertKind))
async def test_each_alert_names_its_kind(kind: AlertKind) -> None:
    """The kind is there in words, not in colour alone."""
    stage = Stage(dry_run())
    stage.recording.alert(kind, "what happened")
    stage = Stage(stage.recording)
    async with stage.run():
        await stage.shows(kind.value.upper(), "what happened")


async def test_the_bell_rings_for_what_is_new_and_not_for_history() -> None:
    """Opening a run with old alerts is silent; an alert or a held call that comes up rings."""
    stage = Stage(hook_failure())
    stage.recording.now += 100
    rung: list[int] = []

    class Ringing(SuperviseApp):
        def bell(self) -> None:
            rung.append(1)

    stage.app = Ringing(
        stage.source, "r1", clock=lambda: stage.recording.now, steady=lambda: stage.steady, zone=datetime.UTC
    )
    async with stage.run():
        await stage.shows("HOOK FAILURE")
        assert rung == []
        stage.recording.alert(AlertKind.DRIFT, "main moved")
        await stage.commit()
        assert len(rung) == 1
        stage.recording.call("Bash", {"command": "git push"}, DecisionKind.HELD, "git+o#m", Scope.REMOTE)
        await stage.commit()
        assert len(rung) == 2


async def test_ending_a_run_is_asked_for_and_a_hasty_yes_does_not_count() -> None:
    """`x` asks with the safe answer in focus; yes counts only after the guard time."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        await pilot.press("x", "y")
        await stage.until(lambda: "End amber-fox?" in stage.text)
        assert stage.app.focused is not None and stage.app.focused.id == "no"
        assert stage.orders.orders == []
        stage.steady += 1
        await pilot.press("y")
        await stage.until(lambda: stage.orders.orders == [("stop",)])


async def test_a_run_whose_runner_is_gone_says_so() -> None:
    """No runner answers for a run that has not ended: orders are off, the screen says why."""
    stage = Stage(dry_run())
    stage.orders.alive = False
    stage.orders.trouble = "no runner answers for this run"
    async with stage.run() as pilot:
        await stage.shows("runner gone", "nothing gets through")
        assert "HOOK FAILURE" not in stage.text
        await pilot.press("m")
        await stage.shows("runner does not answer")


async def test_waiting_offers_the_terminal() -> None:
    """When Claude Code waits for a person the screen says for what, and how to get there."""
    stage = Stage(dry_run())
    stage.recording.state(State.WAITING, "it asks whether to trust the folder")
    stage = Stage(stage.recording)
    async with stage.run():
        await stage.shows("waiting for you", "trust the folder", "t opens its terminal")


async def test_an_ended_run_shows_how_it_ended() -> None:
    """A past run is read like a live one; orders say that it has ended."""
    stage = Stage(ended())
    async with stage.run() as pilot:
        await stage.shows("ended: completed", "All keys are renamed.", "config.toml")
        await pilot.press("m")
        await stage.shows("The run has ended.")


async def test_a_call_nobody_decided_stands_on_top() -> None:
    """It has a group of its own, in words."""
    stage = Stage(dry_run())
    stage.recording.outcome(99, Outcome.EXECUTED, "done", "Bash")
    stage = Stage(stage.recording)
    async with stage.run():
        await stage.shows("never decided by the gate")


async def test_both_panes_can_be_read_on_a_narrow_terminal() -> None:
    """At 80x24 the call is shown; `v` shows the conversation in its place."""
    stage = Stage(dry_run(), size=(80, 24))
    async with stage.run() as pilot:
        await stage.shows("#9 Bash", "Your configuration blocks")
        await pilot.press("v")
        await stage.shows("go on as a rehearsal")
        assert "Your configuration blocks" not in stage.text


async def test_twenty_thousand_calls_stay_usable() -> None:
    """The newest is on screen, any other can be reached, and a new one is shown."""
    recording = Recording()
    recording.start()
    for i in range(20_000):
        recording.write(f"d{i % 40}/f{i}.txt")
    stage = Stage(recording)
    async with stage.run() as pilot:
        await stage.shows("#20000", "20,000 simulated")
        await pilot.press("home", "down", "pagedown", "end", "up")
        recording.write("last/one.txt")
        await stage.commit()
        await pilot.press("f")
        await stage.shows("#20001", "one.txt")
        assert CWD not in _left(stage)


async def test_leaving_a_run_opened_by_name_closes_the_app() -> None:
    """`q` ends the screen, and only the screen: no order is given."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        await pilot.press("q")
        await pilot.pause()
        assert stage.app.return_code == 0
        assert stage.orders.orders == []


async def test_a_missing_floor_and_suspended_settings_are_said() -> None:
    """The header names the missing floor; `s` says why, and what of the user's settings is not in force."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("floor 4 missing")
        await pilot.press("s")
        await stage.shows("missing: no shadow", "permissions.allow: 3 rules", "2.1.330")
        await pilot.press("s")
        await stage.until(lambda: isinstance(stage.app.screen, RunScreen))


@pytest.mark.parametrize(
    "fault",
    [JournalError("the journal was replaced", cure="Look at it."), ValueError("odd")],
    ids=["known", "odd"],
)
async def test_a_screen_that_no_longer_follows_says_so(fault: Exception) -> None:
    """A tail that fails, for a known reason or another, never looks like a run in which nothing happens."""
    stage = Stage(dry_run())
    async with stage.run():
        await stage.shows("#9")
        stage.source.fault = fault
        await stage.source.commit("r1", [])
        await stage.shows("no longer follows the run", str(fault))


DIFF = """--- a/src/report.py
+++ b/src/report.py
@@ -1,3 +1,3 @@
 import csv
-def total(rows): return 0  # [bold]wrong[/]
+def total(rows): return sum(rows)  # \x1b[31mright
 print(total([1]))
"""


async def test_the_changes_of_a_shadow_are_read_as_diffs() -> None:
    """`g` lists the changed files with their calls, begins at the call under the cursor, and shows diffs."""
    recording = dry_run()
    started = recording.events[0]
    assert isinstance(started, RunStarted)
    recording.events[0] = msgspec.structs.replace(started, shadow=True)
    stage = Stage(recording)
    stage.source.changed = [
        FileChange("added", "exports/october.csv", calls=(3, 6), diff="(file, 3 bytes, not shown as text)\n"),
        FileChange("modified", "src/report.py", aspects=("content", "mode"), calls=(9,), diff=DIFF),
    ]
    async with stage.run() as pilot:
        await stage.shows("#9")
        await pilot.press("g")
        await stage.shows(
            "added #3 #6", "modified mode #9", "+ def total(rows): return sum(rows)  # ␛[31mright"
        )
        await stage.shows("- def total(rows): return 0  # [bold]wrong[/]")
        await pilot.press("up")
        await stage.shows("not shown as text")
        await pilot.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, RunScreen))


async def test_a_run_without_a_shadow_says_so() -> None:
    """There is nothing to compare: the key says why."""
    stage = Stage(dry_run())
    async with stage.run() as pilot:
        await stage.shows("#9")
        await pilot.press("g")
        await stage.shows("This run has no shadow.")


async def test_what_the_runner_could_not_journal_is_shown() -> None:
    """A gate that is closed for want of a journal says so through the runner, while it is."""
    stage = Stage(dry_run())
    stage.orders.trouble = "gate closed: the journal cannot be written: disk full"
    async with stage.run():
        await stage.shows("HOOK FAILURE", "disk full")
        stage.orders.trouble = ""
        await stage.until(lambda: "HOOK FAILURE" not in stage.text)
