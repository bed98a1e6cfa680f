"""The permission mode that every hook event carries is held to the one the run was launched with."""

from __future__ import annotations

import asyncio
import json

import pytest
from fault_run import DEADLINE_S

from harness.machine import Machine
from supervisor.effects import Surroundings
from supervisor.effects.classifier import Classifier
from supervisor.gate.gate import Gate, Judge, Watcher, client_program, hook_command
from supervisor.gate.wire import EVENTS
from supervisor.journal.writer import Journal
from supervisor.policy import Rulings
from supervisor.runner.files import LocalFiles
from supervisor.runner.rules import read_book

NONCE = "5f0c1d6e8a7b4c3d"


class Shuts(Watcher):
    """Shuts the gate at a fault, as a run does."""

    def __init__(self) -> None:
        self.gate: Gate | None = None
        self.faults: list[str] = []

    def fault(self, detail: str) -> None:
        """Remember it, and let nothing through."""
        self.faults.append(detail)
        assert self.gate is not None
        self.gate.shut(detail)


async def answers(machine: Machine, event: str, mode: str) -> tuple[list[str], dict[str, object]]:
    """The faults that one event in permission mode `mode` raises, and what its real hook client prints."""
    watcher = Shuts()
    work = str(machine.workspace)
    where = Surroundings(cwd=work, workspace=work, home=str(machine.home), files=LocalFiles("/usr/bin"))
    with Journal.open(machine.state / "journal.db") as journal:
        rules = Classifier(read_book((), None))
        gate = Gate(
            run_id="none",
            nonce=NONCE,
            permission_mode="dontAsk",
            journal=journal,
            rules=Judge(rules.judge, rules.foresee, Rulings(), where),
            hold_deadline_s=1,
            operator_present=lambda: False,
            admit=lambda peer: True,
            watcher=watcher,
        )
        watcher.gate = gate
        path = machine.root / "gate.sock"
        gate.serve(path)
        client = await asyncio.create_subprocess_exec(
            *hook_command(client_program(), path, NONCE, DEADLINE_S),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        said = {
            "hook_event_name": event,
            "permission_mode": mode,
            "tool_name": "Read",
            "tool_use_id": "toolu_1",
        }
        out, _ = await client.communicate(json.dumps(said).encode())
        gate.close()
    return watcher.faults, json.loads(out)


@pytest.mark.parametrize("event", EVENTS)
async def test_any_event_in_another_permission_mode_is_a_fault(machine: Machine, event: str) -> None:
    """One fault that names both modes, whatever the event; the same in the launched mode raises none."""
    faults, _ = await answers(machine, event, "acceptEdits")
    assert faults == ["permission mode is acceptEdits, launched with dontAsk"]
    if event != "PreToolUse":  # a call is decided in a run, and here is none
        assert (await answers(machine, event, "dontAsk"))[0] == []


@pytest.mark.parametrize(("event", "refusal"), [("PreToolUse", "deny"), ("UserPromptSubmit", "block")])
async def test_what_comes_in_another_permission_mode_is_refused_at_once(
    machine: Machine, event: str, refusal: str
) -> None:
    """The very call or prompt that shows the mode is not let through."""
    _, answer = await answers(machine, event, "bypassPermissions")
    inner = answer.get("hookSpecificOutput")
    decision = inner.get("permissionDecision") if isinstance(inner, dict) else answer.get("decision")
    assert decision == refusal


async def test_a_dialog_is_denied_and_a_change_of_configuration_blocked(machine: Machine) -> None:
    """In the words that Claude Code takes for it, and as no fault of the gate."""
    faults, dialog = await answers(machine, "PermissionRequest", "dontAsk")
    inner = dialog["hookSpecificOutput"]
    assert isinstance(inner, dict)
    assert (faults, inner["hookEventName"], inner["decision"]["behavior"]) == (
        [],
        "PermissionRequest",
        "deny",
    )
    faults, change = await answers(machine, "ConfigChange", "dontAsk")
    assert (faults, change["decision"]) == ([], "block")
