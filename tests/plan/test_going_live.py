"""From a rehearsal to the real world and back: plan, approve, apply, undo, on the real Claude Code."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest
from tree_pairs import tree

from harness.machine import SUPERVISE, Machine
from harness.waiting import PATIENCE_S


@pytest.fixture
def remote(machine: Machine) -> Path:
    """A bare repository that the workspace's repository pushes to."""
    remote = machine.root / "remote.git"
    env = {**machine.env, "GIT_CONFIG_COUNT": "0"}
    for command in (
        ["git", "init", "-q", "--bare", "-b", "main", str(remote)],
        ["git", "init", "-q", "-b", "main", "."],
        ["git", "config", "user.email", "a@example.org"],
        ["git", "config", "user.name", "A"],
        ["git", "remote", "add", "origin", str(remote)],
        ["git", "commit", "-q", "--allow-empty", "-m", "first"],
    ):
        subprocess.run(command, cwd=machine.workspace, env=env, check=True)
    return remote


def servers(machine: Machine) -> tuple[Path, Path]:
    """The demo's two MCP servers, offered to the run; their real stores."""
    objects, database = machine.root / "objects", machine.root / "rows.sqlite"
    objects.mkdir()
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT, page TEXT)")
    connection.commit()
    connection.close()
    python = [sys.executable, "-P", "-m"]
    offered = {
        "store": {
            "command": python[0],
            "args": [*python[1:], "supervisor.demo.store", "--root", str(objects)],
        },
        "database": {
            "command": python[0],
            "args": [*python[1:], "supervisor.demo.database", "--file", str(database)],
        },
    }
    (machine.workspace / ".mcp.json").write_text(json.dumps({"mcpServers": offered}))
    return objects, database


def rows(database: Path) -> list[tuple[str, str]]:
    """What is really in the table."""
    connection = sqlite3.connect(database)
    found = connection.execute("SELECT key, page FROM images").fetchall()
    connection.close()
    return found


def rehearse(machine: Machine, *turns: list[dict[str, Any]]) -> str:
    """A dry run of these calls; its name."""
    script = machine.write_script([{"calls": calls} for calls in turns])
    done = machine.supervise(
        "run", "--headless", "--script", str(script), "--cwd", str(machine.workspace), "go"
    )
    assert done.returncode == 0, done.stderr
    name: str = machine.json("runs", "--json")[0]["name"]
    return name


def at_terminal(machine: Machine, *args: str, typed: tuple[tuple[str, str], ...] = ()) -> tuple[int, str]:
    """Run a command at a terminal of its own, answering its questions; exit code and screen."""
    child = pexpect.spawn(
        str(SUPERVISE),
        list(args),
        cwd=str(machine.workspace),
        env=machine.env,
        encoding="utf-8",
        timeout=PATIENCE_S,
        dimensions=(40, 160),
    )
    screen = ""
    for question, answer in typed:
        child.expect(question)
        screen += child.before + child.after
        child.sendline(answer)
    child.expect(pexpect.EOF)
    screen += child.before
    child.close()
    return child.exitstatus, screen


def approve(machine: Machine, run: str, *args: str) -> tuple[int, str]:
    """Approve as a person does: read, then type the run's name."""
    return at_terminal(machine, "approve", run, *args, typed=(("Type the run's name", run),))


WRITE = {"tool": "Write", "input": {"file_path": "{cwd}/page.html", "content": "<h1>42</h1>\n"}}
UPLOAD = {"tool": "mcp__store__put_object", "input": {"key": "img/42.png", "content": "x"}}
ROW = {
    "tool": "mcp__database__insert_row",
    "input": {"table": "images", "values": {"key": "img/42.png", "page": "page.html"}},
}
COMMIT = {"tool": "Bash", "input": {"command": "git add page.html && git commit -q -m page"}}
PUSH = {"tool": "Bash", "input": {"command": "git push -q origin main"}}


