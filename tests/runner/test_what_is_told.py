"""What a run tells beyond its journal: the operator's `notify` command, per kind of alert."""

from __future__ import annotations

import json

from harness.claude import bundled_claude
from harness.machine import Machine
from harness.waiting import wait_for


def test_the_notify_command_of_its_kind_gets_the_alert_and_no_other_does(machine: Machine) -> None:
    """A server that does not start: the command for such warnings gets run, kind and detail as one JSON line;
    that for hook failures is not started."""
    told, wrong = machine.root / "told", machine.root / "wrong"
    keep = 'cat > "$0.part" && mv "$0.part" "$0"'
    command = {
        "config-warning": ["sh", "-c", keep, str(told)],
        "hook-failure": ["sh", "-c", keep, str(wrong)],
    }
    machine.write_config("[notify]\n" + "".join(f"{kind} = {json.dumps(c)}\n" for kind, c in command.items()))
    (machine.workspace / ".mcp.json").write_text('{"mcpServers": {"gone": {"command": "/nowhere/server"}}}')
    script = machine.write_script([{"calls": [{"tool": "Bash", "input": {"command": "true"}}]}])
    done = machine.supervise(
        "run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), "task"
    )
    assert done.returncode == 0, done.stderr
    (row,) = machine.json("runs", "--json")
    wait_for(told.exists, "the notification")
    said = json.loads(told.read_text())
    assert (said["run"], said["run_id"], said["kind"]) == (row["name"], row["id"], "config warning")
    assert said["detail"].startswith("MCP server gone did not start: ")
    assert not wrong.exists()
