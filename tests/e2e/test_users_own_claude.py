"""A run on the user's own Claude Code: what of the user's settings stays in force, and what is suspended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from e2e_stage import Stage, Supervised, bash, call, fingerprint, server, supervise, upload

from harness.claude import KEY
from harness.machine import Machine, new_machine
from supervisor.session.model_process import start_model

CONFIG = """\
mode = "mixed"

[targets]
"mcp://*" = "live"
"""
USER_SETTINGS = {
    "permissions": {
        "allow": ["Bash(rm:*)", "Write"],
        "ask": ["WebFetch"],
        "deny": ["Read(./secret.txt)"],
        "defaultMode": "bypassPermissions",
    },
    "hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "touch {mark}"}]}]},
    "enabledPlugins": {"helper@market": True, "off@market": False},
    "statusLine": {"type": "command", "command": "touch {mark}"},
    "env": {"FROM_USER_SETTINGS": "kept"},
}
PROJECT_SETTINGS = {"permissions": {"allow": ["Edit"], "deny": ["Read(./private.txt)"]}}
TURNS: list[dict[str, Any]] = [
    {
        "calls": [
            call("Read", file_path="{cwd}/notes.txt"),
            call("Read", file_path="{cwd}/secret.txt"),
            call("Read", file_path="{cwd}/private.txt"),
        ]
    },
    {"calls": [upload("k"), call("mcp__mine__put_object", key="m", content="x")]},
    {"calls": [call("Write", file_path="{cwd}/allowed.txt", content="x")]},
    {"say": "Done."},
]


class Users:
    """A machine whose user has settings, memory, servers and a project with its own; one run on it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.stage = Stage(machine)
        self.mark = machine.root / "the-users-hook-ran"
        self.others = machine.root / "others"
        home, work = machine.home, machine.workspace
        (home / ".claude").mkdir()
        settings = json.dumps(USER_SETTINGS).replace("{mark}", str(self.mark))
        (home / ".claude/settings.json").write_text(settings)
        (home / ".claude/CLAUDE.md").write_text("Remember: the user likes heliotrope.\n")
        (work / ".claude").mkdir()
        (work / ".claude/settings.json").write_text(json.dumps(PROJECT_SETTINGS))
        (work / "CLAUDE.md").write_text("Remember: the project uses chartreuse.\n")
        for name in ("secret.txt", "private.txt"):
            (work / name).write_text("hidden\n")
        known = {
            "hasCompletedOnboarding": True,
            "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
            "projects": {str(work): {"hasTrustDialogAccepted": True}},
            "mcpServers": {"mine": server("supervisor.demo.store", "--root", self.others)},
        }
        (home / ".claude.json").write_text(json.dumps(known))
        machine.write_config(CONFIG)
        record = machine.root / "requests.jsonl"
        with closing(start_model(machine.write_script(TURNS), work, record)) as model:
            # Only what the caller's own shell would hand on: an endpoint and a key, nothing of a script.
            self.ended: Supervised = supervise(
                machine, env={"ANTHROPIC_BASE_URL": model.base_url, "ANTHROPIC_API_KEY": KEY}
            )
        self.requests = record.read_text()


@pytest.fixture(scope="module")
def users() -> Iterator[Users]:
    """One run on a machine whose user has settings of every kind."""
    with new_machine() as machine:
        yield Users(machine)


def result_of(ended: Supervised, words: str) -> dict[str, Any]:
    """The one call whose input names `words`."""
    (found,) = [each for each in ended.calls if words in json.dumps(each["input"])]
    return found


def test_what_is_suspended_is_journaled_and_said(users: Users) -> None:
    """Allow and ask rules, modes, hooks, plugins and status line of both sources, each in a line."""
    expected = [
        "user settings: 2 allow rule(s): Bash(rm:*), Write",
        "user settings: 1 ask rule(s): WebFetch",
        "user settings: permission mode bypassPermissions",
        "user settings: hooks on PreToolUse",
        "user settings: plugins helper@market",
        "user settings: statusLine",
        "project settings: 1 allow rule(s): Edit",
    ]
    (started,) = users.ended.events(users.machine, "run started")
    assert set(expected) <= set(started["suspended"])
    assert set(expected) <= set(users.ended.run["suspended"])
    for line in expected:
        assert line in users.ended.done.stderr


def test_the_users_and_the_projects_memory_reach_the_model(users: Users) -> None:
    """The text of both CLAUDE.md files stands in what the model was sent."""
    assert "the user likes heliotrope" in users.requests
    assert "the project uses chartreuse" in users.requests


def test_the_users_and_the_projects_servers_are_there(users: Users) -> None:
    """A tool of each MCP server really ran, as both are live here."""
    for name in ("mcp__store__put_object", "mcp__mine__put_object"):
        (made,) = users.ended.of(name)
        assert (made["decision"], made["outcome"]) == ("real", "executed"), made["result"]
    assert users.stage.uploaded() == ["k"]
    assert (users.others / "m").read_text() == "x"


def test_deny_rules_stay_in_force(users: Users) -> None:
    """What the user's or the project's rules deny, Claude Code refuses by itself, before it asks the gate."""
    refused = users.ended.shown["undecided"]
    assert [(each["tool"], each["outcome"], each["source"]) for each in refused] == [
        ("Read", "refused", "config"),
        ("Read", "refused", "config"),
    ]
    assert result_of(users.ended, "notes.txt")["outcome"] == "executed"
    assert "hidden" not in users.requests


def test_no_rule_or_hook_of_the_user_acts_in_the_run(users: Users) -> None:
    """The allow rule for Write grants nothing, the user's hook does not run, and no alert is raised."""
    made = result_of(users.ended, "allowed.txt")
    assert (made["decision"], made["outcome"]) == ("simulated", "not executed")
    assert not (users.machine.workspace / "allowed.txt").exists()
    assert not users.mark.exists()
    assert users.ended.shown["alerts"] == []
    assert users.ended.done.returncode == 0


def test_a_scripted_run_neither_reads_nor_writes_the_home_of_the_caller(users: Users) -> None:
    """With --script the same home stays byte for byte as it is, and none of it reaches the session."""
    before = fingerprint(users.machine.home)
    script = users.machine.write_script([{"calls": [bash("echo $HOME")]}, {"say": "Done."}])
    ended = supervise(users.machine, "--script", str(script))
    assert fingerprint(users.machine.home) == before
    assert not [line for line in ended.run["suspended"] if line.startswith(("user", "environment"))]
    (made,) = ended.of("Bash")
    assert str(users.machine.home) != made["result"].strip()


def test_a_home_in_use_changes(users: Users) -> None:
    """The comparison above can fail: Claude Code on the user's own home leaves its transcript there."""
    transcripts = list(Path(users.machine.home, ".claude/projects").rglob("*.jsonl"))
    assert [path.stem for path in transcripts] == [users.ended.run["session_id"]]
