"""The observer: what the transcript says happened, held to what the gate decided."""

from __future__ import annotations

from supervisor.effects import Effect, EffectKind, Scope
from supervisor.journal.events import CallDecided, CallOutcome, Outcome
from supervisor.policy import DecisionKind, Execution
from supervisor.runner.observer import AgentTrouble, Finding, HookFault, Observer, Unsupervised
from supervisor.session.transcript import ApiError, Asked, HookFailed, Result

EFFECT = Effect(EffectKind.WRITE, Scope.WORKSPACE, "file:///w/a", "tool.Write", "writes a file")
NOTICE = "SIMULATED, NOT EXECUTED: Write `/w/a`. This write was not run and changed nothing."


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def decided(
    key: str, execution: Execution, decision: DecisionKind = DecisionKind.PASS, notice: str = ""
) -> CallDecided:
    """A decision on a call."""
    return CallDecided(
        n=1,
        tool_use_id=key,
        agent_id="",
        agent_type="",
        tool="Write",
        input={},
        effects=(EFFECT,),
        effect=EffectKind.WRITE,
        scope=Scope.WORKSPACE,
        targets=("file:///w/a",),
        decision=decision,
        execution=execution,
        rule="r",
        why="w",
        notice=notice,
        dry=False,
        diverged=False,
        profile="p",
        gate_ms=0.1,
    )


def found(observer: Observer, *records: Asked | Result | HookFailed | ApiError) -> list[Finding]:
    """All findings of some records."""
    return [finding for record in records for finding in observer.read(record)]


def outcomes(findings: list[Finding]) -> list[Outcome]:
    """The outcomes among findings."""
    return [finding.outcome for finding in findings if isinstance(finding, CallOutcome)]


def kinds(findings: list[Finding]) -> set[type]:
    """The kinds of trouble among findings."""
    return {type(finding) for finding in findings if not isinstance(finding, CallOutcome)}


def test_a_call_that_was_let_through_and_ran_is_executed_without_a_finding() -> None:
    """The normal case raises nothing."""
    observer = Observer(grace_s=5)
    observer.decided(decided("a", Execution.AS_IS))
    findings = found(observer, Result("a", "done", error=False, accepted=True, source="hook"))
    assert outcomes(findings) == [Outcome.EXECUTED] and not kinds(findings)


def test_a_call_that_ran_and_failed_is_the_tools_failure_not_the_hooks() -> None:
    """An error of the tool is an outcome, never an alert of the gate."""
    observer = Observer(grace_s=5)
    observer.decided(decided("a", Execution.SHADOW))
    findings = found(observer, Result("a", "exit 1", error=True, accepted=True, source="hook"))
    assert outcomes(findings) == [Outcome.FAILED] and not kinds(findings)


def test_a_simulated_call_whose_notice_arrived_is_not_executed() -> None:
    """As a deny reason (any tool) and as a command's output (Bash)."""
    for accepted in (True, False):
        observer = Observer(grace_s=5)
        observer.decided(decided("a", Execution.NOT_EXECUTED, DecisionKind.SIMULATED, NOTICE))
        text = NOTICE if accepted else f"PreToolUse:Write hook error: {NOTICE}"
        findings = found(observer, Result("a", text, error=not accepted, accepted=accepted, source="hook"))
        assert outcomes(findings) == [Outcome.NOT_EXECUTED] and not kinds(findings)


def test_a_simulated_call_that_ran_after_all_is_unsupervised() -> None:
    """The agent read something else than the notice: the tool has run."""
    observer = Observer(grace_s=5)
    observer.decided(decided("a", Execution.NOT_EXECUTED, DecisionKind.SIMULATED, NOTICE))
    findings = found(observer, Result("a", "File written", error=False, accepted=True, source="hook"))
    assert kinds(findings) == {Unsupervised}


def test_a_call_nobody_decided_that_ran_is_unsupervised() -> None:
    """Claude Code granted it by itself."""
    observer = Observer(grace_s=5)
    findings = found(
        observer,
        Asked("x", "Bash", {"command": "echo"}),
        Result("x", "hi", error=False, accepted=True, source="config"),
    )
    assert kinds(findings) == {Unsupervised}
    assert outcomes(findings) == [Outcome.EXECUTED]


def test_a_call_nobody_decided_that_a_hook_refused_is_a_hook_failure() -> None:
    """Only a hook that failed refuses without the gate's word."""
    observer = Observer(grace_s=5)
    text = 'PreToolUse:Write hook error: failed; blocking because onFailure is "block"'
    findings = found(observer, Result("x", text, error=True, accepted=False, source="hook"))
    assert kinds(findings) == {HookFault}


