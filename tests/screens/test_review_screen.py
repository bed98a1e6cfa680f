"""The review screen: what is ticked is what is approved, and nothing is by a slip of a key."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from textual.pilot import Pilot

from harness.waiting import eventually
from hostile import HOSTILE, offences, screen_text
from plan_stories import edited_since, moved_since, rehearsed_plan
from run_recording import START, Recording
from run_stories import dry_run, rehearsed
from screen_source import NotedOrders, PlayedPlan, PlayedSource
from supervisor.app import SuperviseApp
from supervisor.effects.model import Scope
from supervisor.journal.events import ItemApplied, Outcome
from supervisor.plan.file_drift import Drift
from supervisor.policy import DecisionKind, Execution
from supervisor.screens.review import DETAIL_S, ReviewScreen
from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType
from typed_ahead import all_at_once


class Review:
    """The app over rehearsed runs, with clocks that move only when told."""

    def __init__(self, size: tuple[int, int] = (80, 24), *, door: PlayedPlan | None = None) -> None:
        self.recording = rehearsed()
        self.door = door or rehearsed_plan()
        self.steady = 0.0
        self.now = self.recording.now
        self.size = size
        self.app = self.on(self.recording, self.recording.run_id)

    def on(self, recording: Recording, open_run: str | None) -> SuperviseApp:
        """The app, opened on a run or on the list."""
        source = PlayedSource({recording.run_id: recording.recorded()}, (), NotedOrders())
        source.plans[recording.run_id] = self.door
        return SuperviseApp(
            source, open_run, clock=lambda: self.now, steady=lambda: self.steady, zone=datetime.UTC
        )

    def run(self) -> AbstractAsyncContextManager[Pilot[int]]:
        """Start the app without a terminal."""
        return self.app.run_test(size=self.size, notifications=True)

    @property
    def text(self) -> str:
        """What is on screen."""
        return screen_text(self.app)

    async def shows(self, *words: str) -> None:
        """Wait until all `words` are on screen."""
        await self._until(lambda: all(word in self.text for word in words))

    async def lacks(self, *words: str) -> None:
        """Wait until none of `words` is on screen."""
        await self._until(lambda: all(word not in self.text for word in words))

    async def _until(self, holds: Callable[[], bool]) -> None:
        await eventually(holds, "the screen to change", shown=lambda: self.text)

    async def open(self, pilot: Pilot[int]) -> None:
        """Open the review from the run's screen, and let the guard time pass."""
        await self.shows("e reviews the plan")
        await pilot.press("e")
        await self.shows("6 of 7 items ticked", "space ticks")
        self.steady += 1

    async def asked(self, pilot: Pilot[int], key: str, *words: str) -> None:
        """Wait for a question, and answer it with `key` when its guard time is over."""
        await self.shows(*words)
        self.steady += 1
        await pilot.press(key)
        await self.lacks(*words)

    async def confirm(self, pilot: Pilot[int], name: str = "amber-fox") -> None:
        """Approve by typing a name."""
        await pilot.press("a")
        await self.shows("to approve exactly")
        await pilot.press(*name, "enter")


async def test_what_is_ticked_is_what_is_approved() -> None:
    """An item and what uses it are left out together; the approval's digest is that of exactly the rest."""
    review = Review()
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("down", "down", "space")
        await review.asked(pilot, "n", "Leaving #3 out orphans 1 item")
        await review.shows("4 of 7 items ticked")
        await review.confirm(pilot)
        await review.shows("Approved until", "4 items", "supervise apply amber-fox")
        (given,) = review.door.approved
        assert given.items == (1, 2, 4, 6) and given.left_out == (3, 5) and given.for_real == ()
        plan = review.door.rehearsal().plan
        assert given.digest == plan.without(frozenset({3, 5})).digest != plan.digest
        await pilot.press("p")
        await review.shows("cannot be handed over", "supervise apply amber-fox")


async def test_an_orphan_stays_only_if_the_operator_says_so_twice() -> None:
    """Once is not enough, and going back changes nothing; then the orphan is marked in words."""
    review = Review()
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("down", "down", "space")
        await review.asked(pilot, "escape", "Leaving #3 out orphans 1 item")
        await pilot.press("space")
        await review.asked(pilot, "y", "Leaving #3 out orphans 1 item")
        await review.asked(pilot, "n", "Really orphan #5?")
        await review.shows("6 of 7 items ticked")
        assert "ORPHAN" not in review.text
        await pilot.press("space")
        await review.asked(pilot, "y", "Leaving #3 out orphans 1 item")
        await review.asked(pilot, "y", "Really orphan #5?")
        await review.shows("5 of 7 items ticked", "! ORPHAN: #5", "created by #3, which is left out")
        await review.confirm(pilot)
        await review.shows("Approved until")
        assert review.door.approved[0].items == (1, 2, 4, 5, 6)


