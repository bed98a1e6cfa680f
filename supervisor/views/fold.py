"""From journal events to a run view. Cheap per event: a run of many thousand calls can be followed."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from supervisor.effects.model import EffectKind, Scope
from supervisor.journal.events import (
    AlertRaised,
    ApplyEnded,
    ApplyStarted,
    ApplyUndone,
    CallDecided,
    CallOutcome,
    CallSettled,
    FilesTouched,
    MessageSent,
    PlanApproved,
    ProfileChanged,
    PromptPassed,
    Recorded,
    RunEnded,
    RunStarted,
    SessionReady,
    State,
    StateChanged,
    SubagentSeen,
    UsageSeen,
    WentLive,
)
from supervisor.policy import AlertKind, DecisionKind
from supervisor.views.run import (
    AgentView,
    AlertView,
    CallView,
    Counts,
    GateHealth,
    GroupView,
    PlanState,
    RunView,
    Said,
    UndecidedCall,
)
from supervisor.views.targets import place_target

TOUCHED_KEPT = 500
"""Files kept per call; the change set has all."""

_SCOPE_ORDER = (Scope.REMOTE, Scope.HOST, Scope.WORKSPACE)
_COUNT = {
    DecisionKind.PASS: 4,
    DecisionKind.REAL: 0,
    DecisionKind.SIMULATED: 1,
    DecisionKind.BLOCKED: 2,
    DecisionKind.HELD: 3,
}


def groups_of(call: CallView, cwd: str) -> tuple[tuple[Scope, str], ...]:
    """The groups a call stands in: one for each group its effects other than reads touch.

    A call of nothing but reads that did not pass (a stale or forbidden read) stands where it would have read.
    """
    effects = [e for e in call.effects if e.writes or e.kind is not EffectKind.READ] or list(call.effects)
    found = {(effect.scope, place_target(effect.target, effect.scope, cwd)[0]): None for effect in effects}
    return tuple(found) or ((call.scope, "no target"),)


class _Group:
    """Calls of one group while they are collected; frozen anew only after a change."""

    __slots__ = ("calls", "counts", "frozen", "name", "scope")

    def __init__(self, scope: Scope, name: str) -> None:
        self.scope = scope
        self.name = name
        self.calls: list[int] = []
        self.counts = [0, 0, 0, 0, 0]
        self.frozen: GroupView | None = None

    def view(self) -> GroupView:
        if self.frozen is None:
            self.frozen = GroupView(self.scope, self.name, tuple(self.calls), Counts(*self.counts))
        return self.frozen


class RunFold:
    """Collects the events of one run, in order, and gives a frozen view whenever asked.

    Events of other runs, and events already folded in (by `seq`), are passed over, so that a batch may be fed
    twice.
    """

    def __init__(self, run_id: str = "") -> None:
        """Fold the run `run_id`; empty: the run of the first event that comes."""
        self._head = RunView(run_id)
        self._calls: list[CallView] = []
        self._at: dict[int, int] = {}
        self._by_id: dict[str, int] = {}
        self._counts = [0, 0, 0, 0, 0]
        self._groups: dict[tuple[Scope, str], _Group] = {}
        self._reads: list[int] = []
        self._held: dict[int, None] = {}
        self._undecided: dict[str, UndecidedCall] = {}
        self._alerts: list[AlertView] = []
        self._agents: dict[str, AgentView] = {}
        self._prompts: list[Said] = []
        self._messages: list[Said] = []
        self._frozen: RunView | None = None

    def add(self, batch: Iterable[Recorded]) -> RunView:
        """Fold a batch of events in, and give the view after it."""
        for recorded in batch:
            self.take(recorded)
        return self.view()

    def take(self, recorded: Recorded) -> None:
        """Fold one event in."""
        if not self._head.run_id:
            self._head = replace(self._head, run_id=recorded.run_id)
        if recorded.run_id != self._head.run_id or recorded.seq <= self._head.seq:
            return
        self._frozen = None
        self._note(seq=recorded.seq)
        time = recorded.time
        match recorded.event:
            case CallDecided() as event:
                self._decided(event, time)
            case CallSettled() as event:
                self._settled(event, time)
            case CallOutcome() as event:
                self._came_out(event, time)
            case RunStarted() as event:
                self._started(event, time)
            case SessionReady() as event:
                self._note(transcript=event.transcript, model=event.model or self._head.model)
                self._gate_answered()
            case PromptPassed() as event:
                self._prompts.append(Said(time, event.text))
                self._gate_answered()
            case AlertRaised() as event:
                self._alert(event, time)
            case StateChanged() as event:
                self._note(state=event.state, detail=event.detail)
            case SubagentSeen() as event:
                running = event.phase != "stop"
                self._agents[event.agent_id] = AgentView(event.agent_id, event.agent_type, running)
            case MessageSent() as event:
                self._messages.append(Said(time, event.text, event.by))
            case UsageSeen() as event:
                self._note(
                    input_tokens=event.input_tokens,
                    output_tokens=event.output_tokens,
                    cost_usd=event.cost_usd,
                )
            case ProfileChanged() as event:
                self._note(profile=event.profile)
            case FilesTouched() as event:
                self._touched(event)
            case PlanApproved() as event:
                self._note(plan=PlanState.APPROVED, plan_detail=f"by {event.by}")
            case ApplyStarted():
                self._note(plan=PlanState.APPLYING, plan_detail="")
            case ApplyEnded() as event:
                became = PlanState.APPLIED if event.done else PlanState.STOPPED
                self._note(plan=became, plan_detail=event.detail)
            case ApplyUndone() as event:
                self._note(plan=PlanState.UNDONE, plan_detail=f"{event.detail} by {event.by}".strip())
            case WentLive() as event:
                how = "a fresh run is held to it" if event.guarded else "its conversation goes on live"
                detail = f"{self._head.plan_detail}; {how}: {event.name}".removeprefix("; ")
                self._note(plan_detail=detail)
            case RunEnded() as event:
                self._note(
                    state=State.ENDED,
                    detail=event.detail,
                    ended=time,
                    ending=event.ending,
                    exit_code=event.exit_code,
                    result=event.result,
                    gate=GateHealth.CLOSED,
                )

    def view(self) -> RunView:
        """The run as it stands after all events so far."""
        if self._frozen is None:
            ordered = sorted(self._groups.values(), key=lambda group: _SCOPE_ORDER.index(group.scope))
            self._frozen = replace(
                self._head,
                counts=Counts(*self._counts),
                calls=tuple(self._calls),
                undecided=tuple(self._undecided.values()),
                writes=tuple(group.view() for group in ordered if group.calls),
                reads=tuple(self._reads),
                held=tuple(self._held) if self._head.live else (),
                alerts=tuple(self._alerts),
                agents=tuple(self._agents.values()),
                prompts=tuple(self._prompts),
                messages=tuple(self._messages),
            )
        return self._frozen

    def _note(self, **fields: object) -> None:
        """Set header fields. The header holds no calls, so a copy of it is small."""
        self._head = replace(self._head, **fields)

    def _started(self, event: RunStarted, time: float) -> None:
        self._note(
            name=event.name,
            task=event.task,
            label=event.label,
            cwd=event.cwd,
            mode=event.mode,
            headless=event.headless,
            session_id=event.session_id,
            claude_version=event.claude_version,
            profile=event.profile,
            shadow=event.shadow,
            suspended=event.suspended,
            notes=event.notes,
            floors=event.floors,
            runner_pid=event.runner_pid,
            started=time,
        )

    def _gate_answered(self) -> None:
        """The gate was reached: it is alive, unless the run still stands paused after a failure."""
        if (
            self._head.gate is not GateHealth.ALIVE
            and self._head.state is not State.PAUSED
            and self._head.live
        ):
            self._note(gate=GateHealth.ALIVE)

    def _alert(self, event: AlertRaised, time: float) -> None:
        self._alerts.append(AlertView(event.alert, time, event.detail, event.n))
        if event.alert is AlertKind.HOOK_FAILURE:
            gate = GateHealth.FAILED if self._head.live else self._head.gate
            self._note(gate=gate, hook_failures=self._head.hook_failures + 1)

    def _flags(self, n: int, dry: bool, diverged: bool) -> None:
        if dry and not self._head.dry:
            self._note(dry=True, dry_since=n)
        if diverged and not self._head.diverged_at:
            self._note(diverged_at=n)

    def _decided(self, event: CallDecided, time: float) -> None:
        if event.n in self._at:
            return
        call = CallView(
            n=event.n,
            time=time,
            tool_use_id=event.tool_use_id,
            agent_id=event.agent_id,
            agent_type=event.agent_type,
            tool=event.tool,
            input=event.input,
            effects=event.effects,
            effect=event.effect,
            scope=event.scope,
            targets=event.targets,
            decision=event.decision,
            execution=event.execution,
            rule=event.rule,
            why=event.why,
            notice=event.notice,
            diverged=event.diverged,
            gate_ms=event.gate_ms,
            was_held=event.decision is DecisionKind.HELD,
            cwd=event.cwd,
        )
        self._at[event.n] = len(self._calls)
        self._by_id[event.tool_use_id] = event.n
        self._calls.append(call)
        self._count(call, 1)
        self._note(gate_ms=event.gate_ms)
        self._flags(event.n, event.dry, event.diverged)
        self._gate_answered()

    def _settled(self, event: CallSettled, time: float) -> None:
        at = self._at.get(event.n)
        if at is None:
            return
        old = self._calls[at]
        new = replace(
            old,
            decision=event.decision,
            execution=event.execution,
            why=event.why or old.why,
            notice=event.notice,
            diverged=old.diverged or event.diverged,
            settled_by=event.by,
            settled_at=time,
            sentence=event.sentence,
            like=event.like,
        )
        self._count(old, -1)
        self._calls[at] = new
        self._count(new, 1)
        self._flags(event.n, event.dry, event.diverged)

    def _came_out(self, event: CallOutcome, time: float) -> None:
        n = event.n or self._by_id.get(event.tool_use_id, 0)
        at = self._at.get(n)
        if at is None:
            self._undecided[event.tool_use_id] = UndecidedCall(
                time, event.tool_use_id, event.tool, event.outcome, event.result, event.source
            )
            return
        self._calls[at] = replace(
            self._calls[at],
            outcome=event.outcome,
            result=event.result,
            source=event.source,
            duration_ms=event.duration_ms,
        )

    def _touched(self, event: FilesTouched) -> None:
        for tool_use_id in event.calls:
            at = self._at.get(self._by_id.get(tool_use_id, 0))
            if at is not None:
                old = self._calls[at]
                paths = dict.fromkeys((*old.touched, *event.paths))
                self._calls[at] = replace(old, touched=tuple(paths)[:TOUCHED_KEPT])

    def _count(self, call: CallView, by: int) -> None:
        """Count a call in (`by` 1) or out again (-1), in the run and in its groups."""
        which = _COUNT[call.decision]
        self._counts[which] += by
        if call.decision is DecisionKind.HELD:
            if by > 0:
                self._held[call.n] = None
            else:
                self._held.pop(call.n, None)
        if call.is_read:
            _put(self._reads, call.n, by)
            return
        for key in groups_of(call, self._head.cwd):
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(*key)
            _put(group.calls, call.n, by)
            group.counts[which] += by
            group.frozen = None


def _put(numbers: list[int], n: int, by: int) -> None:
    """Insert (`by` 1) or remove (-1) `n`, keeping order; appending is the common case."""
    if by < 0:
        numbers.remove(n)
    elif not numbers or numbers[-1] < n:
        numbers.append(n)
    else:
        numbers.append(n)
        numbers.sort()


def fold(events: Iterable[Recorded], run_id: str = "") -> RunView:
    """The view of one run after all `events`.

    Args:
        events: in journal order; those of other runs are passed over.
        run_id: which run; empty: that of the first event.
    """
    return RunFold(run_id).add(events)
