"""Builds the events of a run by hand, as the runner would journal them, on a clock of its own."""

from __future__ import annotations

from typing import Any

from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import (
    AlertRaised,
    AnyEvent,
    CallDecided,
    CallOutcome,
    CallSettled,
    Ending,
    Outcome,
    Recorded,
    RunEnded,
    RunStarted,
    SessionReady,
    State,
    StateChanged,
    UsageSeen,
)
from supervisor.policy import AlertKind, DecisionKind, Execution, Mode

START = 1_790_000_000.0
CWD = "/home/op/shop"

_EXECUTION = {
    DecisionKind.PASS: Execution.AS_IS,
    DecisionKind.REAL: Execution.AS_IS,
    DecisionKind.SIMULATED: Execution.NOT_EXECUTED,
    DecisionKind.BLOCKED: Execution.NOT_EXECUTED,
    DecisionKind.HELD: Execution.WAITS,
}


class Recording:
    """The events of one run, one second apart."""

    def __init__(self, run_id: str = "r1", first_seq: int = 1, start: float = START) -> None:
        self.run_id = run_id
        self.events: list[AnyEvent] = []
        self.times: list[float] = []
        self.first_seq = first_seq
        self.now = start
        self.n = 0
        self.dry = False
        self.diverged = False

    def add(self, event: AnyEvent, after_s: float = 1.0) -> None:
        """Journal one event `after_s` seconds later."""
        self.now += after_s
        self.events.append(event)
        self.times.append(self.now)

    def recorded(self) -> list[Recorded]:
        """All events as the journal gives them back."""
        return [
            Recorded(seq=self.first_seq + i, run_id=self.run_id, time=time, event=event, hash="")
            for i, (event, time) in enumerate(zip(self.events, self.times, strict=True))
        ]

    def start(
        self,
        task: str = "Tidy the shop's invoices",
        mode: Mode = Mode.DRY_RUN,
        name: str = "amber-fox",
        transcript: str = "",
    ) -> None:
        """The run begins: started, handshake, working."""
        self.add(
            RunStarted(
                name=name,
                task=task,
                label="",
                cwd=CWD,
                mode=mode,
                headless=False,
                session_id="5f0c0d1e-0000-4000-8000-000000000001",
                claude_path="/usr/bin/claude",
                claude_version="2.1.330",
                profile="0123456789abcdef",
                config={},
                suspended=("permissions.allow: 3 rules",),
                floors={
                    "1": "hook client",
                    "2": "onFailure: block",
                    "3": "dontAsk",
                    "4": "missing: no shadow",
                },
                runner_pid=4242,
            ),
            0.0,
        )
        self.add(
            SessionReady(source="startup", transcript=transcript, permission_mode="dontAsk", model="claude")
        )
        self.state(State.WORKING)

    def state(self, state: State, detail: str = "") -> None:
        """The run moves to `state`."""
        self.add(StateChanged(state=state, detail=detail))

    def call(
        self,
        tool: str,
        input: dict[str, Any],
        decision: DecisionKind,
        target: str,
        scope: Scope = Scope.WORKSPACE,
        *,
        kind: EffectKind | None = None,
        rule: str = "policy.dry-run.workspace-write",
        why: str = "A write in a dry run.",
        notice: str = "",
        outcome: Outcome | None = None,
        result: str = "",
        agent_id: str = "",
        effects: tuple[Effect, ...] = (),
        execution: Execution | None = None,
        diverges: bool = False,
    ) -> int:
        """One call with its decision and, where given, its outcome. Gives its number."""
        self.n += 1
        if kind is None:
            kind = EffectKind.READ if decision is DecisionKind.PASS else EffectKind.WRITE
        effects = effects or (
            Effect(kind, scope, target, f"tool.{tool}", "It puts text into a file.", part=""),
        )
        self.dry = self.dry or decision is DecisionKind.SIMULATED
        first = diverges and not self.diverged
        self.diverged = self.diverged or diverges
        self.add(
            CallDecided(
                n=self.n,
                tool_use_id=f"toolu_{self.run_id}_{self.n}",
                agent_id=agent_id,
                agent_type="general-purpose" if agent_id else "",
                tool=tool,
                input=input,
                effects=effects,
                effect=kind,
                scope=scope,
                targets=tuple(e.target for e in effects),
                decision=decision,
                execution=execution or _EXECUTION[decision],
                rule=rule,
                why=why,
                notice=notice,
                dry=self.dry,
                diverged=first,
                profile="0123456789abcdef",
                gate_ms=1.7,
            )
        )
        if outcome is not None:
            self.outcome(self.n, outcome, result, tool)
        return self.n

    def write(self, path: str, decision: DecisionKind = DecisionKind.SIMULATED, **more: Any) -> int:
        """A Write of a file of the run's folder."""
        return self.call(
            "Write",
            {"file_path": f"{CWD}/{path}", "content": "total: 42\n"},
            decision,
            f"file://{CWD}/{path}",
            **more,
        )

    def outcome(self, n: int, outcome: Outcome, result: str = "", tool: str = "Write") -> None:
        """What came of call `n`."""
        self.add(
            CallOutcome(
                n=n,
                tool_use_id=f"toolu_{self.run_id}_{n}",
                tool=tool,
                outcome=outcome,
                result=result,
                source="hook",
                duration_ms=12,
            ),
            0.2,
        )

    def settle(self, n: int, decision: DecisionKind, by: str = "operator op on pts/3", say: str = "") -> None:
        """A held call gets its verdict."""
        self.add(
            CallSettled(
                n=n,
                tool_use_id=f"toolu_{self.run_id}_{n}",
                decision=decision,
                execution=_EXECUTION[decision],
                why="The operator said so.",
                notice="" if decision is DecisionKind.REAL else f"The operator denied this call. {say}",
                by=by,
                sentence=say,
                dry=self.dry,
                diverged=False,
            )
        )

    def alert(self, kind: AlertKind, detail: str, n: int = 0) -> None:
        """Something the operator must see."""
        self.add(AlertRaised(alert=kind, detail=detail, n=n), 0.1)

    def usage(self, cost_usd: float) -> None:
        """Running totals."""
        self.add(UsageSeen(input_tokens=52_000, output_tokens=4_100, cost_usd=cost_usd), 0.1)

    def end(self, ending: Ending = Ending.COMPLETED, exit_code: int = 0, result: str = "Done.") -> None:
        """The run ends."""
        self.add(RunEnded(ending=ending, exit_code=exit_code, result=result))
