"""A source for the screens that plays recorded events and notes the orders it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

from run_recording import CWD, Recording
from supervisor.errors import JournalError, RunnerGoneError, UsageError
from supervisor.journal.events import (
    CallDecided,
    CallSettled,
    ItemApplied,
    PlanApproved,
    Recorded,
    RunEnded,
    RunStarted,
)
from supervisor.plan.approval import approve
from supervisor.plan.build import build
from supervisor.plan.drift import TargetDrift, World
from supervisor.plan.file_drift import Drift
from supervisor.plan.read import Rehearsal
from supervisor.plan.rebase import acceptable
from supervisor.screens.source import Health, RunControl
from supervisor.shadow.changes import Change, ChangeSet
from supervisor.views import ConversationItem, fold
from supervisor.views.changes import FileChange
from supervisor.views.review import DriftView, ReviewView, Ticks, drift_by_item, review_of
from supervisor.views.summary import RunSummary


class NotedOrders:
    """A control that notes every order; `broken` makes each fail."""

    def __init__(self) -> None:
        self.orders: list[tuple[object, ...]] = []
        self.alive = True
        self.broken = False
        self.trouble = ""

    def _note(self, *order: object) -> None:
        if self.broken:
            raise RunnerGoneError("no runner answers for this run")
        self.orders.append(order)

    async def status(self) -> Health:
        """Alive as told."""
        return Health(self.alive, self.trouble)

    async def watch(self) -> None:
        """Look on until cancelled."""
        await asyncio.Event().wait()

    async def message(self, text: str) -> None:
        """Note it."""
        self._note("message", text)

    async def verdict(self, n: int, verdict: str, sentence: str, rule: str) -> None:
        """Note it; the rule only where there is one."""
        self._note("verdict", n, verdict, sentence, *([rule] if rule else []))

    async def stop(self) -> None:
        """Note it."""
        self._note("stop")

    async def resume(self) -> None:
        """Note it."""
        self._note("resume")

    async def attach(self) -> bool:
        """Note it."""
        self._note("attach")
        return True


class PlayedPlan:
    """A door to the plan of recorded events, which notes what is approved; `broken` makes that and looking
    for drift fail, and drift is looked for only while `looks` is set."""

    def __init__(
        self, recording: Recording, changes: Sequence[Change] = (), diffs: Sequence[str] = ()
    ) -> None:
        self._recording = recording
        self._changes = tuple(changes)
        self._diffs = dict(zip((change.path for change in changes), diffs, strict=True))
        self.drifted: Sequence[Drift] = ()
        self.moved: Sequence[TargetDrift] = ()
        self.looks = asyncio.Event()
        self.looks.set()
        self.looked = 0
        self.approved: list[PlanApproved] = []
        self.broken = False
        self.applied = 0

    def rehearsal(self) -> Rehearsal:
        """As the recording has it now."""
        events = [recorded.event for recorded in self._recording.recorded()]
        calls = {event.n: event for event in events if isinstance(event, CallDecided)}
        settled = [event for event in events if isinstance(event, CallSettled)]
        applied = {event.n: event for event in events if isinstance(event, ItemApplied)}
        plan = build(self._recording.run_id, CWD, calls.values(), settled, ChangeSet(CWD, self._changes))
        given = self.approved[-1] if self.approved else None
        return Rehearsal(plan, calls, None, given, self.applied > 0, applied)

    async def read(self) -> ReviewView:
        """As the recording has it."""
        started = self._recording.events[0]
        assert isinstance(started, RunStarted)
        ended = any(isinstance(event, RunEnded) for event in self._recording.events)
        return review_of(self.rehearsal(), started.name, ended)

    async def drift(self) -> Mapping[int, tuple[DriftView, ...]]:
        """As told, once it may look."""
        await self.looks.wait()
        if self.broken:
            raise JournalError("the journal is gone")
        self.looked += 1
        return drift_by_item(self.rehearsal().plan, self._world())

    def _world(self) -> World:
        return World(tuple(self.drifted), tuple(self.moved), ())

    async def diffs(self, n: int) -> Sequence[FileChange]:
        """As told."""
        item = self.rehearsal().plan.item(n)
        return [
            FileChange(change.kind.value, change.path, diff=self._diffs[change.path])
            for change in (item.changes if item is not None else ())
        ]

    async def approve(self, ticks: Ticks) -> None:
        """Seal and note it."""
        if self.broken:
            raise UsageError("refused: only a person at a terminal can approve")
        plan = self.rehearsal().plan.running(ticks.for_real).without(ticks.left_out)
        now = self._recording.now
        over = acceptable(plan, self._world())
        assert set(over.items) <= ticks.over and not over.in_the_way
        given = approve(
            b"k" * 32, plan, ticks.left_out, "operator op on pts/3", now, 900, over.all, ticks.for_real
        )
        self.approved.append(given)

    async def apply(self) -> None:
        """Count it."""
        self.applied += 1

    async def rehearse(self) -> None:
        """Nothing."""


class PlayedSource:
    """Runs of recorded events; `commit` adds some to a run that is being followed."""

    def __init__(
        self,
        runs: dict[str, list[Recorded]] | None = None,
        said: Sequence[ConversationItem] = (),
        control: NotedOrders | None = None,
    ) -> None:
        self._runs = runs or {}
        self._said = said
        self._control = control
        self._bell = asyncio.Condition()
        self.fault: Exception | None = None
        self.plans: dict[str, PlayedPlan] = {}
        self.changed: Sequence[FileChange] | None = None

    async def commit(self, run_id: str, events: Sequence[Recorded]) -> None:
        """More events of a run."""
        async with self._bell:
            self._runs.setdefault(run_id, []).extend(events)
            self._bell.notify_all()

    async def runs(self) -> AsyncGenerator[Sequence[RunSummary], None]:
        """All runs, again after each commit."""
        while True:
            yield [_summary(events) for events in reversed(self._runs.values())]
            async with self._bell:
                await self._bell.wait()

    async def tail(self, run_id: str) -> AsyncGenerator[Sequence[Recorded], None]:
        """The run's events, then each commit."""
        at = 0
        while True:
            if self.fault is not None:
                raise self.fault
            events = self._runs.get(run_id, [])
            if at < len(events):
                batch = events[at : at + 500]
                at += len(batch)
                yield batch
                continue
            async with self._bell:
                if at >= len(self._runs.get(run_id, [])) and self.fault is None:
                    await self._bell.wait()

    async def conversation(self, run_id: str) -> AsyncGenerator[Sequence[ConversationItem], None]:
        """What was said."""
        if self._said:
            yield self._said

    async def changes(self, run_id: str) -> Sequence[FileChange] | None:
        """As told."""
        return self.changed

    def plan(self, run_id: str) -> PlayedPlan:
        """The plan that was told."""
        return self.plans[run_id]

    def control(self, run_id: str) -> RunControl | None:
        """The noting control, if any."""
        return self._control


def _summary(events: list[Recorded]) -> RunSummary:
    view = fold(events)
    return RunSummary(
        run_id=view.run_id,
        name=view.name,
        task=view.task,
        mode=view.mode,
        state=view.state,
        dry=view.dry,
        fidelity=view.fidelity,
        started=view.started,
        ended=view.ended,
        ending=view.ending,
        label=view.label,
        counts=view.counts,
        alerts=len(view.alerts),
        cost_usd=view.cost_usd,
    )
