"""The door the screens read through: where runs, events and conversations come from, and where orders go."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from supervisor.journal.events import Recorded
from supervisor.views.changes import FileChange
from supervisor.views.conversation import ConversationItem
from supervisor.views.review import DriftView, ReviewView, Ticks
from supervisor.views.summary import RunSummary


@dataclass(frozen=True)
class Health:
    """What a runner says of itself.

    Attributes:
        alive: it answered.
        trouble: what is wrong with its gate, or an alert that it could not journal; empty if all is well.
    """

    alive: bool
    trouble: str = ""


class RunControl(Protocol):
    """Orders to the runner of a live run. Each method raises `SuperviseError` if it does not get through."""

    async def status(self) -> Health:
        """How the runner is; `alive` is False when nobody answers (this one does not raise)."""
        ...

    async def watch(self) -> None:
        """Tell the runner that an operator is looking, until cancelled."""
        ...

    async def message(self, text: str) -> None:
        """Send the agent a message."""
        ...

    async def verdict(self, n: int, verdict: str, sentence: str, rule: str) -> None:
        """Answer held call `n`: `allow`, `allow like` (by the rule that was shown), `deny` or `simulate`,
        with a sentence for the agent or none."""
        ...

    async def stop(self) -> None:
        """End the run."""
        ...

    async def resume(self) -> None:
        """Let a paused run go on."""
        ...

    async def attach(self) -> bool:
        """Hand this terminal to Claude Code; called with the app suspended.

        Returns:
            True when the operator came back by the key, False when the other side ended it.
        """
        ...


class PlanDoor(Protocol):
    """The way to the plan of one run. Each method raises `SuperviseError` if it cannot be done."""

    async def read(self) -> ReviewView:
        """The plan as it stands now; what follows is about this one."""
        ...

    async def drift(self) -> Mapping[int, tuple[DriftView, ...]]:
        """What is no longer as the rehearsal saw it, by the number of the item: files, and the targets that a
        probe looks at. It may take seconds."""
        ...

    async def diffs(self, n: int) -> Sequence[FileChange]:
        """The first file changes of item `n`, with their diffs."""
        ...

    async def approve(self, ticks: Ticks) -> None:
        """Approve exactly what is ticked of the plan that was read, as the person at this terminal; what has
        changed only as `drift` saw it."""
        ...

    async def apply(self) -> None:
        """Hand this terminal to the apply of what is approved; called with the app suspended."""
        ...

    async def rehearse(self) -> None:
        """Hand this terminal to another dry run of the same task; called with the app suspended."""
        ...


class RunSource(Protocol):
    """Where the screens read from. Iterators run until closed; any number may run at a time."""

    def runs(self) -> AsyncGenerator[Sequence[RunSummary], None]:
        """All runs, newest first: once at first, then whenever something has changed."""
        ...

    def tail(self, run_id: str) -> AsyncGenerator[Sequence[Recorded], None]:
        """The run's events in order, a batch at a time: those there are, then each as it is committed."""
        ...

    def conversation(self, run_id: str) -> AsyncGenerator[Sequence[ConversationItem], None]:
        """What was said so far, then each piece as it comes."""
        ...

    async def changes(self, run_id: str) -> Sequence[FileChange] | None:
        """What the run changed in its shadow, as it is now; None if it has no shadow.

        Raises:
            SuperviseError: the shadow cannot be read.
        """
        ...

    def plan(self, run_id: str) -> PlanDoor:
        """The way to the run's plan."""
        ...

    def control(self, run_id: str) -> RunControl | None:
        """The way to the run's runner; None if there is no such way (a recording)."""
        ...
