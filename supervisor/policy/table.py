"""The decide table: effects and the run's state in, one decision out. Pure: no I/O, no clock.

Every effect of a call takes the first row that applies. The *dry column* holds in a dry-run, in a run
that is dry already whatever its mode, and in mixed mode for everything but writes to live targets.

| rule                                  | effect                                      | decision           |
|---------------------------------------|---------------------------------------------|--------------------|
| `policy.own`                          | touches the supervisor itself               | blocked, tampering |
| `policy.own.folder`                   | really writes a folder that holds its files | blocked, tampering |
| `policy.block`                        | not a read, and a `block` rule covers it    | blocked            |
| `policy.stale-read`                   | dry column: read of what is only simulated  | simulated, notice  |
| `policy.read`                         | any other read                              | pass               |
| `policy.<dry>.full`                   | dry column: what the shadow has no room for | simulated, notice  |
| `policy.<dry>.workspace-write.shadow` | dry column: workspace write with a shadow   | simulated, shadow  |
| `policy.<dry>.workspace-write`        | dry column: the same without one            | simulated, notice  |
| `policy.<dry>.loose-write.shadow`     | dry column: write to a path half known      | simulated, shadow  |
| `policy.<dry>.host-write`             | dry column: write elsewhere on this machine | simulated, notice  |
| `policy.<dry>.remote-write`           | dry column: write to another system         | simulated, notice  |
| `policy.<dry>.unknown.shadow`         | dry column: unknown that a shadow can hold  | simulated, shadow  |
| `policy.<dry>.unknown`                | dry column: any other unknown               | simulated, notice  |
| `policy.mixed.hold`                   | mixed: live target under a `hold` rule      | held               |
| `policy.mixed.write`                  | mixed: live target                          | real               |
| `policy.live.hold`                    | live: workspace write under a `hold` rule   | held               |
| `policy.live.workspace-write`         | live: write in the workspace                | real               |
| `policy.live.host-write`              | live: write elsewhere on this machine       | held               |
| `policy.live.remote-write`            | live: write to another system               | held               |
| `policy.live.unknown`                 | anything else                               | held               |

`<dry>` says why the dry column holds: `dry-run` (the mode), `dry` (the run is) or `mixed` (no live target).
What leaves the sandbox around Bash without a shadow, and may not do there what its words say, waits for the
operator (`looked_at`).

A read that consumes is decided as a write. A path is half known if all that is known of it leads into the
workspace (`Effect.loose`): with a shadow the call runs there, which holds it wherever the path leads.

A call is one thing: it runs whole or not at all. As soon as one of its effects is simulated the run is dry,
so its other writes are decided in the dry column too, and the strictest decision is that of the call:
blocked > simulated, not executed > simulated in the shadow > held > real > pass. A held call could still
run, so nothing that must not run is ever merely held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import msgspec

from supervisor import targets
from supervisor.effects.model import Effect, EffectKind, Judgement, Scope
from supervisor.policy.model import AlertKind, Decision, DecisionKind, Execution, Mode, Rulings, RunState


def decide(judgement: Judgement, state: RunState, rulings: Rulings) -> Decision:
    """Decide one call.

    Total and deterministic: every judgement gets exactly one decision, the same one each time.

    Args:
        judgement: what the call would do. One without effects is taken as unknown.
        state: the run as it stands, read in the transaction that will record the decision.
        rulings: the operator's word.

    Returns:
        The strictest of the decisions that the effects take on their own (see the module's docstring).
    """
    effects = judgement.effects or (_NOTHING_KNOWN,)
    contained = state.shadow and not any(targets.mcp_server(effect.target) for effect in effects)
    dry = state.dry or bool(state.simulated)
    verdicts = [_first_row(_Case(effect, state, rulings, dry, contained)) for effect in effects]
    if any(verdict.kind is DecisionKind.SIMULATED for verdict in verdicts):
        verdicts = [
            _first_row(_Case(verdict.effect, state, rulings, True, contained)) if verdict.happens else verdict
            for verdict in verdicts
        ]
    return _strictest(verdicts)


def approved(judgement: Judgement, state: RunState, rulings: Rulings) -> Decision:
    """The decision in force after the operator approved a held call.

    The call is decided anew on the run as it now stands: a run that went dry while the call waited, or a rule
    that has become stricter, outweighs the approval.
    """
    decision = decide(judgement, state, rulings)
    if decision.kind is not DecisionKind.HELD:
        return decision
    return msgspec.structs.replace(decision, kind=DecisionKind.REAL, execution=Execution.AS_IS)


def denied(decision: Decision, why: str) -> Decision:
    """The decision in force after a held call was denied, by the operator or by its deadline."""
    return Decision(DecisionKind.BLOCKED, Execution.NOT_EXECUTED, decision.rule, why)


ASTRAY = "policy.astray"
"""Rule of a call that waits although nothing else holds it."""


def looked_at(decision: Decision, astray: str) -> Decision:
    """The decision on a call that would leave the sandbox and may not do there what its words say: it waits
    for the operator, whoever allowed its like or its words before.

    Args:
        astray: why it may do something else; empty if it does not.
    """
    if not astray or not decision.outside:
        return decision
    why = f"Outside of the sandbox it may do more than it says: {astray}."
    if decision.kind is DecisionKind.HELD:
        return msgspec.structs.replace(decision, why=f"{decision.why} {why}")
    if decision.kind not in (DecisionKind.PASS, DecisionKind.REAL):
        return decision
    return msgspec.structs.replace(
        decision, kind=DecisionKind.HELD, execution=Execution.WAITS, rule=ASTRAY, why=why
    )


def simulated_targets(judgement: Judgement, decision: Decision) -> frozenset[str]:
    """What `RunState.simulated` gains by this decision: what the agent was told about but did not change."""
    if decision.kind is not DecisionKind.SIMULATED or decision.execution is not Execution.NOT_EXECUTED:
        return frozenset()
    return frozenset(e.target for e in judgement.effects if e.writes or e.kind is EffectKind.UNKNOWN)


_NOTHING_KNOWN = Effect(
    EffectKind.UNKNOWN, Scope.REMOTE, "unknown:call", "policy.no-effects", "Nothing is known about this call."
)


_OWN_PROCESS = re.compile(r"process://.*\bsupervis(?:e|or\.(?:runner|session|gate))\b", re.DOTALL)
"""The supervisor's own processes, by the words that name them: gate, observer, screen, guard."""


@dataclass(frozen=True)
class _Case:
    """One effect in front of the table, with the questions the rows ask.

    Attributes:
        dry: the run is dry, be it by another effect of the same call.
        contained: a shadow holds what the call does. An MCP server is a process that it does not hold.
    """

    effect: Effect
    state: RunState
    rulings: Rulings
    dry: bool
    contained: bool

    @cached_property
    def column(self) -> str:
        """Why the dry column holds for this effect; empty if it does not."""
        if self.state.mode is Mode.DRY_RUN:
            return "dry-run"
        if self.dry:
            return "dry"
        if self.state.mode is Mode.MIXED:
            return "" if self.effect.writes and self.rulings.live(self.effect.target) else "mixed"
        return ""

    @property
    def is_read(self) -> bool:
        return self.effect.kind is EffectKind.READ and not self.effect.consumes

    def writes(self, scope: Scope) -> bool:
        return self.effect.writes and self.effect.scope is scope

    @property
    def touches_own(self) -> bool:
        target = self.effect.target.lower()
        if target.startswith("supervisor:") or (not self.is_read and _OWN_PROCESS.match(target)):
            return True
        return any(self._is_own(path) for path in targets.local_paths(self.effect.target))

    def _is_own(self, path: str) -> bool:
        """Whether the longest prefix that `path` lies under closes it to this effect."""
        closed = self.rulings.own if self.is_read else self.rulings.own + self.rulings.own_writes
        lent = max(
            (len(p) for p in map(targets.folded, self.rulings.lent) if targets.inside(path, p)), default=-1
        )
        return _longest(path, closed) > lent

    @property
    def replaces_own(self) -> bool:
        """A write that would really happen to a folder in which `own` lies: it could move or remove it."""
        if self.is_read or self.column:
            return False
        own = [targets.folded(prefix) for prefix in self.rulings.own]
        paths = targets.local_paths(self.effect.target)
        return any(targets.holds(path, prefix) for prefix in own for path in paths)

    @property
    def blocked(self) -> bool:
        return not self.is_read and any(
            targets.covers(self.effect.target, glob) for glob in self.rulings.block
        )

    @property
    def has_no_room(self) -> bool:
        """It would run in the shadow, which takes no more."""
        into = self.writes(Scope.WORKSPACE) or self.effect.kind is EffectKind.UNKNOWN
        return bool(self.column and self.contained and self.state.full) and into

    @property
    def held(self) -> bool:
        guarded = any(_longest(p, self.rulings.guarded) >= 0 for p in targets.local_paths(self.effect.target))
        return guarded or any(targets.covers(self.effect.target, glob) for glob in self.rulings.hold)

    @property
    def stale(self) -> bool:
        in_dry_column = self.dry or self.state.mode is not Mode.LIVE
        return in_dry_column and any(targets.related(self.effect.target, t) for t in self.state.simulated)


def _longest(path: str, prefixes: Iterable[str]) -> int:
    """Length of the longest prefix that `path` lies under; -1 for none."""
    return max((len(p) for p in map(targets.folded, prefixes) if targets.under(path, p)), default=-1)


class _Row(msgspec.Struct, frozen=True):
    """A row of the table. `{dry}` in the rule and `{target}`, `{because}` and `{full}` in the sentence are
    filled in.
    """

    rule: str
    applies: Callable[[_Case], bool]
    kind: DecisionKind
    execution: Execution
    why: str
    alert: AlertKind | None = None


_BLOCK = (DecisionKind.BLOCKED, Execution.NOT_EXECUTED)
_NOTICE = (DecisionKind.SIMULATED, Execution.NOT_EXECUTED)
_SHADOW = (DecisionKind.SIMULATED, Execution.SHADOW)
_HOLD = (DecisionKind.HELD, Execution.WAITS)
_REAL = (DecisionKind.REAL, Execution.AS_IS)
_PASS = (DecisionKind.PASS, Execution.AS_IS)

_ROWS: tuple[_Row, ...] = (
    _Row("policy.own", lambda c: c.touches_own, *_BLOCK,
         "{target} belongs to the supervisor itself, which no run may touch.", AlertKind.TAMPERING),
    _Row("policy.own.folder", lambda c: c.replaces_own, *_BLOCK,
         "The supervisor's own files lie in {target}, so no run may change it.", AlertKind.TAMPERING),
    _Row("policy.block", lambda c: c.blocked, *_BLOCK,
         "A block rule of the configuration covers {target}."),
    _Row("policy.stale-read", lambda c: c.is_read and c.stale, *_NOTICE,
         "{target} would show the world without what this run has only simulated there."),
    _Row("policy.read", lambda c: c.is_read, *_PASS,
         "Reading {target} changes nothing."),
    _Row("policy.{dry}.full", lambda c: c.has_no_room, *_NOTICE,
         "{target} is not executed in the shadow of the workspace, which is full: {full}."),
    _Row("policy.{dry}.workspace-write.shadow",
         lambda c: c.writes(Scope.WORKSPACE) and bool(c.column) and c.contained, *_SHADOW,
         "{target} is written in the shadow of the workspace only: {because}."),
    _Row("policy.{dry}.workspace-write", lambda c: c.writes(Scope.WORKSPACE) and bool(c.column), *_NOTICE,
         "The write to {target} is not executed, as there is no shadow: {because}."),
    _Row("policy.{dry}.loose-write.shadow",
         lambda c: c.writes(Scope.HOST) and c.effect.loose and bool(c.column) and c.contained, *_SHADOW,
         "Where {target} lies is known only in part, so it is written in the shadow: {because}."),
    _Row("policy.{dry}.host-write", lambda c: c.writes(Scope.HOST) and bool(c.column), *_NOTICE,
         "The write to {target}, outside the workspace, is not executed: {because}."),
    _Row("policy.{dry}.remote-write", lambda c: c.writes(Scope.REMOTE) and bool(c.column), *_NOTICE,
         "The write to {target} is not executed: {because}."),
    _Row("policy.{dry}.unknown.shadow", lambda c: bool(c.column) and c.contained, *_SHADOW,
         "What {target} does is not known, so it runs in the shadow without network: {because}."),
    _Row("policy.{dry}.unknown", lambda c: bool(c.column), *_NOTICE,
         "What {target} does is not known, so it is not executed: {because}."),
    _Row("policy.mixed.hold", lambda c: c.effect.writes and c.state.mode is Mode.MIXED and c.held, *_HOLD,
         "A hold rule of the configuration covers {target}, so the write waits for the operator."),
    _Row("policy.mixed.write", lambda c: c.effect.writes and c.state.mode is Mode.MIXED, *_REAL,
         "{target} is a live target and the run is not dry."),
    _Row("policy.live.hold", lambda c: c.writes(Scope.WORKSPACE) and c.held, *_HOLD,
         "A hold rule of the configuration covers {target}, so the write waits for the operator."),
    _Row("policy.live.workspace-write", lambda c: c.writes(Scope.WORKSPACE), *_REAL,
         "{target} lies in the workspace of a live run."),
    _Row("policy.live.host-write", lambda c: c.writes(Scope.HOST), *_HOLD,
         "{target} lies outside the workspace, so the write waits for the operator."),
    _Row("policy.live.remote-write", lambda c: c.writes(Scope.REMOTE), *_HOLD,
         "{target} lies on another system, so the write waits for the operator."),
    _Row("policy.live.unknown", lambda c: True, *_HOLD,
         "What {target} does is not known, so it waits for the operator."),
)  # fmt: skip

_BECAUSE = {
    "dry-run": "this is a dry run",
    "dry": "a write of this run is only simulated, so every other one is too",
    "mixed": "no live target of the configuration covers it",
}


class _Verdict(msgspec.Struct, frozen=True):
    """What one effect gets on its own."""

    effect: Effect
    row: _Row
    rule: str
    why: str

    @property
    def kind(self) -> DecisionKind:
        return self.row.kind

    @property
    def happens(self) -> bool:
        """A write that really happens, now or once the operator says so."""
        return self.kind in (DecisionKind.REAL, DecisionKind.HELD)

    @property
    def strictness(self) -> tuple[int, bool, tuple[int, int]]:
        """Order of strictness; among equals an alert comes first, then the worse effect."""
        order = (_PASS, _REAL, _HOLD, _SHADOW, _NOTICE, _BLOCK)
        return (
            order.index((self.kind, self.row.execution)),
            self.row.alert is not None,
            self.effect.weight,
        )


def _first_row(case: _Case) -> _Verdict:
    row = next(row for row in _ROWS if row.applies(case))
    target = case.effect.target
    named = target if len(target) <= 200 else target[:199] + "…"
    because = _BECAUSE.get(case.column, "")
    rule = row.rule.replace("{dry}", case.column)
    why = row.why.format(target=named, because=because, full=case.state.full)
    return _Verdict(case.effect, row, rule, why)


def _strictest(verdicts: list[_Verdict]) -> Decision:
    worst = max(verdicts, key=lambda verdict: verdict.strictness)
    simulated = worst.kind is DecisionKind.SIMULATED
    not_read = any(v.effect.writes or v.effect.kind is EffectKind.UNKNOWN for v in verdicts)
    unknown = any(v.effect.kind is EffectKind.UNKNOWN for v in verdicts)
    connects = any(v.effect.connects for v in verdicts)
    beyond = connects or any(v.effect.writes and v.effect.scope is Scope.HOST for v in verdicts)
    shadow = worst.row.execution is Execution.SHADOW
    parts = len({v.effect.target for v in verdicts if v.effect.writes or v.kind is DecisionKind.SIMULATED})
    executes = worst.row.execution is not Execution.NOT_EXECUTED
    return Decision(
        kind=worst.kind,
        execution=worst.row.execution,
        rule=worst.rule,
        why=worst.why + (" The call has other parts; none of it runs." if parts > 1 and not executes else ""),
        sets_dry=simulated and not_read,
        # In the shadow the agent sees what live would show, unless the call misses a network it may want.
        diverges=simulated and (not shadow or (unknown and connects)),
        alert=worst.row.alert,
        outside=executes and (worst.kind is DecisionKind.HELD if unknown else beyond),
    )
