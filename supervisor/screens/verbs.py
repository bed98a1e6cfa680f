"""The verb tables: one list of actions a screen, which feeds keys, palette, help and footer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from supervisor.journal.events import State
from supervisor.views.review import DriftView, ItemView, ReviewView, Ticks
from supervisor.views.run import PlanState, RunView
from supervisor.views.summary import RunSummary


@dataclass(frozen=True)
class Situation:
    """What decides which verbs can be used now.

    Attributes:
        view: the run on screen; None on the list of runs.
        reachable: there is a runner that takes orders.
        runs: how many runs the list shows.
        alerts: how many alerts are not put aside.
        picked: the run under the cursor of the list.
        review: the plan under review; None until it is read.
        ticks: what is ticked of it.
        item: its item under the cursor.
        approved: something of it is approved, and can be applied now.
        drift: what has changed since the rehearsal, by the number of the item; None where that is not known.
        looking: it is being looked at.
    """

    view: RunView | None = None
    reachable: bool = False
    runs: int = 0
    alerts: int = 0
    picked: RunSummary | None = None
    review: ReviewView | None = None
    ticks: Ticks = field(default_factory=Ticks)
    item: ItemView | None = None
    approved: bool = False
    drift: Mapping[int, tuple[DriftView, ...]] | None = None
    looking: bool = False


@dataclass(frozen=True)
class Verb:
    """One thing the operator can do.

    Attributes:
        id: name of the action.
        keys: Textual key names, comma-separated.
        shown: the key as printed.
        word: for the footer.
        sentence: for help and palette.
        why_not: why it cannot be done now, in a sentence; None if it can.
        urgent: whether the operator is being asked for it now.
        footer: stands in the footer.
    """

    id: str
    keys: str
    shown: str
    word: str
    sentence: str
    why_not: Callable[[Situation], str | None] = lambda now: None
    urgent: Callable[[Situation], bool] = lambda now: False
    footer: bool = True


def _held(now: Situation) -> str | None:
    if now.view is None or not now.view.held:
        return "No call is held."
    return _runner(now)


def _runner(now: Situation) -> str | None:
    if now.view is None:
        return "No run is open."
    if not now.view.live:
        return "The run has ended."
    return None if now.reachable else "The run's runner does not answer."


def _paused(now: Situation) -> str | None:
    if now.view is not None and now.view.live and now.view.state is not State.PAUSED:
        return "The run is not paused."
    return _runner(now)


def _terminal(now: Situation) -> str | None:
    if now.view is not None and now.view.headless:
        return "A headless run has no terminal."
    return _runner(now)


def _talk(now: Situation) -> str | None:
    if now.view is not None and now.view.headless:
        return "A headless run takes no messages."
    if now.view is not None and now.view.state is State.PAUSED:
        return "The run is paused: resume it first."
    return _runner(now)


def _is_held(now: Situation) -> bool:
    return _held(now) is None


def _is_paused(now: Situation) -> bool:
    return _paused(now) is None


def _waits(now: Situation) -> bool:
    return now.view is not None and now.view.state is State.WAITING and _terminal(now) is None


def _shadow(now: Situation) -> str | None:
    if now.view is not None and not now.view.shadow:
        return "This run has no shadow."
    return None


def _reads(now: Situation) -> str | None:
    return None if now.view is not None and now.view.reads else "No call has passed as a read yet."


def _writes(now: Situation) -> str | None:
    return None if now.view is not None and now.view.writes else "No call was judged a write yet."


def _alerts(now: Situation) -> str | None:
    if not now.alerts:
        return "There is no alert."
    if now.view is not None and now.view.state is State.PAUSED:
        return "The alert stands while the run is paused: resume or end it."
    return None


def _some_run(now: Situation) -> str | None:
    return None if now.runs else 'There is no run yet: supervise run "<task>" starts one.'


def _plan(now: Situation) -> str | None:
    run = now.view if now.view is not None else now.picked
    if run is None:
        return "No run is open."
    if run.live:
        return "The run goes on: its plan is reviewed when it has ended."
    return None if run.counts.simulated else "Nothing to review: no write of this run was simulated."


def _is_planned(now: Situation) -> bool:
    return now.view is not None and now.view.plan is PlanState.NONE and _plan(now) is None


def _items(now: Situation) -> str | None:
    if now.review is None:
        return "The plan is still being read."
    return None if now.review.items else "The plan is empty."


def _choice(now: Situation) -> str | None:
    if _items(now) is None and (now.item is None or not now.item.choice):
        return "The item under the cursor has no such choice: it did not run without network."
    return _items(now)


def _approve(now: Situation) -> str | None:
    if now.review is not None and not now.review.ended:
        return "The run goes on: its plan can be approved when it has ended."
    if _items(now) is None and now.review is not None and not now.ticks.ticked(now.review):
        return "Nothing is ticked."
    return _items(now) or _undrifted(now)


def _undrifted(now: Situation) -> str | None:
    if now.looking:
        return "What the items are done to is still being looked at."
    if now.drift is None or now.review is None:
        return "Nobody could look for drift: l looks again."
    for n in now.ticks.drifted(now.review, now.drift):
        if any(each.in_the_way for each in now.drift[n]):
            return f"Something is in the way of #{n}: leave it out, or move that away and look again (l)."
        return f"#{n} is done to what has changed: approve it all the same (o), leave it out, or rehearse."
    return None


def _over(now: Situation) -> str | None:
    drift = (now.drift or {}).get(now.item.n, ()) if now.item is not None else ()
    if _items(now) is None and not drift:
        return "Nothing has changed that the item under the cursor is done to, as far as it was looked at."
    if any(each.in_the_way for each in drift):
        return "What is in the way was seen by nobody: move it away, or leave the item out."
    return _items(now)


def _looked(now: Situation) -> str | None:
    return _items(now) or ("It is being looked at." if now.looking else None)


def _ended(now: Situation) -> str | None:
    if now.review is not None and not now.review.ended:
        return "The run goes on."
    return None if now.review is not None else "The plan is still being read."


def _apply(now: Situation) -> str | None:
    return None if now.approved else "Nothing is approved: a approves what is ticked."


RUN_VERBS = (
    Verb("allow", "a", "a", "allow once", "Let the held call on top run, this once.", _held, _is_held,
         footer=False),
    Verb("like", "l", "l", "allow the like",
         "Let it and later calls like it run, in this run; shows the rule first.", _held, _is_held,
         footer=False),
    Verb("deny", "d", "d", "deny", "Refuse the held call on top, with your sentence.", _held, _is_held,
         footer=False),
    Verb("say", "w", "w", "sentence", "Write a sentence for the agent with the verdict.", _held, _is_held,
         footer=False),
    Verb("simulate", "i", "i", "simulate", "Do not run the held call and tell the agent so; dry from there.",
         _held, footer=False),
    Verb("resume", "c", "c", "continue",
         "Let the paused run go on, under the same rules.", _paused, _is_paused,
         footer=False),
    Verb("attach", "t", "t", "terminal", "Take over the agent's own terminal; ctrl+\\ brings you back.",
         _terminal, _waits),
    Verb("message", "m", "m", "message", "Send the agent a message.", _talk),
    Verb("reads", "r", "r", "reads", "Show the reads, or fold them away.", _reads),
    Verb("next", "tab", "tab", "pane", "Go to the next pane."),
    Verb("changes", "g", "g", "changes", "Show what the run changed in its shadow, as diffs.", _shadow,
         footer=False),
    Verb("review", "e", "e", "review", "Review the plan: what was simulated, to approve and apply it.", _plan,
         _is_planned, footer=False),
    Verb("remember", "n", "n", "is a read",
         "Make exactly the call under the cursor a read from now on, in this folder.", _writes, footer=False),
    Verb("facts", "s", "s", "settings", "Show the floors, what of your settings is suspended, and more.",
         footer=False),
    Verb("follow", "f", "f", "follow", "Go to the newest write and stay with the newest.", footer=False),
    Verb("talk", "v", "v", "conversation", "Show the conversation, or the call, on a narrow terminal.",
         footer=False),
    Verb("acknowledge", "p", "p", "put aside", "Put the alert on the banner aside.", _alerts, footer=False),
    Verb("stop", "x", "x", "end run", "End the run: Claude Code and all it started are stopped.", _runner,
         _is_paused),
    Verb("palette", "ctrl+p", "^p", "palette", "Find and do any of these by name.", footer=False),
    Verb("help", "question_mark,f1", "?", "help", "All keys, and why some cannot be used now."),
    Verb("leave", "q,escape", "q", "leave", "Leave this screen. The run goes on."),
)  # fmt: skip

LIST_VERBS = (
    Verb("open", "enter", "enter", "open", "Open the run under the cursor.", _some_run),
    Verb("review", "e", "e", "review plan", "Review what the run under the cursor simulated.", _plan),
    Verb("palette", "ctrl+p", "^p", "palette", "Find and do any of these by name."),
    Verb("help", "question_mark,f1", "?", "help", "All keys, and why some cannot be used now."),
    Verb("leave", "q", "q", "quit", "Close this screen. Every run goes on."),
)

REVIEW_VERBS = (
    Verb("tick", "space", "space", "tick", "Tick the item under the cursor, or leave it out.", _items),
    Verb("choose", "c", "c", "choice",
         "For what ran without network: take its file changes, or run it for real.", _choice),
    Verb("all", "t", "t", "all", "Tick all items, or leave all of them out.", _items),
    Verb("approve", "a", "a", "approve", "Approve exactly what is ticked, by typing the run's name.",
         _approve),
    Verb("over", "o", "o", "all the same",
         "For an item whose target has changed: approve it all the same, on what is there now.", _over,
         lambda now: _over(now) is None, footer=False),
    Verb("look", "l", "l", "look again", "Look again at what the items are done to, for drift.", _looked,
         footer=False),
    Verb("rehearse", "r", "r", "rehearse", "Rehearse the same task again, on the world as it is now.", _ended,
         lambda now: bool(now.drift), footer=False),
    Verb("apply", "p", "p", "apply",
         "Do what is approved, in this terminal: files first, then the rest in order.", _apply,
         lambda now: now.approved),
    Verb("next", "tab", "tab", "pane", "Go to the next pane.", footer=False),
    Verb("palette", "ctrl+p", "^p", "palette", "Find and do any of these by name.", footer=False),
    Verb("help", "question_mark,f1", "?", "help", "All keys, and why some cannot be used now."),
    Verb("leave", "q,escape", "q", "leave", "Leave the review. Nothing is approved by leaving."),
)  # fmt: skip


def verb(table: tuple[Verb, ...], id: str) -> Verb:
    """The verb called `id`."""
    return next(each for each in table if each.id == id)
