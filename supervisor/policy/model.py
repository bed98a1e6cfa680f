"""The vocabulary of decisions: what a decision may depend on, and what it says. Plain frozen data."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from supervisor import targets


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
        shadow: workspace writes execute in a shadow of the workspace. The gate says no for a tool that works
            outside of it.
        full: why the shadow takes no more; empty while it does.
    """

    mode: Mode
    dry: bool = False
    simulated: frozenset[str] = frozenset()
    shadow: bool = False
    full: str = ""


class Rulings(msgspec.Struct, frozen=True):
    """The operator's word, compiled from the configuration.

    Attributes:
        targets: (glob over target URIs, live?) in any order; the longest matching glob wins; none: dry-run.
            Of two equally long ones dry-run wins.
        block: globs over target URIs that are always blocked when a call would write there.
        hold: globs over target URIs whose real writes wait for the operator.
        own: absolute path prefixes that belong to the supervisor itself: neither read nor written.
        own_writes: absolute path prefixes that a run may read but not write, e.g. the configuration.
        lent: absolute path prefixes inside `own` that the run works in, e.g. its private home or a clone of
            the workspace. Of all prefixes a path lies under the longest one counts.
        guarded: absolute path prefixes whose real writes wait for the operator, as they shape what is
            launched next time, e.g. `.mcp.json`. Unlike `hold` they do not cover the folder that holds them.

    `block`, `hold` and dry-run globs also cover what lies under a match, and the folder that holds it; live
    globs cover exactly what they match.
    """

    targets: tuple[tuple[str, bool], ...] = ()
    block: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    own_writes: tuple[str, ...] = ()
    lent: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()

    def live(self, target: str) -> bool:
        """Whether `[targets]` makes writes to this target real in mixed mode."""
        if targets.climbs(target):
            return False
        live = [glob for glob, is_live in self.targets if is_live and targets.matches(target, glob)]
        dry = [glob for glob, is_live in self.targets if not is_live and targets.covers(target, glob)]
        within = [glob for glob in dry if not targets.matches(target, glob) and len(glob) > len(target)]
        return bool(live) and not within and max(map(len, live)) > max(map(len, dry), default=-1)


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
        outside: the call, where it executes, runs outside of the sandbox around Bash: all of it is known, and
            some of it is remote or a write elsewhere on this machine; or not all is known and it waits for
            the operator, who answers for it.
    """

    kind: DecisionKind
    execution: Execution
    rule: str
    why: str
    sets_dry: bool = False
    diverges: bool = False
    alert: AlertKind | None = None
    outside: bool = False
