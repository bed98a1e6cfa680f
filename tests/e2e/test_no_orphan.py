"""The story: store dry-run, database live. After the first simulated upload no row is written, by anybody.

And its controls: where the dry flag does not reach a call, the same call leaves an orphan.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from e2e_stage import Stage, Supervised, insert, subagent, upload
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from harness.machine import Machine, new_machine
from supervisor.effects import Effect, EffectKind, Judgement, Scope
from supervisor.policy import DecisionKind, Mode, Rulings, RunState, decide

CONFIG = """\
mode = "mixed"

[targets]
"mcp://database/*" = "live"
"mcp://store/*" = "dry-run"
"""
RULINGS = Rulings(targets=(("mcp://database/*", True), ("mcp://store/*", False)))

STORY: list[dict[str, Any]] = [
    {"say": "A row that stands alone.", "calls": [insert("before")]},
    {"say": "An upload, and its row in parallel with it.", "calls": [upload("first"), insert("parallel")]},
    {"say": "A row of the main agent.", "calls": [insert("main")]},
    {"say": "A subagent.", "calls": [subagent("Helper: upload yours and add its row")]},
    {"say": "One more.", "calls": [insert("last")]},
    {"say": "Done."},
]
HELPER: dict[str, dict[str, Any]] = {
    "^Helper": {"turns": [{"calls": [upload("helper"), insert("helper")]}, {"say": "Done."}]}
}


def stage(machine: Machine) -> Stage:
    """The systems, with the operator's word on them."""
    machine.write_config(CONFIG)
    return Stage(machine)


def script_calls() -> list[dict[str, Any]]:
    """The MCP calls of the story, in the order in which they are made."""
    mine = [each for turn in STORY for each in turn.get("calls", ())]
    helpers = [each for turn in HELPER["^Helper"]["turns"] for each in turn.get("calls", ())]
    at = next(n for n, each in enumerate(mine) if each["tool"] == "Agent")
    return [*mine[:at], *helpers, *mine[at + 1 :]]


class Told:
    """The story, told once under the gate."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.stage = stage(machine)
        self.ended: Supervised = self.stage.run(STORY, HELPER)


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """The story told once."""
    with new_machine() as machine:
        yield Told(machine)


def test_no_row_is_written_after_the_first_simulated_upload(told: Told) -> None:
    """Only the row from before it is really there; parallel, main agent's and subagent's rows are not."""
    assert told.stage.rows() == ["before"]
    assert told.stage.uploaded() == []


def test_the_decisions_say_from_where_on_the_run_is_dry(told: Told) -> None:
    """One real row, then the upload turns the run dry, then nothing but simulated writes."""
    writes = [each for each in told.ended.calls if each["effect"] == "write"]
    assert [each["decision"] for each in writes] == ["real", *["simulated"] * 6]
    assert told.ended.run["dry"] is True
    assert told.ended.run["dry_since"] == writes[1]["n"]
    assert told.ended.run["fidelity"] == f"diverged at #{writes[1]['n']}"


def test_the_live_row_before_it_really_ran_and_the_rest_did_not(told: Told) -> None:
    """Outcomes agree with decisions, for every agent."""
    rows = told.ended.of("mcp__database__insert_row")
    assert [each["outcome"] for each in rows] == ["executed", *["not executed"] * 4]
    assert [bool(each["agent_id"]) for each in rows] == [False, False, False, True, False]
    assert told.ended.shown["undecided"] == []


def test_rows_and_uploads_of_agents_that_race_leave_no_orphan(machine: Machine) -> None:
    """Four subagents at the same time: whatever order they come in, no row follows a simulated upload."""
    systems = stage(machine)
    prompts = [f"Helper {n}: upload and add" for n in range(4)]
    agents = {
        f"^Helper {n}": {"turns": [{"calls": [upload(f"r{n}"), insert(f"r{n}")]}, {"say": "Done."}]}
        for n in range(4)
    }
    ended = systems.run([{"calls": [subagent(prompt) for prompt in prompts]}, {"say": "Done."}], agents)
    made = [each for each in ended.calls if each["tool"].startswith("mcp__")]
    assert len(made) == 8
    assert len({each["agent_id"] for each in made}) == 4
    real = [each for each in made if each["decision"] == "real"]
    assert all(each["n"] < ended.run["dry_since"] for each in real)
    assert len(systems.rows()) == len(real)
    assert systems.uploaded() == []


def test_control_the_same_calls_in_runs_of_their_own_leave_orphans(machine: Machine) -> None:
    """The flag is the run's: one run a call, with nothing to carry it on, is the accident again."""
    systems = stage(machine)
    for made in (upload("first"), insert("parallel")):
        ended = systems.run([{"calls": [made]}, {"say": "Done."}])
        assert ended.done.returncode == 0
    assert systems.uploaded() == []
    assert systems.orphans() == ["parallel"]


async def _execute(systems: Stage, *, propagates: bool) -> list[DecisionKind]:
    """Decide each call of the story by the decide table and send what is real to the real MCP servers.

    With `propagates` the run's state carries the dry flag on, as the gate does; without it every call is
    decided on a state that no simulated write has touched. Nothing else differs.
    """
    kinds: list[DecisionKind] = []
    dry, simulated = False, frozenset[str]()
    async with AsyncExitStack() as stack:
        sessions: dict[str, ClientSession] = {}
        for name, words in (
            ("store", ("supervisor.demo.store", "--root", str(systems.objects))),
            ("database", ("supervisor.demo.database", "--file", str(systems.database))),
        ):
            program = StdioServerParameters(command=sys.executable, args=["-P", "-m", *words])
            streams = await stack.enter_async_context(stdio_client(program))
            sessions[name] = await stack.enter_async_context(ClientSession(*streams))
            await sessions[name].initialize()
        for made in script_calls():
            _, server, tool = made["tool"].split("__")
            target = f"mcp://{server}/{tool}"
            effect = Effect(EffectKind.WRITE, Scope.REMOTE, target, "mcp.default", "may write")
            decision = decide(
                Judgement((effect,)), RunState(Mode.MIXED, dry=dry, simulated=simulated), RULINGS
            )
            kinds.append(decision.kind)
            if decision.kind is DecisionKind.REAL:
                answer = await sessions[server].call_tool(tool, made["input"])
                assert not answer.is_error
            elif propagates:
                dry, simulated = dry or decision.sets_dry, simulated | {target}
    return kinds


def test_control_without_the_propagation_the_decide_table_leaves_orphans(machine: Machine) -> None:
    """Every call decided as if the run were not dry: each row after a simulated upload is an orphan."""
    systems = stage(machine)
    kinds = asyncio.run(_execute(systems, propagates=False))
    assert kinds.count(DecisionKind.REAL) == 5
    assert systems.uploaded() == []
    assert systems.rows() == ["before", "parallel", "main", "helper", "last"]
    assert systems.orphans()[1:] == ["parallel", "main", "helper", "last"]


def test_with_the_propagation_the_same_driver_leaves_none(machine: Machine) -> None:
    """The control's own driver, with the flag carried on: one row, from before the upload."""
    systems = stage(machine)
    kinds = asyncio.run(_execute(systems, propagates=True))
    assert kinds == [DecisionKind.REAL, *[DecisionKind.SIMULATED] * 6]
    assert systems.rows() == ["before"]