def test_a_decision_that_did_not_reach_its_call_is_a_hook_failure() -> None:
    """The gate let it through and the client died: the call was refused by a hook all the same."""
    observer = Observer(grace_s=5)
    observer.decided(decided("a", Execution.AS_IS))
    text = "PreToolUse:Write hook error: killed"
    findings = found(observer, Result("a", text, error=True, accepted=False, source="hook"))
    assert kinds(findings) == {HookFault}


def test_claude_codes_own_refusal_is_an_outcome_and_no_alert() -> None:
    """A protected path stays refused although the hook allowed it: a decision is not an outcome."""
    observer = Observer(grace_s=5)
    observer.decided(decided("a", Execution.AS_IS))
    findings = found(observer, Result("a", "denied", error=True, accepted=False, source="config"))
    assert outcomes(findings) == [Outcome.REFUSED] and not kinds(findings)


def test_hook_errors_and_model_errors_are_told_apart() -> None:
    """Each its own kind."""
    observer = Observer(grace_s=5)
    assert kinds(found(observer, HookFailed("PreToolUse", "a", "hook_cancelled", "timed out"))) == {HookFault}
    assert kinds(found(observer, ApiError("overloaded"))) == {AgentTrouble}


def test_a_call_that_waits_too_long_for_a_decision_is_a_hook_failure_once() -> None:
    """A hook client that hangs shows in no other way."""
    clock = Clock()
    observer = Observer(grace_s=5, clock=clock)
    found(observer, Asked("x", "Write", {}))
    clock.now = 4
    assert not list(observer.overdue())
    clock.now = 6
    assert [type(finding) for finding in observer.overdue()] == [HookFault]
    assert not list(observer.overdue())


def test_a_call_behind_a_long_one_of_the_same_agent_is_not_overdue() -> None:
    """Claude Code asks for the next call only when the one before has ended."""
    clock = Clock()
    observer = Observer(grace_s=5, clock=clock)
    found(observer, Asked("long", "Bash", {}), Asked("next", "Write", {}))
    observer.decided(decided("long", Execution.AS_IS))
    clock.now = 60
    assert not list(observer.overdue())
    found(observer, Result("long", "", error=False, accepted=True, source="hook"))
    clock.now = 63
    assert not list(observer.overdue())
    clock.now = 66
    assert len(list(observer.overdue())) == 1


def test_calls_without_a_result_end_as_unknown() -> None:
    """Nothing is left without a word at the end of a run."""
    observer = Observer(grace_s=5)
    observer.decided(decided("a", Execution.AS_IS))
    assert list(observer.unanswered()) == [CallOutcome(1, "a", "Write", Outcome.UNKNOWN, "", "")]


def test_a_call_that_a_hook_names_as_done_is_judged_by_the_transcript() -> None:
    """Claude Code's own refusal by a deny rule is named like a call that ran."""
    observer = Observer(grace_s=3.0, clock=Clock())
    observer.reported("t1", "Read")
    observer.reported("t2", "Read")
    refused = found(observer, Result("t1", accepted=False, source="config", error=True, text="denied"))
    ran = found(observer, Result("t2", accepted=True, source="config", error=False, text="hidden"))
    assert outcomes(refused) == [Outcome.REFUSED] and len(refused) == 1
    assert [type(each) for each in ran] == [Unsupervised, CallOutcome]
    assert not list(observer.unanswered())


def test_a_call_that_is_done_and_not_in_the_transcript_is_told_once() -> None:
    """Whoever keeps it out of the transcript does not keep it from the operator."""
    clock = Clock()
    observer = Observer(grace_s=3.0, clock=clock)
    observer.reported("t1", "Bash")
    assert not list(observer.overdue())
    clock.now = 5.0
    assert [type(each) for each in observer.overdue()] == [Unsupervised]
    assert not list(observer.overdue()) and not list(observer.unanswered())
    observer.reported("t2", "Bash")
    assert [type(each) for each in observer.unanswered()] == [Unsupervised]


def test_a_call_that_a_failing_gate_refused_is_not_a_second_failure() -> None:
    """The failure was told when it happened; its refusal reaches the transcript later."""
    observer = Observer(grace_s=3.0, clock=Clock())
    observer.refused("t1")
    text = "PreToolUse:Write hook error: NOT EXECUTED: the supervisor of this run could not decide"
    findings = found(observer, Result("t1", accepted=False, source="hook", error=True, text=text))
    assert outcomes(findings) == [Outcome.REFUSED] and len(findings) == 1
