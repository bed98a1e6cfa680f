"""A source for the screens that plays recorded events and notes the orders it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from supervisor.errors import RunnerGoneError
from supervisor.journal.events import Recorded
from supervisor.screens.source import Health, RunControl
from supervisor.views import ConversationItem, fold
from supervisor.views.changes import FileChange
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

    async def verdict(self, n: int, verdict: str, sentence: str) -> None:
        """Note it."""
        self._note("verdict", n, verdict, sentence)

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
