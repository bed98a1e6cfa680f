"""What holds for every call, run and configuration."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_policy import effects, globs, judgements, rulings, states

from supervisor.effects.model import Effect, EffectKind, Judgement
from supervisor.policy import Decision, DecisionKind, Execution, Mode, Rulings, RunState, decide

quick = settings(max_examples=150, deadline=None)

_LOOSE_TO_STRICT = (
    (DecisionKind.PASS, Execution.AS_IS),
    (DecisionKind.REAL, Execution.AS_IS),
    (DecisionKind.HELD, Execution.WAITS),
    (DecisionKind.SIMULATED, Execution.SHADOW),
    (DecisionKind.SIMULATED, Execution.NOT_EXECUTED),
    (DecisionKind.BLOCKED, Execution.NOT_EXECUTED),
)


def strictness(decision: Decision) -> int:
    return _LOOSE_TO_STRICT.index((decision.kind, decision.execution))


def assert_not_loosened(before: Decision, after: Decision) -> None:
    """At least as strict; where a folder was blocked as it would really be written, simulating it is."""
    if before.rule == "policy.own.folder":
        assert after.kind in (DecisionKind.SIMULATED, DecisionKind.BLOCKED)
    else:
        assert strictness(after) >= strictness(before)


def not_a_read(judgement: Judgement) -> bool:
    return any(effect.writes or effect.kind is EffectKind.UNKNOWN for effect in judgement.effects)


@quick
@given(judgements, states, rulings)
def test_every_call_gets_one_decision_the_same_each_time(
    judgement: Judgement, state: RunState, word: Rulings
) -> None:
    """Total and deterministic, with kind and execution that belong together and a sentence."""
    decision = decide(judgement, state, word)
    assert decision == decide(judgement, state, word)
    assert strictness(decision) >= 0
    assert decision.why and decision.rule.startswith("policy.")
    assert "{" not in decision.rule


@quick
@given(judgements, states, rulings)
def test_no_write_of_a_dry_run_is_real(judgement: Judgement, state: RunState, word: Rulings) -> None:
    """In dry-run mode nothing but a read executes as it is, and nothing waits to be."""
    decision = decide(judgement, msgspec.structs.replace(state, mode=Mode.DRY_RUN), word)
    assert decision.kind not in (DecisionKind.REAL, DecisionKind.HELD)
    assert decision.execution is not Execution.AS_IS or not not_a_read(judgement)


@quick
@given(judgements, states, rulings)
def test_once_dry_no_write_is_real_in_any_mode(judgement: Judgement, state: RunState, word: Rulings) -> None:
    """The flag outweighs the mode, the live targets and every approval to come."""
    decision = decide(judgement, msgspec.structs.replace(state, dry=True), word)
    assert decision.kind not in (DecisionKind.REAL, DecisionKind.HELD)
    assert decision.execution is not Execution.AS_IS or not not_a_read(judgement)


@quick
@given(judgements, states, rulings)
def test_a_simulated_write_always_sets_the_flag(judgement: Judgement, state: RunState, word: Rulings) -> None:
    """No simulated write leaves the run able to write for real."""
    decision = decide(judgement, state, word)
    if decision.kind is DecisionKind.SIMULATED and not_a_read(judgement):
        assert decision.sets_dry


@quick
@given(judgements, effects, states, rulings)
def test_adding_an_effect_never_loosens(
    judgement: Judgement, more: Effect, state: RunState, word: Rulings
) -> None:
    """A call that does more is decided at least as strictly."""
    longer = Judgement((*judgement.effects, more))
    if judgement.effects:
        assert strictness(decide(longer, state, word)) >= strictness(decide(judgement, state, word))


@quick
@given(
    judgements,
    states,
    rulings,
    globs,
    st.sampled_from(["dry-run", "unlive", "block", "hold", "own", "own_writes"]),
)
def test_tightening_the_rulings_never_loosens(
    judgement: Judgement, state: RunState, word: Rulings, glob: str, how: str
) -> None:
    """A dry-run target more, a live one fewer, a block, a hold or a protected folder more."""
    changes: dict[str, dict[str, Any]] = {
        "dry-run": {"targets": (*word.targets, (glob, False))},
        "unlive": {"targets": tuple(t for t in word.targets if not t[1])},
        "block": {"block": (*word.block, glob)},
        "hold": {"hold": (*word.hold, glob)},
        "own": {"own": (*word.own, "/w")},
        "own_writes": {"own_writes": (*word.own_writes, "/w")},
    }
    tighter = msgspec.structs.replace(word, **changes[how])
    assert_not_loosened(decide(judgement, state, word), decide(judgement, state, tighter))


@quick
@given(judgements, states, rulings)
def test_becoming_dry_never_loosens(judgement: Judgement, state: RunState, word: Rulings) -> None:
    """The flag only ever takes away."""
    before = decide(judgement, msgspec.structs.replace(state, dry=False), word)
    after = decide(judgement, msgspec.structs.replace(state, dry=True), word)
    assert_not_loosened(before, after)
    assert after.kind not in (DecisionKind.REAL, DecisionKind.HELD)
