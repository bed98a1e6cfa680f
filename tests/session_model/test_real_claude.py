"""The scripted model and the real Claude Code: what is scripted really runs, and runs the same every time."""

from __future__ import annotations

import json
import re
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

from harness.claude import Played, bundled_claude, claude_env, onboard, play
from harness.machine import Machine, new_machine
from harness.terminal import Terminal
from supervisor.session.model_process import start_model


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    """One call of a script."""
    return {"tool": tool, "input": arguments}


def agent(prompt: str, *, background: bool = False) -> dict[str, Any]:
    """A call that starts a subagent."""
    return call(
        "Agent",
        description="A part of it",
        prompt=prompt,
        subagent_type="general-purpose",
        run_in_background=background,
    )


TURNS: list[dict[str, Any]] = [
    {"say": "I write.", "calls": [call("Write", file_path="{cwd}/a.txt", content="one\n")]},
    {
        "say": "I edit, and run two commands.",
        "calls": [
            call("Edit", file_path="{cwd}/a.txt", old_string="one", new_string="two"),
            call("Bash", command="echo b > b.txt", description="First"),
            call("Bash", command="cat a.txt b.txt", description="Second"),
        ],
    },
    {
        "say": "I use the servers.",
        "calls": [
            call("mcp__store__put_object", key="k/1", content="object"),
            call("mcp__database__insert_row", table="images", values={"key": "k/1"}),
        ],
    },
    {"calls": [agent("Helper: do your part"), agent("Helper: do your part"), agent("Stranger: nothing")]},
    {"say": "All is done."},
]
AGENTS: dict[str, dict[str, Any]] = {
    "^Helper": {
        "turns": [{"calls": [call("Bash", command="echo part >> parts.txt")]}, {"say": "My part is done."}]
    }
}


def serve(machine: Machine) -> list[str]:
    """Write `.mcp.json` for the demo's servers; returns the options that make Claude Code use it."""
    database = machine.root / "d.sqlite"
    with closing(connect(database)) as connection:
        connection.execute("CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT)")
    arguments = {
        "store": ["supervisor.demo.store", "--root", str(machine.root / "objects")],
        "database": ["supervisor.demo.database", "--file", str(database)],
    }
    servers = {
        name: {"command": sys.executable, "args": ["-P", "-m", *words]} for name, words in arguments.items()
    }
    config = machine.workspace / ".mcp.json"
    config.write_text(json.dumps({"mcpServers": servers}))
    return ["--mcp-config", str(config), "--strict-mcp-config"]


def rows(machine: Machine) -> list[tuple[Any, ...]]:
    """What the database's table holds."""
    with closing(connect(machine.root / "d.sqlite")) as connection:
        return connection.execute("SELECT * FROM images").fetchall()


def account(machine: Machine, played: Played) -> list[str]:
    """Each call with its id, input and whether it failed, sorted, without the machine's own paths."""
    lines = [
        f"{each['id']} {each['name']} {json.dumps(each['input'], sort_keys=True)} "
        f"{played.results[each['id']].get('is_error', False)}"
        for each in played.calls
    ]
    return sorted(line.replace(str(machine.root), "ROOT") for line in lines)


def test_what_is_scripted_really_runs_twice_the_same() -> None:
    """Write, Edit, Bash, parallel calls, MCP calls and subagents take effect; ids and results repeat."""

    def once() -> list[str]:
        with new_machine() as machine:
            played = play(
                machine, machine.write_script(TURNS, AGENTS), "Helper: the main task", *serve(machine)
            )
            assert (played.exit_code, played.stderr) == (0, "")
            assert (machine.workspace / "a.txt").read_text() == "two\n"
            assert (machine.workspace / "parts.txt").read_text() == "part\npart\n"
            assert (machine.root / "objects/k/1").read_text() == "object"
            assert rows(machine) == [(1, "k/1")]
            shown = [result["content"] for result in played.results.values() if "b" in str(result["content"])]
            assert "two\nb" in shown
            assert played.said[-1] == "All is done."
            return account(machine, played)

    first = once()
    assert len(first) == 11
    assert [line for line in first if line.endswith("True")] == []
    assert once() == first


