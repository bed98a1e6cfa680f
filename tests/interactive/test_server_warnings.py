"""An MCP server that does not start, in a terminal."""

from __future__ import annotations

import json

from operator_desk import IDLE, Desk, bash

from harness.waiting import wait_for
from supervisor.journal.events import AlertRaised, State
from supervisor.policy import AlertKind


def test_the_screen_warns_of_a_server_that_does_not_start(desk: Desk) -> None:
    """Once, with its name; the run itself goes on to the end of its turn."""
    servers = {"missing": {"command": "/nowhere/server"}}
    (desk.machine.workspace / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    screen = desk.start_run([{"say": "First.", "calls": [bash("sleep 2")]}, {"say": "Done."}])
    run = desk.the_run()
    screen.wait_for("CONFIG WARNING", "MCP server missing did not start")
    run.wait_for_state(State.IDLE, "finished")
    screen.wait_for(IDLE)
    told = wait_for(lambda: run.all(AlertRaised), "the warning")
    assert [alert.alert for alert in told] == [AlertKind.CONFIG_WARNING]
