"""MCP servers that do not start: the run says which and why, and goes on without them."""

from __future__ import annotations

import json
import sys
from typing import Any

from harness.machine import Machine
from supervisor.demo import store

SERVERS: dict[str, Any] = {
    "missing": {"command": "/nowhere/server"},
    "dies": {"command": "/bin/sh", "args": ["-c", "exit 3"]},
    "stranger": {"type": "carrier-pigeon", "url": "pigeon://here"},
}


def test_a_headless_run_tells_each_server_that_fails_once_and_goes_on(machine: Machine) -> None:
    """Two servers that cannot start and one of an unknown kind beside one that works: a warning each, with
    the reason, on stderr and in the journal; no failure of hooks or agent; of the working one nothing."""
    words = ["-P", "-m", store.__name__, "--root", str(machine.workspace)]
    works = {"command": sys.executable, "args": words}
    (machine.workspace / ".mcp.json").write_text(json.dumps({"mcpServers": {**SERVERS, "store": works}}))
    turns = [
        {"say": "First.", "calls": [{"tool": "Bash", "input": {"command": "echo one"}}]},
        {"say": "Second.", "calls": [{"tool": "mcp__store__get_object", "input": {"key": "a"}}]},
    ]
    script = machine.write_script(turns)
    done = machine.supervise("run", "--headless", "--script", str(script), "look around")
    assert done.returncode == 0, done.stderr
    shown = machine.json("show", "--json", machine.json("runs", "--json")[0]["name"])
    assert {alert["kind"] for alert in shown["alerts"]} == {"config warning"}
    told = sorted(alert["detail"] for alert in shown["alerts"])
    assert [line.split()[2] for line in told] == ["dies", "missing", "stranger"]
    assert "Connection closed" in told[0] and "did not start" in told[1] and "carrier-pigeon" in told[2]
    assert any(note.startswith("MCP server missing: no such program") for note in shown["run"]["notes"])
    for detail in told:
        assert detail in done.stderr
    assert [call["tool"] for call in shown["calls"]] == ["Bash", "mcp__store__get_object"]
