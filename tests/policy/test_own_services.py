"""Whose service `localhost` is to a command: the run's own, or this machine's."""

from __future__ import annotations

import pytest

from supervisor.effects import Effect, EffectKind, Judgement, Scope
from supervisor.gate.loopback import within_own_network

OWN = Effect(EffectKind.WRITE, Scope.HOST, "http://localhost:8000/x", "curl", "sends")
READ = Effect(EffectKind.READ, Scope.WORKSPACE, "file:///w/a", "cat", "reads")
ELSEWHERE = (
    Effect(EffectKind.READ, Scope.REMOTE, "git+origin", "git.ls-remote", "asks"),
    Effect(EffectKind.READ, Scope.HOST, "http://localhost:9000/", "curl", "asks this machine"),
    Effect(EffectKind.WRITE, Scope.HOST, "file:///etc/x", "cp", "writes"),
)


def test_what_is_asked_of_the_runs_own_service_stays_in_the_run() -> None:
    """Its effect is one inside the run, a write as well."""
    own, read = within_own_network(Judgement((OWN, READ)), lambda: {8000}).effects
    assert (own.kind, own.scope, own.target) == (
        EffectKind.WRITE,
        Scope.WORKSPACE,
        "run+http://localhost:8000/x",
    )
    assert not own.connects and read == READ


def test_a_port_that_the_run_does_not_serve_is_the_machines() -> None:
    """Nothing changes."""
    assert within_own_network(Judgement((OWN,)), lambda: {9000}).effects == (OWN,)


@pytest.mark.parametrize("other", ELSEWHERE, ids=lambda effect: effect.target)
def test_a_command_that_may_be_let_out_speaks_to_the_machine(other: Effect) -> None:
    """Out there `localhost` is the machine's, whatever the run serves: the write is judged as one to it."""
    assert within_own_network(Judgement((OWN, other)), lambda: {8000}).effects == (OWN, other)
