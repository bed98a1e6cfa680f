"""Titles of calls: the one line the operator recognises a call by."""

from __future__ import annotations

from run_recording import CWD, Recording
from supervisor.policy import DecisionKind
from supervisor.views import call_title, fold, tool_name


def test_a_call_is_named_by_its_command_file_or_arguments() -> None:
    """Bash by the whole command on one line, file tools by the path, MCP tools by their arguments."""
    run = Recording()
    run.start()
    run.call("Bash", {"command": "ls\nrm -rf x", "description": "List"}, DecisionKind.HELD, "unknown:sh")
    run.write("src/a.py")
    run.call("mcp__store__upload", {"key": "r.csv", "size": 3}, DecisionKind.HELD, "mcp://store/upload")
    run.call("Odd", {}, DecisionKind.HELD, "git+origin#main")
    titles = [call_title(call, CWD) for call in fold(run.recorded()).calls]
    assert titles == ["ls ⏎ rm -rf x", "src/a.py", "key=r.csv, size=3", "main"]


def test_mcp_tools_read_as_server_and_tool() -> None:
    """`mcp__server__tool` is shown as people say it, and a hostile name is made safe."""
    assert tool_name("mcp__store__put_object") == "store.put_object"
    assert tool_name("mcp__odd\x1b") == "odd␛"
