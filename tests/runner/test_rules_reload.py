"""Rule packs edited while a run goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.machine import SUPERVISE, Machine
from harness.waiting import wait_for
from supervisor.effects import Effect, EffectKind, Scope
from supervisor.errors import UsageError
from supervisor.journal.listing import list_runs, run_events
from supervisor.places import Places
from supervisor.policy import DecisionKind, Execution
from supervisor.screens.remember import propose, remember
from supervisor.views.fold import fold
from supervisor.views.run import CallView

PACK = """\
[pack]
name = "mine"
version = 1

[program.frobnicate]
effect = "{effect}"
args = "text..."
"""


def call(effect: str, n: int) -> dict[str, Any]:
    """One turn that calls the program, after a wait in which the pack can be edited."""
    return {"wait_s": 3.0, "calls": [{"tool": "Bash", "input": {"command": f"frobnicate {effect} {n}"}}]}


def test_an_edited_pack_is_in_force_for_the_next_call_and_a_broken_edit_is_not(machine: Machine) -> None:
    """The hash journaled with each decision changes with the edit; a broken one raises a warning instead."""
    pack = machine.config / "profiles" / "mine.toml"
    pack.parent.mkdir(parents=True)
    pack.write_text(PACK.format(effect="write"))
    script = machine.write_script([call("a", 1), call("b", 2), call("c", 3)])
    process = machine.start(
        [SUPERVISE, "run", "--headless", "--script", script, "--cwd", machine.workspace, "go"]
    )

    def calls() -> list[dict[str, Any]]:
        done = machine.supervise("runs", "--json")
        runs = json.loads(done.stdout) if done.returncode == 0 and done.stdout else []
        if not runs:
            return []
        shown: list[dict[str, Any]] = machine.json("show", "--json", runs[0]["name"])["calls"]
        return shown

    wait_for(lambda: len(calls()) == 1, "the first call")
    pack.write_text(PACK.format(effect="read"))
    wait_for(lambda: len(calls()) == 2, "the second call")
    pack.write_text("[pack\n")
    process.communicate(timeout=120)
    name = machine.json("runs", "--json")[0]["name"]
    shown = machine.json("show", "--json", name)
    first, second, third = shown["calls"]
    assert first["effect"] == "write" and second["effect"] == "read" and third["effect"] == "read"
    events = [json.loads(line)["event"] for line in machine.supervise("export", name).stdout.splitlines()]
    hashes = [event["profile"] for event in events if "tool_use_id" in event and "profile" in event]
    assert len(hashes) == 3 and hashes[0] != hashes[1] == hashes[2]
    warnings = [alert for alert in shown["alerts"] if alert["kind"] == "config warning"]
    assert len(warnings) == 1 and "mine.toml" in warnings[0]["detail"]


def test_a_read_the_operator_remembers_passes_at_once_and_only_that_call(machine: Machine) -> None:
    """Shown first; taken up by the running gate; another spelling of the command stays what it was."""
    commands = ["./status.sh", "./status.sh", "./status.sh --fix"]
    turns = [{"wait_s": 3.0, "calls": [{"tool": "Bash", "input": {"command": each}}]} for each in commands]
    here = Places(machine.state, machine.config, machine.runtime)
    script = machine.write_script(turns)
    process = machine.start(
        [SUPERVISE, "run", "--headless", "--script", script, "--cwd", machine.workspace, "go"]
    )

    def calls() -> tuple[CallView, ...]:
        runs = list_runs(here.journal)
        return tuple(fold(run_events(here.journal, runs[0].id)).calls) if runs else ()

    wait_for(lambda: len(calls()) == 1, "the first call")
    proposal = propose(here, str(machine.workspace), calls()[0])
    assert './status.sh"' in proposal.added and not (machine.workspace / "supervisor.toml").exists()
    remember(here, proposal)
    process.communicate(timeout=120)
    first, second, third = calls()
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
