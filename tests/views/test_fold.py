"""The fold: journal events in, one frozen view out."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from run_recording import CWD, Recording
from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import (
    AlertRaised,
    ApplyEnded,
    ApplyStarted,
    ApplyUndone,
    CallOutcome,
    Ending,
    FilesTouched,
    Outcome,
    PlanApproved,
    State,
)
from supervisor.policy import AlertKind, DecisionKind, Mode
from supervisor.views import Counts, GateHealth, RunFold, fold, show_json
from supervisor.views.targets import place_target


def test_header_follows_the_events() -> None:
    """Task, mode, state, dry, fidelity, cost, elapsed and gate health all come from the journal alone."""
    run = Recording()
    run.start(task="Do it", mode=Mode.MIXED)
    assert fold(run.recorded()).gate is GateHealth.ALIVE
    run.write("a.txt")
    run.call(
        "mcp__store__upload", {}, DecisionKind.SIMULATED, "mcp://store/upload", Scope.REMOTE, diverges=True
    )
    run.usage(0.42)
    view = fold(run.recorded())
    assert (view.task, view.mode, view.state) == ("Do it", Mode.MIXED, State.WORKING)
    assert (view.dry, view.dry_since, view.fidelity) == (True, 1, "diverged at #2")
    assert view.cost_usd == 0.42
    assert view.elapsed_s(view.started + 75) == 75
    run.end()
    ended = fold(run.recorded())
    assert (ended.state, ended.ending, ended.gate) == (State.ENDED, Ending.COMPLETED, GateHealth.CLOSED)
    assert ended.elapsed_s(ended.started + 9_999) == run.now - ended.started


def test_writes_are_grouped_by_target_and_counted_by_decision() -> None:
    """Each group counts its calls; remote groups come first; two targets, two groups."""
    run = Recording()
    run.start()
    run.write("src/a.py")
    run.write("src/b.py", DecisionKind.BLOCKED)
    both = (
        Effect(EffectKind.WRITE, Scope.WORKSPACE, f"file://{CWD}/src/c.py", "shell.redirect", "redirects"),
        Effect(EffectKind.WRITE, Scope.REMOTE, "git+origin#main", "git.push", "pushes"),
    )
    run.call("Bash", {"command": "x > src/c.py; git push"}, DecisionKind.HELD, "", Scope.REMOTE, effects=both)
    run.call("Read", {"file_path": f"{CWD}/x"}, DecisionKind.PASS, f"file://{CWD}/x")
    view = fold(run.recorded())
    assert [(g.scope, g.name, g.calls) for g in view.writes] == [
        (Scope.REMOTE, "git+origin", (3,)),
        (Scope.WORKSPACE, "src/", (1, 2, 3)),
    ]
    assert view.writes[1].counts == Counts(simulated=1, blocked=1, held=1)
    assert view.counts == Counts(simulated=1, blocked=1, held=1, reads=1)
    assert view.reads == (4,)


def test_a_verdict_moves_a_held_call_and_keeps_that_it_was_held() -> None:
    """Allowing turns held into real in every count; the view still says it was held, and who settled it."""
    run = Recording()
    run.start(mode=Mode.LIVE)
    n = run.call("Bash", {"command": "git push"}, DecisionKind.HELD, "git+origin#main", Scope.REMOTE)
    assert fold(run.recorded()).held == (n,)
    run.settle(n, DecisionKind.REAL, say="go on")
    run.outcome(n, Outcome.EXECUTED, "ok", "Bash")
    view = fold(run.recorded())
    call = view.call(n)
    assert call is not None
    assert view.held == ()
    assert view.counts == Counts(real=1)
    assert view.writes[0].counts == Counts(real=1)
    assert (call.decision, call.outcome, call.was_held) == (DecisionKind.REAL, Outcome.EXECUTED, True)
    assert (call.settled_by, call.sentence) == ("operator op on pts/3", "go on")


def test_nothing_waits_in_a_run_that_has_ended() -> None:
    """A call still held when its run ended asks nobody any more; its decision stays on record."""
    run = Recording()
    run.start()
    n = run.call("Bash", {"command": "git push"}, DecisionKind.HELD, "git+origin#main", Scope.REMOTE)
    run.end(Ending.RUNNER_LOST)
    view = fold(run.recorded())
    call = view.call(n)
    assert view.held == () and call is not None and call.decision is DecisionKind.HELD


def test_a_hook_failure_keeps_the_gate_failed_until_it_answers_again() -> None:
    """Failed by the alert, still failed while paused, alive only once a decision proves it."""
    run = Recording()
    run.start()
    run.alert(AlertKind.HOOK_FAILURE, "the hook client was killed")
    run.state(State.PAUSED, "hook failure")
    assert fold(run.recorded()).gate is GateHealth.FAILED
    run.state(State.WORKING)
    assert fold(run.recorded()).gate is GateHealth.FAILED
    run.write("a.txt")
    view = fold(run.recorded())
    assert (view.gate, view.hook_failures) == (GateHealth.ALIVE, 1)


def test_a_call_nobody_decided_is_kept_apart() -> None:
    """An outcome without a decision never looks like a decided call."""
    run = Recording()
    run.start()
    run.add(
        CallOutcome(
            n=0, tool_use_id="toolu_x", tool="Bash", outcome=Outcome.EXECUTED, result="", source="rule"
        )
    )
    view = fold(run.recorded())
    assert view.calls == ()
    assert [call.tool_use_id for call in view.undecided] == ["toolu_x"]
    assert show_json(view)["undecided"][0]["outcome"] == "executed"


def test_show_json_has_the_stable_shape() -> None:
    """The keys scripts rely on are there, with the words of the vocabulary, and it is JSON."""
    run = Recording()
    run.start()
    run.write("a.txt", outcome=Outcome.NOT_EXECUTED)
    run.write("b.txt")
    run.alert(AlertKind.DRIFT, "main moved")
    live = show_json(fold(run.recorded()))
    assert live["calls"][1]["outcome"] is None and live["run"]["ended"] is None
    run.end()
    shown = json.loads(json.dumps(show_json(fold(run.recorded()))))
    assert {"id", "task", "mode", "state", "dry", "fidelity", "started", "ended"} <= shown["run"].keys()
    stable = "n tool_use_id agent_id tool effect scope targets decision outcome rule why"
    assert set(stable.split()) <= shown["calls"][0].keys()
    assert {"kind", "time", "detail"} <= shown["alerts"][0].keys()
    assert shown["calls"][0]["decision"] == "simulated"
    assert [call["outcome"] for call in shown["calls"]] == ["not executed", "unknown"]
    assert shown["run"]["started"].endswith("Z")
    assert shown["alerts"][0]["kind"] == "drift"


def test_events_of_other_runs_and_events_seen_before_change_nothing() -> None:
    """A batch fed twice, or one with other runs in it, gives the same view."""
    run, other = Recording("r1"), Recording("r2", first_seq=500)
    for recording in (run, other):
        recording.start()
        recording.write("a.txt")
    once = fold(run.recorded())
    folder = RunFold("r1")
    folder.add(run.recorded())
    folder.add(other.recorded())
    assert folder.add(run.recorded()) == once


def test_views_once_given_never_change() -> None:
    """A view taken before more events is the same object content after them."""
    run = Recording()
    run.start()
    run.write("a.txt")
    folder = RunFold()
    before = folder.add(run.recorded())
    kept = json.dumps(show_json(before))
    run.write("b.txt", DecisionKind.BLOCKED)
    run.alert(AlertKind.TAMPERING, "journal touched")
    after = folder.add(run.recorded())
    assert json.dumps(show_json(before)) == kept
    assert len(after.calls) == 2


@dataclass(frozen=True)
class _Step:
    decision: DecisionKind
    target: int


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.builds(_Step, st.sampled_from(DecisionKind), st.integers(0, 4)), max_size=40),
    st.randoms(use_true_random=False),
)
def test_counts_always_add_up(steps: list[_Step], shuffle: random.Random) -> None:
    """However decisions and verdicts follow, counts, groups and the held queue agree with the calls."""
    run = Recording()
    run.start()
    for step in steps:
        n = run.write(f"d{step.target}/f.txt", step.decision)
        if step.decision is DecisionKind.HELD and shuffle.random() < 0.5:
            run.settle(n, shuffle.choice([DecisionKind.REAL, DecisionKind.BLOCKED, DecisionKind.SIMULATED]))
    events = run.recorded()
    cut = shuffle.randint(0, len(events))
    folder = RunFold()
    folder.add(events[:cut])
    view = folder.add(events[cut:])
    assert view == fold(events)
    by_kind = {kind: [c.n for c in view.calls if c.decision is kind] for kind in DecisionKind}
    assert view.counts == Counts(
        len(by_kind[DecisionKind.REAL]),
        len(by_kind[DecisionKind.SIMULATED]),
        len(by_kind[DecisionKind.BLOCKED]),
        len(by_kind[DecisionKind.HELD]),
        len(by_kind[DecisionKind.PASS]),
    )
    assert list(view.held) == by_kind[DecisionKind.HELD]
    grouped = sorted(n for group in view.writes for n in group.calls)
    assert grouped == sorted(c.n for c in view.calls if not c.is_read)


def test_alerts_before_the_start_are_kept() -> None:
    """A view of a run whose first event is an alert still shows it."""
    run = Recording()
    run.add(AlertRaised(alert=AlertKind.AGENT_FAILURE, detail="did not start"))
    assert fold(run.recorded()).alerts[0].detail == "did not start"


def test_targets_are_placed_by_what_people_call_them() -> None:
    """Folders relative to the run's folder, remotes, servers, buckets, hosts; the unknown stays unknown."""
    assert place_target(f"file://{CWD}/src/a.py", Scope.WORKSPACE, CWD) == ("src/", "a.py")
    assert place_target(f"file://{CWD}/a.py", Scope.WORKSPACE, CWD) == ("./", "a.py")
    assert place_target(f"file://{CWD}", Scope.WORKSPACE, CWD) == ("./", "")
    assert place_target("file:///etc/hosts", Scope.HOST, CWD) == ("/etc/", "hosts")
    assert place_target("git+origin#main", Scope.REMOTE, CWD) == ("git+origin", "main")
    assert place_target("mcp://store/upload", Scope.REMOTE, CWD) == ("mcp://store", "upload")
    assert place_target("s3://bucket/a/b", Scope.REMOTE, CWD) == ("s3://bucket", "a/b")
    assert place_target("unknown:make", Scope.HOST, CWD) == ("not understood", "make")


def test_files_that_changed_stand_with_the_call_that_ran() -> None:
    """Changes of the shadow are added to each call that was running, each path once."""
    run = Recording()
    run.start()
    run.write("a.txt")
    for paths in (("a.txt", "b.txt"), ("b.txt", "c.txt")):
        run.add(FilesTouched(calls=("toolu_r1_1", "toolu_nobody"), paths=paths))
    view = fold(run.recorded())
    assert view.calls[0].touched == ("a.txt", "b.txt", "c.txt")


def test_what_became_of_the_plan_is_kept() -> None:
    """Approved, applying, applied and undone, each replacing the one before."""
    run = Recording()
    run.start()
    approved = PlanApproved("d", (1,), (), "operator op on pts/3", 1.0, 2.0, "n", "s")
    seen = []
    for event in (
        approved,
        ApplyStarted("n", "d"),
        ApplyEnded(True, "3 files"),
        ApplyUndone("3 files", "op"),
    ):
        run.add(event)
        seen.append(fold(run.recorded()).plan.value)
    assert seen == ["approved", "applying", "applied", "undone"]
