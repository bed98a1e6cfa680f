"""Events that tests of the journal are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import (
    CallDecided,
    CallOutcome,
    CallSettled,
    Ending,
    Outcome,
    RunEnded,
    RunStarted,
)
from supervisor.journal.writer import Journal
from supervisor.policy import DecisionKind, Execution, Mode

RUN = "0198c0de-run"

_EXECUTION = {
    DecisionKind.PASS: Execution.AS_IS,
    DecisionKind.REAL: Execution.AS_IS,
    DecisionKind.SIMULATED: Execution.NOT_EXECUTED,
    DecisionKind.BLOCKED: Execution.NOT_EXECUTED,
    DecisionKind.HELD: Execution.WAITS,
}


@contextmanager
def one_run(path: Path) -> Iterator[Journal]:
    """An open journal with one run, `RUN`, called `amber-fox`."""
    with Journal.open(path) as journal:
        journal.append(RUN, started(), durable=True)
        yield journal


def started(name: str = "amber-fox", mode: Mode = Mode.DRY_RUN, shadow: bool = False) -> RunStarted:
    """The first event of a run."""
    return RunStarted(
        name=name,
        task="tidy up",
        label="nightly",
        cwd="/w",
        mode=mode,
        headless=True,
        session_id="11111111-2222-3333-4444-555555555555",
        claude_path="/bin/claude",
        claude_version="2.1.330",
        profile="cafe",
        config={"mode": mode.value},
        suspended=("hooks",),
        floors={"1": "client"},
        runner_pid=4242,
        shadow=shadow,
    )


def decided(
    n: int,
    decision: DecisionKind = DecisionKind.SIMULATED,
    *,
    dry: bool = True,
    target: str = "s3://bucket/key",
    execution: Execution | None = None,
    kind: EffectKind = EffectKind.WRITE,
    call_input: dict[str, Any] | None = None,
    diverged: bool = False,
    tool_use_id: str = "",
) -> CallDecided:
    """A decision on call `n` with one effect on one remote target."""
    return CallDecided(
        n=n,
        tool_use_id=tool_use_id or f"toolu_{n}",
        agent_id="",
        agent_type="",
        tool="Bash",
        input={"command": "aws s3 cp a s3://bucket/key"} if call_input is None else call_input,
        effects=(Effect(kind, Scope.REMOTE, target, "aws.s3.cp", "it uploads"),),
        effect=kind,
        scope=Scope.REMOTE,
        targets=(target,),
        decision=decision,
        execution=execution or _EXECUTION[decision],
        rule="policy.dry-run.remote-write",
        why="a write to a remote system",
        notice="NOT EXECUTED",
        dry=dry,
        diverged=diverged,
        profile="cafe",
        gate_ms=0.5,
    )


def settled(n: int, decision: DecisionKind, *, dry: bool, diverged: bool = False) -> CallSettled:
    """A verdict on the held call `n`."""
    return CallSettled(
        n=n,
        tool_use_id=f"toolu_{n}",
        decision=decision,
        execution=_EXECUTION[decision],
        why="the operator said so",
        notice="",
        by="operator ann on /dev/pts/3",
        sentence="not today",
        dry=dry,
        diverged=diverged,
    )


def outcome(n: int, what: Outcome = Outcome.EXECUTED, tool_use_id: str = "") -> CallOutcome:
    """What happened to call `n`."""
    return CallOutcome(
        n=n,
        tool_use_id=tool_use_id or f"toolu_{n}",
        tool="Bash",
        outcome=what,
        result="done",
        source="hook",
        duration_ms=12,
    )


def ended(ending: Ending = Ending.COMPLETED) -> RunEnded:
    """The last event of a run."""
    return RunEnded(ending=ending, exit_code=0, result="All done.")