def test_background_subagents_do_not_disturb_the_turns_of_the_main_agent(machine: Machine) -> None:
    """The main agent goes on at once and is told later: its turns are still played in order, each once."""
    turns: list[dict[str, Any]] = [
        {"say": "start", "calls": [agent("Helper 1", background=True), agent("Helper 2", background=True)]},
        {"say": "go on", "calls": [call("Bash", command="echo main >> main.txt")]},
        {"say": "end"},
    ]
    played = play(machine, machine.write_script(turns, AGENTS), "task")
    assert (machine.workspace / "parts.txt").read_text() == "part\npart\n"
    assert (machine.workspace / "main.txt").read_text() == "main\n"
    mine = [line for line in played.said if line in ("start", "go on", "end", "Done.")]
    assert mine[:3] == ["start", "go on", "end"]
    assert set(mine[3:]) <= {"Done."}


def test_a_tool_that_does_not_exist_is_an_error_the_conversation_survives(machine: Machine) -> None:
    """Claude Code refuses the call itself, and the script plays on."""
    turns: list[dict[str, Any]] = [{"calls": [call("NoSuchTool", x=1)]}, {"say": "still here"}]
    played = play(machine, machine.write_script(turns), "task")
    (result,) = played.results.values()
    assert result["is_error"]
    assert "No such tool" in result["content"]
    assert played.said == ["still here"]


def test_a_resumed_conversation_goes_on_where_it_stopped(machine: Machine) -> None:
    """The answers of the first sitting count: the second one plays the next turn."""
    second: dict[str, Any] = {"say": "second", "calls": [call("Bash", command="touch second")]}
    script = machine.write_script([{"say": "first"}, second, {"say": "third"}])
    before = play(machine, script, "task")
    after = play(machine, script, "go on", "--resume", before.session_id)
    assert before.said == ["first"]
    assert after.said == ["second", "third"]
    assert (machine.workspace / "second").exists()


def test_a_person_can_talk_to_the_scripted_agent_in_its_own_interface(machine: Machine) -> None:
    """In a terminal, typed prompts play turn after turn, and the tools really run."""
    script = machine.write_script(
        [
            {"say": "I begin.", "calls": [call("Write", file_path="{cwd}/a.txt", content="hi\n")]},
            {"say": "First part over."},
            {"say": "I go on.", "calls": [call("Bash", command="echo more >> a.txt")]},
            {"say": "Second part over."},
        ]
    )
    onboard(machine, machine.workspace)
    argv = [str(bundled_claude()), "--permission-mode", "acceptEdits", "--setting-sources", ""]
    with (
        start_model(script, machine.workspace) as model,
        Terminal(argv, env=claude_env(machine, model.base_url), cwd=machine.workspace) as terminal,
    ):
        terminal.wait_for("accept edits on")
        for prompt, ending in (("begin please", "First part over."), ("more please", "Second part over.")):
            terminal.press(prompt)
            terminal.wait_for(prompt)
            terminal.press("\r")
            terminal.wait_for(ending)
    assert (machine.workspace / "a.txt").read_text() == "hi\nmore\n"


def test_hostile_text_reaches_the_tools_unharmed(machine: Machine) -> None:
    """Escape sequences, markup, bidi marks and a megabyte on one line arrive as scripted."""
    text = "\x1b]52;c;aGk=\x07 [red]x[/] \u202e evil \u2066 \U0001f600 " + "x" * 1_000_000
    script = machine.write_script(
        [{"say": text[:60], "calls": [call("Write", file_path="{cwd}/h.txt", content=text)]}]
    )
    play(machine, script, "task")
    assert (machine.workspace / "h.txt").read_text() == text


def test_the_model_hears_what_tools_answered(machine: Machine) -> None:
    """The record of requests shows what the agent read after its call."""
    script = machine.write_script([{"calls": [call("Bash", command="echo heard-$((6*7))")]}])
    played = play(machine, script, "task")
    heard = json.dumps(played.requests[-1]["request"]["messages"])
    assert re.search(r"tool_result.*heard-42", heard)


def test_no_folder_of_the_machine_but_its_own_is_written(machine: Machine) -> None:
    """Claude Code keeps its own files below the machine's root: none are left in the folder it shares."""
    shared = Path("/tmp") / f"claude-{machine.root.stat().st_uid}"
    mark = str(machine.workspace).replace("/", "-").replace("_", "-")
    play(machine, machine.write_script([{"calls": [call("Bash", command="true")]}]), "task")
    assert not [path for path in shared.glob("*") if mark in path.name]
