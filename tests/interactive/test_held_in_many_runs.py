"""Many calls held at once, in several runs: each gets its own verdict, or a deny."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from operator_desk import Desk, DeskRun, Pane, bash, confirm
from test_held_in_live_runs import Outside, running

from harness.at_a_terminal import operator
from harness.claude import bundled_claude
from harness.waiting import wait_for
from supervisor.journal.events import AlertRaised, CallDecided, CallOutcome, CallSettled, Outcome
from supervisor.journal.listing import list_runs
from supervisor.policy import DecisionKind

RUNS = int(os.environ.get("SUPERVISE_TEST_HELD_RUNS", "3"))
CALLS = int(os.environ.get("SUPERVISE_TEST_HELD_CALLS", "12"))
"""Of all runs together."""


@dataclass(frozen=True)
class Held:
    """One call that waits, and what it would post."""

    run: DeskRun
    n: int
    name: str

    @property
    def settled(self) -> CallSettled | None:
        """Its verdict, once it is journaled."""
        return next((each for each in self.run.all(CallSettled) if each.n == self.n), None)

    @property
    def outcome(self) -> CallOutcome | None:
        """What became of it."""
        return next((each for each in self.run.all(CallOutcome) if each.n == self.n), None)


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A system outside."""
    with running(Outside()) as system:
        yield system


def start(desk: Desk, outside: Outside, number: int, count: int) -> Pane:
    """A live run whose `count` subagents each post something at the same time."""
    names = [f"{number}-{at}" for at in range(count)]
    delegate = [
        {
            "tool": "Agent",
            "input": {"description": "Post", "prompt": f"post {name};", "subagent_type": "general-purpose"},
        }
        for name in names
    ]
    agents = {
        f"post {name};": {"turns": [{"calls": [bash(outside.post(name))]}, {"say": "Done."}]}
        for name in names
    }
    turns: list[dict[str, Any]] = [{"calls": delegate}, {"say": "They are at it."}]
    script = desk.machine.write_script(turns, agents, name=f"script-{number}.json")
    words = ["--script", str(script), "--claude", str(bundled_claude()), "--mode", "live", "task"]
    screen = desk.supervise("run", *words)
    confirm(screen)
    return screen


def test_each_of_many_held_calls_gets_its_own_verdict_or_a_deny(desk: Desk, outside: Outside) -> None:
    """Subagents of several live runs wait at once and are answered in random order, twice each, while
    screens are killed: the first verdict counts, the agent hears its own sentence, what is allowed happens
    once, and what nobody answers is denied with the end of its run."""
    rng = random.Random(5)
    counts = [CALLS // RUNS + (at < CALLS % RUNS) for at in range(RUNS)]
    screens = [start(desk, outside, at, count) for at, count in enumerate(counts)]
    rows = wait_for(lambda: r if len(r := list_runs(desk.journal)) == RUNS else None, "all runs")
    runs = [DeskRun(desk, row.id, row.name) for row in rows]

    def all_held() -> list[Held] | None:
        found = [
            Held(run, call.n, str(call.input["command"]).rpartition("/")[2])
            for run in runs
            for call in run.all(CallDecided)
            if call.decision is DecisionKind.HELD
        ]
        return found if len(found) == CALLS else None

    calls = wait_for(all_held, f"{CALLS} held calls")
    assert outside.posted == []
    rng.shuffle(calls)
    left, answered = calls[:2], calls[2:]
    verdicts = {call.name: rng.choice(("allow", "deny")) for call in answered}
    with operator() as person:
        for at, call in enumerate(answered):
            if at == len(answered) // 3:
                for screen in screens[::2]:
                    os.kill(screen.pid, signal.SIGKILL)
            verdict = verdicts[call.name]
            other = "deny" if verdict == "allow" else "allow"
            socket = call.run.control_socket
            error, _sent = person.verdict(socket, call.n, verdict, f"it is {call.name}")
            assert not error
            error, _sent = person.verdict(socket, call.n, other, "too late")
            assert "does not wait" in error
    allowed = sorted(f"/{name}" for name, verdict in verdicts.items() if verdict == "allow")
    wait_for(lambda: sorted(outside.posted) == allowed, "what was allowed")
    wait_for(lambda: all(call.outcome for call in answered), "all outcomes")
    for call in answered:
        settled, outcome = call.settled, call.outcome
        assert settled is not None and outcome is not None
        assert settled.by.startswith("operator") and "/dev/pts/" in settled.by
        if verdicts[call.name] == "allow":
            assert settled.decision is DecisionKind.REAL and outcome.outcome is Outcome.EXECUTED
        else:
            assert settled.decision is DecisionKind.BLOCKED and outcome.outcome is Outcome.NOT_EXECUTED
            assert f"it is {call.name}" in outcome.result, "the agent hears its own sentence"
    assert not any(call.settled for call in left)
    for run in runs:
        assert desk.machine.supervise("stop", run.name).returncode == 0
    for call in left:
        settled = call.settled
        assert settled is not None and settled.decision is DecisionKind.BLOCKED
    assert sorted(outside.posted) == allowed
    assert [alert for run in runs for alert in run.all(AlertRaised)] == []