async def test_what_an_item_uses_is_ticked_with_it() -> None:
    """Ticking the row again asks for the upload that it names."""
    review = Review()
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("t")
        await review.shows("0 of 7 items ticked")
        await pilot.press("a")
        await review.shows("Nothing is ticked.")
        await pilot.press("down", "down", "down", "space")
        await review.asked(pilot, "n", "#5 alone would be an orphan", "#3 store.put_object")
        await review.shows("3 of 7 items ticked")
        await review.confirm(pilot)
        await review.shows("Approved until")
        assert review.door.approved[0].items == (1, 3, 5)


async def test_the_operator_chooses_between_file_changes_and_running_for_real() -> None:
    """What ran without network is marked; one key changes the choice; one that changed no file is offered."""
    review = Review((140, 40))
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("end", "up")
        await review.shows("Chosen: its file changes", "+ built 3 assets", "the command that made them")
        await pilot.press("c")
        await review.shows(
            "Chosen: run it for real", "the exact command", "./build.sh --assets | tee build.log"
        )
        assert "built 3 assets" not in review.text
        await pilot.press("up")
        await review.shows("It changed no file")
        await pilot.press("space")
        await review.shows("7 of 7 items ticked")
        await review.confirm(pilot)
        await review.shows("Approved until")
        (given,) = review.door.approved
        assert given.items == (1, 2, 3, 4, 5, 6, 7) and given.for_real == (4, 7)
        plan = review.door.rehearsal().plan.running(frozenset({4, 7}))
        assert given.digest == plan.digest
        assert [item.n for item in plan.items if item.kind == "command"] == [4, 6, 7]


async def test_keys_typed_ahead_act_on_the_row_they_were_meant_for() -> None:
    """A verb that comes together with the arrows before it is about the row they lead to."""
    review = Review((140, 40))
    async with review.run() as pilot:
        await review.open(pilot)
        all_at_once(review.app, "end", "up", "c", "a", *"amber-fox", "enter")
        await review.shows("Approved until")
        assert review.door.approved[0].for_real == (4,)


async def test_no_key_approves_and_no_other_name_does() -> None:
    """Enter, y, and each verb alone approve nothing; nor does another name, or the name in another case."""
    review = Review()
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("enter", "y", "enter", "a", "enter")
        await review.shows("Not approved")
        await review.confirm(pilot, "Amber-fox")
        await review.confirm(pilot, "amber-fo")
        await pilot.press("a", *"amber-fox", "escape")
        await review.lacks("to approve exactly")
        assert review.door.approved == []
        await review.confirm(pilot)
        await review.shows("Approved until")


async def test_keys_typed_before_the_plan_was_seen_do_nothing() -> None:
    """For the first 400 ms no answer counts: what was typed was meant for something else."""
    review = Review()
    async with review.run() as pilot:
        await review.shows("e reviews the plan")
        await pilot.press("e")
        await review.shows("6 of 7 items ticked")
        review.steady = 0.39
        await pilot.press("space", "t", "c", "a")
        assert "6 of 7 items ticked" in review.text and "to approve exactly" not in review.text
        review.steady = 0.41
        await pilot.press("space")
        await review.shows("orphans 1 item")


async def test_drift_is_shown_on_its_item_and_before_the_name_is_typed() -> None:
    """In words, on the row, in the item, on top, and in what is being approved."""
    review = Review((140, 40))
    review.door.drifted = [edited_since()]
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("down")
        await review.shows(
            "Δ DRIFT: 1 item ticked, first #2", "Δ DRIFT: src/report.py",
            "-  file, mode 644, 71 bytes", "+  file, mode 644, 90 bytes",
        )  # fmt: skip
        row = next(line for line in review.text.split("\n") if "~ files src/report.py" in line)
        assert "DRIFT" in row[:70]
        await pilot.press("a")
        await review.shows("#2 is done to what has changed")
        assert "to approve exactly" not in review.text


