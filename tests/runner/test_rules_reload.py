"""Rule packs edited while a run goes on."""

from __future__ import annotations

import json
from typing import Any

from harness.machine import SUPERVISE, Machine
from harness.waiting import wait_for

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
    return {"wait_s": 1.5, "calls": [{"tool": "Bash", "input": {"command": f"frobnicate {effect} {n}"}}]}


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
    process.communicate(timeout=60)
    name = machine.json("runs", "--json")[0]["name"]
    shown = machine.json("show", "--json", name)
    first, second, third = shown["calls"]
    assert first["effect"] == "write" and second["effect"] == "read" and third["effect"] == "read"
    warnings = [alert for alert in shown["alerts"] if alert["kind"] == "config warning"]
    assert len(warnings) == 1 and "mine.toml" in warnings[0]["detail"]
