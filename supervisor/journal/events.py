"""Everything the journal remembers, as frozen structs. History is a list of these and nothing else.

Each event is one JSON object, tagged by `kind`; the envelope (`Recorded`) carries run, time and chain.
Times are seconds since the Unix epoch, UTC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.policy import AlertKind, DecisionKind, Execution, Mode


class State(StrEnum):
    """Where a run stands."""

    STARTING = "starting"
    WORKING = "working"
    IDLE = "idle"
    WAITING = "waiting"  # Claude Code waits for a person: a dialog, a question
    PAUSED = "paused"  # stopped by the supervisor until the operator resumes or ends it
    ENDED = "ended"


class Ending(StrEnum):
    """How an ended run ended."""

    COMPLETED = "completed"
    STOPPED = "stopped"  # by the operator
    AGENT_FAILED = "agent failed"
    HOOK_FAILED = "hook failure"
    NOT_STARTED = "not started"
    RUNNER_LOST = "runner lost"  # found by a later command: the runner died without a word


class Outcome(StrEnum):
    """What happened to a call after its decision."""

    EXECUTED = "executed"
    FAILED = "failed"
    NOT_EXECUTED = "not executed"
    REFUSED = "refused"  # by Claude Code itself
    UNKNOWN = "unknown"


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="kind"):
    """Base of all events."""


class RunStarted(Event, frozen=True, tag="run started"):
    """First event of a run.

    Attributes:
        name: short name the operator uses, unique in the journal, e.g. `amber-fox`.
        session_id: Claude Code's own session id (UUID).
        config: the configuration in force, as plain data.
        suspended: what of the user's own settings is not in force, one line each.
        notes: what the operator should know of the configuration in force, one line each.
        floors: per floor (`1`..`4`) what holds it, or why it is missing.
        runner_pid: process id of the runner.
        shadow: workspace writes execute in a shadow of the workspace.
        rehearsal: id of the dry run that this live run goes on from or is held to; empty for any other run.
    """

    name: str
    task: str
    label: str
    cwd: str
    mode: Mode
    headless: bool
    session_id: str
    claude_path: str
    claude_version: str
    profile: str
    config: dict[str, Any]
    suspended: tuple[str, ...]
    floors: dict[str, str]
    runner_pid: int
    shadow: bool = False
    notes: tuple[str, ...] = ()
    rehearsal: str = ""


class SessionReady(Event, frozen=True, tag="session ready"):
    """The handshake: Claude Code's SessionStart hook reached the gate with the run's nonce."""

    source: str  # startup, resume, clear, compact
    transcript: str
    permission_mode: str
    model: str = ""


class PromptPassed(Event, frozen=True, tag="prompt passed"):
    """A prompt went through the gate on its way to the model (task, message, or typed in attach)."""

    text: str


class CallDecided(Event, frozen=True, tag="call decided"):
    """One decision on one call. `n` counts calls within the run from 1.

    Attributes:
        agent_id: empty for the main agent.
        input: the tool input exactly as the agent gave it.
        effects: all effects, in order.
        effect: label of the whole call.
        notice: the words the agent reads instead of a result; empty when the call went through.
        diverged: the agent was not shown what live would have shown; the run diverged at its first such call.
        dry: the run's flag after this decision.
        gate_ms: milliseconds from request to decision, before the commit.
        cwd: absolute path of the folder the agent's shell stood in; empty in older journals.
    """

    n: int
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
    dry: bool
    diverged: bool
    profile: str
    gate_ms: float
    cwd: str = ""


class CallSettled(Event, frozen=True, tag="call settled"):
    """A held call got its verdict (or its deadline): the decision in force from here on.

    Attributes:
        by: who settled it: `operator <user> on <tty>`, `deadline`, `runner`.
        sentence: what the operator wrote for the agent; may be empty.
        like: the rule by which later calls like it are real in this run, as the operator was shown it; empty
            if this call alone was allowed.
    """

    n: int
    tool_use_id: str
    decision: DecisionKind
    execution: Execution
    why: str
    notice: str
    by: str
    sentence: str
    dry: bool
    diverged: bool
    like: str = ""


class Probe(msgspec.Struct, frozen=True, gc=False):
    """One look at what a call would write to.

    Attributes:
        command: argv of the read-only command; empty where none could be put together.
        folder: absolute path of the folder it ran in.
        output: what it printed; the end is a digest where that was long.
        trouble: why nothing is known of the target; empty where `output` tells.
    """

    command: tuple[str, ...]
    folder: str
    output: str = ""
    trouble: str = ""


class TargetsSeen(Event, frozen=True, tag="targets seen"):
    """What the rule packs know of a call that was not executed, beyond its effects.

    Attributes:
        probes: looks at its targets, taken in the real world when the call was simulated.
        reverse: what would take it back, for a person to read.
    """

    n: int
    tool_use_id: str
    probes: tuple[Probe, ...]
    reverse: tuple[str, ...]


class CallOutcome(Event, frozen=True, tag="call outcome"):
    """What happened to a call.

    Attributes:
        n: 0 when the gate never decided the call (then an alert says so).
        result: what the agent read, cut to 8,192 characters.
        source: who granted or refused it, as Claude Code's transcript says (`hook`, `rule`, `mode`, …).
        duration_ms: as Claude Code measured it, 0 if unknown.
    """

    n: int
    tool_use_id: str
    tool: str
    outcome: Outcome
    result: str
    source: str
    duration_ms: int = 0


class AlertRaised(Event, frozen=True, tag="alert"):
    """Something the operator must see. `n` names the call it is about, 0 for the run as a whole."""

    alert: AlertKind
    detail: str
    n: int = 0


class StateChanged(Event, frozen=True, tag="state"):
    """The run moved to another state. `detail` says why, in words for the operator."""

    state: State
    detail: str = ""


class SubagentSeen(Event, frozen=True, tag="subagent"):
    """A subagent started or stopped."""

    agent_id: str
    agent_type: str
    phase: str  # start, stop


class MessageSent(Event, frozen=True, tag="message"):
    """The operator sent the agent a message from a screen."""

    text: str
    by: str


class UsageSeen(Event, frozen=True, tag="usage"):
    """Running totals of the conversation."""

    input_tokens: int
    output_tokens: int
    cost_usd: float


class FilesTouched(Event, frozen=True, tag="files touched"):
    """Paths of the shadow that changed, relative to the workspace, and the calls that were running then.

    `calls` are `tool_use_id`s: one, or several that ran at the same time; empty where nobody could have
    made the change.
    """

    calls: tuple[str, ...]
    paths: tuple[str, ...]


class ProfileChanged(Event, frozen=True, tag="profile"):
    """Rules were reloaded in the running gate; `profile` is the hash in force from here on."""

    profile: str
    detail: str


class ChangesSeen(Event, frozen=True, tag="changes seen"):
    """The change set of the shadow when the run ended: what a plan is made of, and held to.

    Attributes:
        changes: `supervisor.shadow.changes.Change`s as JSON, each with what stood there before.
    """

    changes: tuple[dict[str, Any], ...]


class PlanApproved(Event, frozen=True, tag="plan approved"):
    """A person approved a plan.

    Attributes:
        digest: of exactly the items that stayed ticked.
        items: their numbers.
        left_out: numbers of the items that were left out.
        accepted: `supervisor.plan.rebase.Accepted` as JSON: drift that was approved over, item by item.
        by: who, and from which terminal.
        approved, expires: seconds since the Unix epoch.
        nonce: unique; an approval is used once.
        seal: HMAC over all of it and the run, with the operator's key; a row edited here approves nothing.
        for_real: numbers of commands that ran without network in the rehearsal and shall run for real,
            instead of their file changes.
    """

    digest: str
    items: tuple[int, ...]
    left_out: tuple[int, ...]
    by: str
    approved: float
    expires: float
    nonce: str
    seal: str
    accepted: tuple[dict[str, Any], ...] = ()
    for_real: tuple[int, ...] = ()


class ApplyStarted(Event, frozen=True, tag="apply started"):
    """An approval was used: its plan is being applied from here on."""

    nonce: str
    digest: str


class ItemApplied(Event, frozen=True, tag="item applied"):
    """What became of one item (`n` as in the plan). `result` is cut to 8,192 characters."""

    n: int
    outcome: Outcome
    result: str


class ApplyEnded(Event, frozen=True, tag="apply ended"):
    """The apply is over. `done` is false when it stopped at a failure or was rolled back."""

    done: bool
    detail: str


class ApplyUndone(Event, frozen=True, tag="apply undone"):
    """The files of an apply were put back from its backup."""

    detail: str
    by: str


class WentLive(Event, frozen=True, tag="went live"):
    """A live run stands on an approval of this run's plan: its conversation goes on, or a fresh one is held
    to it.

    Attributes:
        nonce: of the approval; it lets no second run go live.
        run, name: the live run.
        guarded: a fresh run that may do what the plan says; else the conversation itself goes on.
        by: who started it, and from which terminal.
    """

    nonce: str
    run: str
    name: str
    guarded: bool
    by: str


class RunEnded(Event, frozen=True, tag="run ended"):
    """Last event of a run. `result` is the agent's last word, `exit_code` that of a headless run."""

    ending: Ending
    exit_code: int
    result: str
    detail: str = ""


AnyEvent = (
    RunStarted
    | SessionReady
    | PromptPassed
    | CallDecided
    | CallSettled
    | TargetsSeen
    | CallOutcome
    | AlertRaised
    | StateChanged
    | SubagentSeen
    | MessageSent
    | UsageSeen
    | FilesTouched
    | ChangesSeen
    | PlanApproved
    | ApplyStarted
    | ItemApplied
    | ApplyEnded
    | ApplyUndone
    | WentLive
    | ProfileChanged
    | RunEnded
)


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event as it stands in the journal.

    Attributes:
        seq: position in the whole journal, from 1, without gaps.
        run_id: the run it belongs to.
        time: seconds since the Unix epoch.
        event: what happened.
        hash: SHA-256 hex over the previous hash and this row, as `verify` recomputes it.
    """

    seq: int
    run_id: str
    time: float
    event: AnyEvent
    hash: str