async def test_drift_is_approved_over_item_by_item_and_on_what_was_shown() -> None:
    """Each drifted item by itself, after its own question; a new look forgets what was approved over; the
    approval accepts exactly what is there now."""
    review = Review((140, 40))
    review.door.drifted = [edited_since()]
    review.door.moved = [moved_since()]
    async with review.run() as pilot:
        await review.open(pilot)
        await review.shows("2 items ticked, first #2", "r rehearse")
        await pilot.press("o")
        await review.shows("Nothing has changed that")
        await pilot.press("down", "o")
        await review.shows("Approve #2 all the same", "+  file, mode 644, 90 bytes", "rehearse again")
        await pilot.press("y")
        await review.shows("Approve #2 all the same")  # within the guard time it does not count
        await review.asked(pilot, "y", "Approve #2 all the same")
        await review.shows("1 item ticked, first #3", "over DRIFT", "Chosen: all the same")
        await pilot.press("a")
        await review.shows("#3 is done to what has changed")
        await pilot.press("down", "o")
        await review.shows("Approve #3 all the same", "ls objects", "-  old", "+  theirs")
        await review.asked(pilot, "n", "Approve #3 all the same")
        await review.shows("1 item ticked, first #3")
        await pilot.press("o")
        await review.asked(pilot, "y", "Approve #3 all the same")
        await review.lacks("Δ DRIFT: 1 item")
        await pilot.press("l")
        await review.shows("2 items ticked, first #2")
        assert review.door.looked == 2
        for up in ("up", "down"):
            await pilot.press(up, "o")
            await review.asked(pilot, "y", "Approve #")
        await pilot.press("a")
        await review.shows("exactly 6 items, 2 over drift")
        await pilot.press(*"amber-fox", "enter")
        await review.shows("Approved until")
        (given,) = review.door.approved
        accepted = [(each["n"], each["path"], bool(each["probe"])) for each in given.accepted]
        assert accepted == [(2, "src/report.py", False), (3, "", True)]


async def test_what_is_left_out_or_in_the_way_is_not_approved_over() -> None:
    """Leaving the drifted item out is a way on; approving over a folder that nobody looked into is none."""
    review = Review((140, 40))
    review.door.drifted = [Drift("src/report.py", None, Node(NodeType.FOLDER, 0o755))]
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("down", "o")
        await review.shows("What is in the way")
        await pilot.press("a")
        await review.shows("Something is in the way of #2")
        await pilot.press("space")
        await review.lacks("Δ DRIFT: 1")
        await review.confirm(pilot)
        await review.shows("Approved until")
        assert 2 in review.door.approved[0].left_out and review.door.approved[0].accepted == ()


async def test_nothing_is_approved_before_the_world_was_looked_at_and_the_screen_goes_on_meanwhile() -> None:
    """A probe takes its time: it is said, items are ticked and read, and only approving waits."""
    review = Review((140, 40))
    review.door.looks.clear()
    async with review.run() as pilot:
        await review.shows("e reviews the plan")
        await pilot.press("e")
        await review.shows("6 of 7 items ticked", "Looking at what the items are done to")
        review.steady += 1
        await pilot.press("down", "space")
        await review.shows("5 of 7 items ticked", "~ files src/report.py")
        await pilot.press("a")
        await review.shows("still being looked at")
        assert "to approve exactly" not in review.text
        review.door.looks.set()
        await review.shows("a approves exactly what is ticked")
        await review.confirm(pilot)
        await review.shows("Approved until")


async def test_a_look_that_fails_is_said_and_can_be_taken_again() -> None:
    """Nobody could look: that is not taken for no drift."""
    review = Review((140, 40))
    review.door.broken = True
    async with review.run() as pilot:
        await review.shows("e reviews the plan")
        await pilot.press("e")
        await review.shows("Nobody could look for drift: the journal is gone")
        review.steady += 1
        await pilot.press("a")
        await review.shows("Nobody could look for drift: l looks again.")
        review.door.broken = False
        await pilot.press("l")
        await review.shows("a approves exactly what is ticked")


async def test_an_upload_of_what_is_edited_later_is_marked_and_what_cannot_be_looked_at_too() -> None:
    """On the row and in the item, with the file and the call that changes it; both stay to be approved."""
    recording = Recording(run_id="r3")
    recording.start(name="amber-fox")
    upload = {"command": "aws s3 cp page.html s3://b/page.html"}
    recording.call("Bash", upload, DecisionKind.SIMULATED, "s3://b/page.html", Scope.REMOTE)
    recording.write("page.html", execution=Execution.SHADOW)
    recording.end()
    node = Node(NodeType.FILE, 0o644, 5, "a" * 64)
    change = Change("page.html", ChangeKind.ADDED, None, node, calls=("toolu_r3_2",))
    review = Review((140, 40), door=PlayedPlan(recording, (change,), ("",)))
    review.app = review.on(recording, recording.run_id)
    async with review.run() as pilot:
        await review.shows("e reviews the plan")
        await pilot.press("e")
        await review.shows("2 of 2 items ticked", "↷ takes page.html, which #2 changes later", "NOT KNOWN")
        row = next(line for line in review.text.split("\n") if "$ runs" in line)
        assert "later" in row and "not known" in row