def test_what_was_rehearsed_and_approved_is_what_becomes_real(machine: Machine, remote: Path) -> None:
    """Files, a commit, a push to a real remote, two MCP calls: nothing before the apply, all of it after."""
    objects, database = servers(machine)
    before = tree(machine.workspace)
    run = rehearse(machine, [WRITE], [COMMIT], [PUSH], [UPLOAD], [ROW])
    assert tree(machine.workspace) == before and not list(objects.iterdir()) and not rows(database)

    plan = machine.json("plan", "--json", run)
    kinds = [(item["n"], item["kind"]) for item in plan["items"]]
    assert kinds == [(1, "files"), (2, "files"), (3, "command"), (4, "mcp"), (5, "mcp")]
    assert 4 in plan["items"][4]["depends_on"] and "img/42.png" in plan["items"][4]["because"]

    code, screen = approve(machine, run)
    assert code == 0, screen
    code, screen = at_terminal(machine, "apply", run)
    assert code == 0, screen
    assert (machine.workspace / "page.html").read_text() == "<h1>42</h1>\n"
    log = subprocess.run(
        ["git", "--git-dir", str(remote), "log", "--format=%s", "main"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert log.stdout.split() == ["page", "first"]
    assert [path.name for path in objects.rglob("*.png")] == ["42.png"]
    assert rows(database) == [("img/42.png", "page.html")]
    assert machine.json("verify", "--json")["ok"]


def test_a_command_is_applied_in_the_environment_that_the_agent_had(machine: Machine, remote: Path) -> None:
    """The terminal it is applied from has another home; what the model was paid with is not handed on."""
    seen = machine.root / "seen"
    hook = machine.workspace / ".git" / "hooks" / "pre-push"
    hook.write_text(f'#!/bin/sh\necho "$HOME ${{ANTHROPIC_API_KEY:-none}}" > "{seen}"\n')
    hook.chmod(0o755)
    run = rehearse(machine, [PUSH])
    assert (said := approve(machine, run))[0] == 0, said
    code, screen = at_terminal(machine, "apply", run)
    assert code == 0, screen
    home, key = seen.read_text().split()
    assert Path(home).is_relative_to(machine.state / "runs") and key == "none"


def test_a_command_is_applied_in_the_folder_that_the_agent_stood_in(machine: Machine, remote: Path) -> None:
    """The agent had changed its folder some calls before; the review says where the command will run."""
    commands = ["mkdir -p deploy", "cd deploy", "git push -q origin main && pwd > here.txt"]
    run = rehearse(machine, *([{"tool": "Bash", "input": {"command": command}}] for command in commands))
    code, screen = approve(machine, run)
    assert code == 0 and "(in deploy) git push" in screen, screen
    code, screen = at_terminal(machine, "apply", run)
    assert code == 0, screen
    deploy = machine.workspace / "deploy"
    assert (deploy / "here.txt").read_text().strip() == str(deploy.resolve())


def test_undo_puts_the_files_back_and_says_what_it_cannot(machine: Machine) -> None:
    """Byte for byte; and only while nobody has changed them since."""
    (machine.workspace / "page.html").write_text("old\n")
    before = tree(machine.workspace)
    run = rehearse(machine, [{"tool": "Read", "input": {"file_path": "{cwd}/page.html"}}], [WRITE])
    assert (said := approve(machine, run))[0] == 0, said
    assert at_terminal(machine, "apply", run)[0] == 0
    assert machine.json("clean", run, "--json")[0]["applied"] == "applied"
    applied = (machine.workspace / "page.html").read_text()
    (machine.workspace / "page.html").write_text("edited since\n")
    code, screen = at_terminal(machine, "undo", run)
    assert code == 2 and "page.html has changed since" in screen
    (machine.workspace / "page.html").write_text(applied)
    code, screen = at_terminal(machine, "undo", run)
    assert code == 0, screen
    assert tree(machine.workspace) == before
    assert machine.json("clean", run, "--json")[0]["applied"] == "unapplied"


def test_an_orphan_is_asked_for_by_itself(machine: Machine) -> None:
    """Leaving out the upload marks the row that names it; one `yes` is not enough to lose it by haste."""
    objects, database = servers(machine)
    run = rehearse(machine, [UPLOAD], [ROW])
    code, screen = at_terminal(
        machine, "approve", run, "--leave-out", "1", typed=(("Approve #2 all the same", "n"),)
    )
    assert code == 2 and "ORPHAN" in screen and "img/42.png" in screen
    assert at_terminal(machine, "apply", run)[0] == 2
    assert not rows(database) and not list(objects.iterdir())


def test_drift_between_rehearsal_and_apply_applies_nothing(machine: Machine) -> None:
    """Somebody edited a file the plan would replace: the apply is refused as a whole."""
    (machine.workspace / "page.html").write_text("old\n")
    run = rehearse(
        machine,
        [{"tool": "Read", "input": {"file_path": "{cwd}/page.html"}}],
        [WRITE],
        [{"tool": "Write", "input": {"file_path": "{cwd}/other.txt", "content": "x"}}],
    )
    assert (said := approve(machine, run))[0] == 0, said
    (machine.workspace / "page.html").write_text("somebody else\n")
    code, screen = at_terminal(machine, "apply", run)
    assert code == 4 and "drift" in screen and "page.html" in screen
    assert not (machine.workspace / "other.txt").exists()
    assert (machine.workspace / "page.html").read_text() == "somebody else\n"


def test_an_approval_counts_once(machine: Machine) -> None:
    """A second apply of the same approval does nothing."""
    run = rehearse(machine, [WRITE])
    assert (said := approve(machine, run))[0] == 0, said
    assert at_terminal(machine, "apply", run)[0] == 0
    (machine.workspace / "page.html").unlink()
    code, screen = at_terminal(machine, "apply", run)
    assert code == 2 and "used already" in screen
    assert not (machine.workspace / "page.html").exists()


@pytest.mark.parametrize("forgery", ["another run's", "widened", "expired later"])
def test_a_forged_approval_approves_nothing(machine: Machine, forgery: str) -> None:
    """Rows written into the journal by hand, with everything but the operator's key."""
    first = rehearse(machine, [WRITE])
    second = rehearse(
        machine, [{"tool": "Write", "input": {"file_path": "{cwd}/b.txt", "content": "b"}}], [WRITE]
    )
    target = first
    approve(machine, second, "--leave-out", "1")
    journal = machine.state / "journal.db"
    connection = sqlite3.connect(journal)
    ids = dict(connection.execute("SELECT name, id FROM runs"))
    (body,) = connection.execute("SELECT body FROM events WHERE kind = 'plan approved'").fetchone()
    event = json.loads(body)
    if forgery == "widened":
        target = second
        event |= {"left_out": [], "items": [1, 2]}
    elif forgery == "expired later":
        target = second
        event["expires"] += 10_000
    connection.execute("DROP TRIGGER IF EXISTS events_no_update")
    last, previous = connection.execute("SELECT max(seq), hash FROM events").fetchone()
    connection.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
        (last + 1, ids[target], event["approved"], "plan approved", json.dumps(event), previous, "f" * 64),
    )
    connection.commit()
    connection.close()
    code, screen = at_terminal(machine, "apply", target)
    assert code != 0 and ("seal does not fit" in screen or "chain" in screen), screen
    assert not (machine.workspace / "page.html").exists() and not (machine.workspace / "b.txt").exists()


def test_only_a_person_at_a_terminal_approves(machine: Machine) -> None:
    """Not a pipe, not a wrong name; and there is no `--yes`."""
    run = rehearse(machine, [WRITE])
    assert machine.supervise("approve", run, stdin=f"{run}\n").returncode == 2
    code, screen = at_terminal(machine, "approve", run, typed=(("Type the run's name", "yes"),))
    assert code == 2 and "not approved" in screen
    assert machine.supervise("approve", run, "--yes").returncode == 2
    assert at_terminal(machine, "apply", run)[0] == 2
    assert not (machine.workspace / "page.html").exists()


def test_the_agent_cannot_approve_its_own_plan_through_a_terminal_of_its_own(machine: Machine) -> None:
    """A script driving `supervise approve` through a PTY from inside the run changes nothing."""
    earlier = rehearse(machine, [WRITE])
    drive = f"script -qec '{SUPERVISE} approve {earlier}' /dev/null <<< {earlier}"
    hidden = f"python3 - <<'E'\nimport pty\npty.spawn(['{SUPERVISE}', 'approve', '{earlier}'])\nE"
    calls = [{"tool": "Bash", "input": {"command": command}} for command in (drive, hidden)]
    script = machine.write_script([{"calls": [call]} for call in calls])
    machine.supervise("run", "--headless", "--script", str(script), "--cwd", str(machine.workspace), "go")
    exported = machine.supervise("export", earlier).stdout.splitlines()
    kinds = {json.loads(line)["event"]["kind"] for line in exported}
    assert "plan approved" not in kinds
    assert at_terminal(machine, "apply", earlier)[0] == 2
