"""The decide table: effects and the run's state in, one decision out. Pure: no I/O, no clock."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Mode(StrEnum):
    """How a run treats writes."""

    DRY_RUN = "dry-run"
    MIXED = "mixed"
    LIVE = "live"


class DecisionKind(StrEnum):
    """What the gate decided. What then happened is an outcome, not a decision."""

    PASS = "pass"
    REAL = "real"
    SIMULATED = "simulated"
    BLOCKED = "blocked"
    HELD = "held"


class Execution(StrEnum):
    """What Claude Code is told to do with the call."""

    AS_IS = "as is"
    SHADOW = "in the shadow"
    NOT_EXECUTED = "not executed"
    WAITS = "waits"


class AlertKind(StrEnum):
    """Alerts never mix: each kind has its own look, exit code and `notify` command."""

    HOOK_FAILURE = "hook failure"
    UNSUPERVISED_CALL = "unsupervised call"
    CONTAINMENT_LOST = "containment lost"
    TAMPERING = "tampering"
    DRIFT = "drift"
    AGENT_FAILURE = "agent failure"
    CONFIG_WARNING = "config warning"


class RunState(msgspec.Struct, frozen=True):
    """What a decision may depend on, read in the same transaction that records it.

    Attributes:
        mode: the run's mode.
        dry: set by the run's first simulated write; never cleared here.
        simulated: targets that this run has a simulated, not executed, write on.
        shadow: workspace writes execute in a shadow of the workspace.
    """

    mode: Mode
    dry: bool = False
    simulated: frozenset[str] = frozenset()
    shadow: bool = False


class Rulings(msgspec.Struct, frozen=True):
    """The operator's word, compiled from the configuration.

    Attributes:
        targets: (glob over target URIs, live?) in any order; the longest matching glob wins; none: dry-run.
        block: globs over target URIs that are always blocked when a call would write there.
        hold: globs over target URIs whose real writes wait for the operator.
        own: absolute path prefixes that belong to the supervisor itself.
    """

    targets: tuple[tuple[str, bool], ...] = ()
    block: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """One decision.

    Attributes:
        kind: pass, real, simulated, blocked or held.
        execution: what happens to the call.
        rule: id of the row of the decide table, e.g. `policy.dry-run.remote-write`.
        why: one plain sentence for the operator.
        sets_dry: the run is dry from here on.
        diverges: from here on the agent does not see what live would have shown.
        alert: the alert this decision raises, if any.
    """

    kind: DecisionKind
    execution: Execution
    rule: str
    why: str
    sets_dry: bool = False
    diverges: bool = False
    alert: AlertKind | None = None