async def test_an_approval_that_is_refused_is_said_and_one_that_expires_too() -> None:
    """Why it was refused; after its time an approval is no more, and apply says what to do."""
    review = Review()
    async with review.run() as pilot:
        await review.open(pilot)
        review.door.broken = True
        await review.confirm(pilot)
        await review.shows("only a person at a terminal")
        assert "Approved until" not in review.text
        review.door.broken = False
        await review.confirm(pilot)
        await review.shows("Approved until")
        review.now += 901
        await review.shows("The approval has expired")
        await pilot.press("p")
        await review.shows("Nothing is approved")


async def test_what_became_of_each_item_is_shown_after_an_apply() -> None:
    """Done, failed with what it said, not reached."""
    review = Review((140, 40))
    for event in (ItemApplied(1, Outcome.EXECUTED, ""), ItemApplied(3, Outcome.FAILED, "no such bucket")):
        review.recording.add(event)
    review.door = PlayedPlan(review.recording)
    review.app = review.on(review.recording, review.recording.run_id)
    async with review.run() as pilot:
        await review.shows("e reviews the plan")
        await pilot.press("e")
        await review.shows("FAILED", "supervise undo amber-fox")
        await pilot.press("home")
        await review.shows("no such bucket")


async def test_the_review_opens_from_the_list_and_says_why_where_it_cannot() -> None:
    """A run that goes on, and one that simulated nothing, have nothing to review."""
    review = Review()
    review.app = review.on(review.recording, None)
    async with review.run() as pilot:
        await review.shows("amber-fox")
        await pilot.press("e")
        await review.shows("6 of 7 items ticked")
        await pilot.press("q")
        await review.lacks("items ticked")
    review.app = review.on(dry_run(), None)
    async with review.run() as pilot:
        await review.shows("amber-fox")
        await pilot.press("e")
        await review.shows("The run goes on")
    nothing = Recording()
    nothing.start()
    nothing.end()
    review.app = review.on(nothing, nothing.run_id)
    async with review.run() as pilot:
        await review.shows("The run is over")
        await pilot.press("e")
        await review.shows("Nothing to review")


async def test_an_empty_plan_says_what_to_do_next() -> None:
    """Simulated writes of which nothing is left in the shadow."""
    undone = Recording()
    undone.start()
    undone.write("scratch.txt", execution=Execution.SHADOW)
    undone.end()
    review = Review(door=PlayedPlan(undone))
    async with review.run() as pilot:
        await review.shows("e reviews the plan")
        await pilot.press("e")
        await review.shows("The plan is empty", "Rehearse a task")
        await pilot.press("question_mark")
        await review.shows("not now: The plan is empty.")


async def test_nothing_a_terminal_would_obey_comes_out_of_a_hostile_plan() -> None:
    """Name, keys, commands and reasons full of it, on the rows, in each item, in questions and messages."""
    recording = Recording()
    recording.start(name=HOSTILE["clipboard"])
    for bad in HOSTILE.values():
        for tool, given in (("Bash", {"command": bad}), (f"mcp__x__{bad[:40]}", {"key": bad, bad[:40]: bad})):
            recording.call(tool, given, DecisionKind.SIMULATED, f"mcp://x/{bad[:300]}", Scope.REMOTE, why=bad)
    recording.end(result=HOSTILE["escape"])
    review = Review((100, 30), door=PlayedPlan(recording))
    review.app = review.on(recording, recording.run_id)
    async with review.run() as pilot:
        await review.shows("e reviews the plan")
        await pilot.press("e")
        await review.shows("space ticks")
        for _ in range(2 * len(HOSTILE)):
            review.steady += 1
            await pilot.press("space")
            await pilot.pause()
            assert offences(review.app) == []
            if not isinstance(review.app.screen, ReviewScreen):
                await pilot.press("escape")
            await pilot.press("down")
            await pilot.pause(DETAIL_S * 2)
            assert offences(review.app) == []
        await pilot.press("a", "x", "enter")
        await review.shows("Not approved")
        assert offences(review.app) == []


async def test_help_names_the_marks_of_the_review() -> None:
    """Each mark on the rows, in words."""
    review = Review((80, 40))
    async with review.run() as pilot:
        await review.open(pilot)
        await pilot.press("question_mark")
        await review.shows("help", "guess", "no network", "DRIFT", "ORPHAN", "by typing the run's name")
        assert not isinstance(review.app.screen, ReviewScreen) and review.now > START
