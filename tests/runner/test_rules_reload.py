"""Rule packs edited while a run goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from harness.claude import KEY, bundled_claude, onboard
from harness.machine import SUPERVISE, Machine
from harness.paced_model import PacedModel, serving
from harness.waiting import PATIENCE_S, wait_for
from supervisor.effects import Effect, EffectKind, Scope
from supervisor.errors import UsageError
from supervisor.journal.events import AlertRaised, CallDecided, Event, ProfileChanged
from supervisor.journal.listing import list_runs, run_events
from supervisor.places import Places
from supervisor.policy import AlertKind, DecisionKind, Execution
from supervisor.screens.remember import propose, remember
from supervisor.views.fold import fold
from supervisor.views.run import CallView

E = TypeVar("E", bound=Event)

PACK = """\
[pack]
name = "mine"
version = 1

[program.frobnicate]
effect = "{effect}"
args = "text..."
"""


def _events(here: Places, kind: type[E]) -> list[E]:
    runs = list_runs(here.journal)
    found = run_events(here.journal, runs[0].id) if runs else ()
    return [recorded.event for recorded in found if isinstance(recorded.event, kind)]


def _calls(here: Places) -> tuple[CallView, ...]:
    runs = list_runs(here.journal)
    return tuple(fold(run_events(here.journal, runs[0].id)).calls) if runs else ()


def _edit(pack: Path, text: str) -> None:
    """As editors do: at no moment is there half a file."""
    written = pack.with_suffix(".new")
    written.write_text(text)
    written.replace(pack)


class Paused:
    """A run without a shadow that waits at a pipe before each command but the first."""

    def __init__(self, machine: Machine, commands: Sequence[str]) -> None:
        self.here = Places(machine.state, machine.config, machine.runtime)
        self._pipes = [machine.workspace / f"pipe-{n}" for n in range(len(commands) - 1)]
        for pipe in self._pipes:
            os.mkfifo(pipe)
        waits = [[], *([f"cat {{cwd}}/{pipe.name}"] for pipe in self._pipes)]
        lines = [line for wait, command in zip(waits, commands, strict=True) for line in (*wait, command)]
        script = machine.write_script(
            [{"calls": [{"tool": "Bash", "input": {"command": line}}]} for line in lines]
        )
        self._process = machine.start(
            [SUPERVISE, "run", "--headless", "--mode", "mixed", "--script", script, "go"]
        )

    def events(self, kind: type[E]) -> list[E]:
        """What was journaled of one kind."""
        return _events(self.here, kind)

    def calls(self) -> tuple[CallView, ...]:
        """The commands so far, as the views show them."""
        return tuple(call for call in _calls(self.here) if not str(call.input["command"]).startswith("cat "))

    def go_on(self) -> None:
        """Let it reach its next command."""
        pipe = self._pipes.pop(0)

        def opened() -> bool:
            try:
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # nobody reads yet
                return False
            return True

        wait_for(opened, f"the command that waits at {pipe.name}")

    def end(self) -> None:
        """Wait for the end of it."""
        self._process.communicate(timeout=PATIENCE_S)


def test_an_edited_pack_is_in_force_for_the_next_call_and_a_broken_edit_is_not(machine: Machine) -> None:
    """The rules of the next decision change with the edit; a broken one raises a warning instead."""
    pack = machine.config / "profiles" / "mine.toml"
    pack.parent.mkdir(parents=True)
    pack.write_text(PACK.format(effect="write"))
    run = Paused(machine, ["frobnicate a", "frobnicate b", "frobnicate c"])
    wait_for(lambda: len(run.calls()) == 1, "the first call")
    _edit(pack, PACK.format(effect="read"))
    wait_for(lambda: run.events(ProfileChanged), "the new rules")
    run.go_on()
    wait_for(lambda: len(run.calls()) == 2, "the second call")
    _edit(pack, "[pack\n")
    wait_for(lambda: run.events(AlertRaised), "the warning")
    run.go_on()
    run.end()
    assert [call.effect for call in run.calls()] == [EffectKind.WRITE, EffectKind.READ, EffectKind.READ]
    decided = [call for call in run.events(CallDecided) if "frobnicate" in str(call.input)]
    hashes = [call.profile for call in decided]
    assert hashes[0] != hashes[1] == hashes[2]
    (warning,) = run.events(AlertRaised)
    assert warning.alert is AlertKind.CONFIG_WARNING and "mine.toml" in warning.detail


def test_a_read_the_operator_remembers_passes_at_once_and_only_that_call(machine: Machine) -> None:
    """Shown first; taken up by the running gate; another spelling of the command stays what it was."""
    commands = ["./status.sh", "./status.sh", "./status.sh --fix"]
    turns = [{"calls": [{"tool": "Bash", "input": {"command": each}}]} for each in commands]
    here = Places(machine.state, machine.config, machine.runtime)
    onboard(machine, machine.workspace)
    model = PacedModel(machine, turns)
    model.let(0)
    with serving(model) as base_url:
        process = machine.start(
            [SUPERVISE, "run", "--headless", "--claude", bundled_claude(), "--cwd", machine.workspace, "go"],
            env={"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_KEY": KEY},
        )
        wait_for(lambda: len(_calls(here)) == 1, "the first call")
        proposal = propose(here, str(machine.workspace), _calls(here)[0])
        assert './status.sh"' in proposal.added and not (machine.workspace / "supervisor.toml").exists()
        remember(here, proposal)
        wait_for(lambda: _events(here, ProfileChanged), "the gate to take it up")
        model.let(2)
        process.communicate(timeout=PATIENCE_S)
    first, second, third = _calls(here)
    assert first.decision is third.decision is DecisionKind.SIMULATED
    assert second.decision is DecisionKind.PASS


def test_what_a_block_rule_covers_never_becomes_a_read(machine: Machine) -> None:
    """The refusal names the rule."""
    machine.write_config('[policy]\nblock = ["mcp://shop/*"]\n')
    here = Places(machine.state, machine.config, machine.runtime)
    effect = Effect(EffectKind.WRITE, Scope.REMOTE, "mcp://shop/orders", "mcp.default", "a write")
    call = CallView(
        n=1,
        time=0,
        tool_use_id="a",
        agent_id="",
        agent_type="",
        tool="mcp__shop__orders",
        input={},
        effects=(effect,),
        effect=EffectKind.WRITE,
        scope=Scope.REMOTE,
        targets=("mcp://shop/orders",),
        decision=DecisionKind.BLOCKED,
        execution=Execution.NOT_EXECUTED,
        rule="r",
        why="w",
        notice="",
        diverged=False,
        gate_ms=0.0,
    )
    with pytest.raises(UsageError, match="shop"):
        propose(here, str(machine.workspace), call)
    assert not (machine.workspace / "supervisor.toml").exists()
