"""The verb tables: one list of actions a screen, which feeds keys, palette, help and footer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from supervisor.journal.events import State
from supervisor.views.run import RunView


@dataclass(frozen=True)
class Situation:
    """What decides which verbs can be used now.

    Attributes:
        view: the run on screen; None on the list of runs.
        reachable: there is a runner that takes orders.
        runs: how many runs the list shows.
        alerts: how many alerts are not put aside.
    """

    view: RunView | None = None
    reachable: bool = False
    runs: int = 0
    alerts: int = 0


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


RUN_VERBS = (
    Verb("allow", "a", "a", "allow once", "Let the held call on top run, this once.", _held, _is_held,
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
    Verb("palette", "ctrl+p", "^p", "palette", "Find and do any of these by name."),
    Verb("help", "question_mark,f1", "?", "help", "All keys, and why some cannot be used now."),
    Verb("leave", "q", "q", "quit", "Close this screen. Every run goes on."),
)


def verb(table: tuple[Verb, ...], id: str) -> Verb:
    """The verb called `id`."""
    return next(each for each in table if each.id == id)
