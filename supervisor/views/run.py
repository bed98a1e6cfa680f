"""What there is to see of a run, as plain frozen data: the same for a live run and a past one."""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from typing import Any

import msgspec

from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import Ending, Outcome, State
from supervisor.policy import AlertKind, DecisionKind, Execution, Mode


class GateHealth(StrEnum):
    """What the journal proves about the gate of a run."""

    UNPROVEN = "unproven"  # no handshake yet
    ALIVE = "alive"
    FAILED = "failed"
    CLOSED = "closed"  # the run has ended


class Counts(msgspec.Struct, frozen=True):
    """How many calls there are of each decision. `reads` are the calls that passed."""

    real: int = 0
    simulated: int = 0
    blocked: int = 0
    held: int = 0
    reads: int = 0

    @property
    def writes(self) -> int:
        """All calls but the reads."""
        return self.real + self.simulated + self.blocked + self.held


class CallView(msgspec.Struct, frozen=True, gc=False):
    """One call as it stands now: its decision in force, and what came of it.

    Plain data from JSON, never part of a cycle: kept from the garbage collector, which would stop the screen
    for tens of milliseconds to look through a long run.

    Attributes:
        time: when it was decided first, seconds since the epoch.
        agent_id: empty for the main agent.
        decision: the decision in force, a verdict on a held call included.
        outcome: None until it is known.
        result: what the agent read, cut by the journal.
        source: who granted or refused it, as Claude Code says.
        was_held: it waited for the operator at first.
        settled_by: who ended the wait; empty while it is held, and for calls never held.
        settled_at: when the wait ended; 0 as above.
        sentence: what the operator told the agent with the verdict.
        like: the rule by which later calls like it are real; empty if it was allowed alone.
        touched: files of the shadow that changed while it ran, relative to the run's folder.
        cwd: absolute path of the folder the agent's shell stood in.
    """

    n: int
    time: float
    tool_use_id: str
    agent_id: str
    agent_type: str
    tool: str
    input: dict[str, Any]
    effects: tuple[Effect, ...]
    effect: EffectKind
    scope: Scope
    targets: tuple[str, ...]
    decision: DecisionKind
    execution: Execution
    rule: str
    why: str
    notice: str
    diverged: bool = False
    outcome: Outcome | None = None
    result: str = ""
    source: str = ""
    duration_ms: int = 0
    gate_ms: float = 0.0
    was_held: bool = False
    settled_by: str = ""
    settled_at: float = 0.0
    sentence: str = ""
    like: str = ""
    touched: tuple[str, ...] = ()
    cwd: str = ""

    @property
    def is_read(self) -> bool:
        """Folded away on the screen: the call passed."""
        return self.decision is DecisionKind.PASS


class UndecidedCall(msgspec.Struct, frozen=True):
    """A call that Claude Code made and the gate never decided."""

    time: float
    tool_use_id: str
    tool: str
    outcome: Outcome
    result: str
    source: str


class AlertView(msgspec.Struct, frozen=True):
    """One alert. `n` names the call it is about, 0 for the run as a whole."""

    kind: AlertKind
    time: float
    detail: str
    n: int = 0


class PlanState(StrEnum):
    """What became of the run's plan."""

    NONE = "none"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    STOPPED = "apply stopped"
    UNDONE = "undone"


class AgentView(msgspec.Struct, frozen=True):
    """A subagent of the run."""

    agent_id: str
    agent_type: str
    running: bool


class Said(msgspec.Struct, frozen=True):
    """Words on their way to the agent: a prompt that passed, or a message the operator sent."""

    time: float
    text: str
    by: str = ""


class GroupView(msgspec.Struct, frozen=True):
    """Calls on targets that belong together: one folder, one remote, one MCP server.

    Attributes:
        scope: where the targets lie.
        name: e.g. `src/`, `git+origin`, `mcp://store`, `s3://bucket`.
        calls: numbers of the calls, ascending; a call stands in every group it has a target in.
        counts: of these calls.
    """

    scope: Scope
    name: str
    calls: tuple[int, ...]
    counts: Counts


class RunView(msgspec.Struct, frozen=True):
    """A run, folded from its events.

    Attributes:
        seq: journal position of the last event folded in; 0 for none.
        detail: why the run is in its state, in words for the operator.
        dry_since: number of the call that made the run dry; 0 if it is not.
        diverged_at: number of the first call whose answer live would not have given; 0 while exact.
        started, ended: seconds since the epoch; `ended` is None while it runs, `started` 0 before it does.
        gate_ms: how long the gate took for its last decision, milliseconds.
        hook_failures: how many there were.
        suspended: what of the user's own settings is not in force; `notes`: what else to know of the
            configuration. One line each.
        floors: per floor (`1`..`4`) what holds it; begins with `missing` if nothing does.
        calls: ascending by number.
        writes: groups of calls that are not reads, in order of appearance within remote, host, workspace.
        reads: numbers of the calls that passed.
        held: numbers of the calls that wait for the operator now, oldest first.
        alerts: oldest first.
    """

    run_id: str
    seq: int = 0
    name: str = ""
    task: str = ""
    label: str = ""
    cwd: str = ""
    mode: Mode = Mode.DRY_RUN
    headless: bool = False
    session_id: str = ""
    transcript: str = ""
    claude_version: str = ""
    model: str = ""
    profile: str = ""
    shadow: bool = False
    suspended: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    floors: dict[str, str] = {}
    runner_pid: int = 0
    state: State = State.STARTING
    detail: str = ""
    dry: bool = False
    dry_since: int = 0
    diverged_at: int = 0
    started: float = 0.0
    ended: float | None = None
    ending: Ending | None = None
    exit_code: int | None = None
    result: str = ""
    gate: GateHealth = GateHealth.UNPROVEN
    gate_ms: float = 0.0
    hook_failures: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    counts: Counts = Counts()
    calls: tuple[CallView, ...] = ()
    undecided: tuple[UndecidedCall, ...] = ()
    writes: tuple[GroupView, ...] = ()
    reads: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    agents: tuple[AgentView, ...] = ()
    prompts: tuple[Said, ...] = ()
    messages: tuple[Said, ...] = ()
    plan: PlanState = PlanState.NONE
    plan_detail: str = ""

    @property
    def floors_missing(self) -> tuple[str, ...]:
        """Numbers of the floors that this machine or run does not have."""
        return tuple(n for n, words in self.floors.items() if words.startswith("missing"))

    @property
    def fidelity(self) -> str:
        """`exact`, or `diverged at #n`."""
        return f"diverged at #{self.diverged_at}" if self.diverged_at else "exact"

    @property
    def live(self) -> bool:
        """The run has not ended, as far as the journal knows."""
        return self.state is not State.ENDED

    def elapsed_s(self, now: float) -> float:
        """Seconds from its start to its end, or to `now` (seconds since the epoch)."""
        if not self.started:
            return 0.0
        return max(0.0, (now if self.ended is None else self.ended) - self.started)

    def call(self, n: int) -> CallView | None:
        """Call number `n`, None if there is none."""
        if 0 < n <= len(self.calls) and self.calls[n - 1].n == n:
            return self.calls[n - 1]
        at = bisect_left(self.calls, n, key=lambda call: call.n)
        return self.calls[at] if at < len(self.calls) and self.calls[at].n == n else None
