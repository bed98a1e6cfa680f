"""The stage of going live: a rehearsal, a person at a terminal, and the live run that stands on both."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pexpect

from harness.machine import SUPERVISE, Machine
from harness.waiting import PATIENCE_S

Call = dict[str, Any]
Turns = list[dict[str, Any]]


def write(path: str, content: str) -> Call:
    """Write a file of the folder."""
    return {"tool": "Write", "input": {"file_path": f"{{cwd}}/{path}", "content": content}}


def read(path: str) -> Call:
    """Read a file of the folder."""
    return {"tool": "Read", "input": {"file_path": f"{{cwd}}/{path}"}}


def bash(command: str) -> Call:
    """Run a command."""
    return {"tool": "Bash", "input": {"command": command, "description": "A step"}}


def upload(key: str, content: str = "x") -> Call:
    """Put an object into the demo's store."""
    return {"tool": "mcp__store__put_object", "input": {"key": key, "content": content}}


def insert(key: str) -> Call:
    """Add a row to the demo's database."""
    return {"tool": "mcp__database__insert_row", "input": {"table": "images", "values": {"key": key}}}


def turn(*calls: Call, say: str = "") -> dict[str, Any]:
    """One answer of the model."""
    return {"say": say, "calls": list(calls)}


END = {"say": "That is all."}
"""Ends the turn: a headless run ends, a conversation that goes on plays what follows."""


class Stage:
    """A machine with a git remote and the demo's two MCP servers outside of the folder."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.workspace = machine.workspace
        self.objects = machine.root / "objects"
        self.database = machine.root / "rows.sqlite"
        self.remote = machine.root / "remote.git"
        self.objects.mkdir()
        self.sql("CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT)")
        servers = {
            "store": _server("supervisor.demo.store", "--root", self.objects),
            "database": _server("supervisor.demo.database", "--file", self.database),
        }
        (self.workspace / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))

    def make_repository(self) -> None:
        """The folder becomes a repository whose `origin` is a bare one."""
        self.git("init", "-q", "--bare", "-b", "main", str(self.remote))
        self.git("init", "-q", "-b", "main", ".")
        self.git("config", "user.email", "a@example.org")
        self.git("config", "user.name", "A")
        self.git("remote", "add", "origin", str(self.remote))
        self.git("commit", "-q", "--allow-empty", "-m", "first")
        self.git("push", "-q", "origin", "main")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git as the operator would; what it prints."""
        env = {**self.machine.env, "GIT_CONFIG_COUNT": "0"}
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.workspace, env=env, check=True, capture_output=True, text=True
        )
        return done.stdout

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on the demo's database."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(statement).fetchall()

    def keys(self) -> list[str]:
        """Keys of all rows."""
        return [str(key) for (key,) in self.sql("SELECT key FROM images ORDER BY id")]

    def uploaded(self) -> list[str]:
        """Keys of all objects."""
        return sorted(
            str(path.relative_to(self.objects)) for path in self.objects.rglob("*") if path.is_file()
        )

    def rehearse(self, turns: Turns) -> str:
        """A headless dry run of these turns; its name."""
        script = self.machine.write_script(turns)
        done = self.machine.supervise(
            "run", "--headless", "--script", str(script), "--cwd", str(self.workspace), "go"
        )
        assert done.returncode == 0, done.stderr
        name: str = self.newest()["name"]
        return name

    def newest(self) -> dict[str, Any]:
        """The newest run, as listed."""
        row: dict[str, Any] = self.machine.json("runs", "--json")[0]
        return row

    def show(self, run: str) -> dict[str, Any]:
        """What is to be seen of a run."""
        shown: dict[str, Any] = self.machine.json("show", run, "--json")
        return shown

    def decisions(self, run: str) -> list[tuple[str, str, str]]:
        """Decision, rule and outcome of each call."""
        calls = self.show(run)["calls"]
        return [(call["decision"], call["rule"], call["outcome"]) for call in calls]

    def events(self, run: str, kind: str) -> list[dict[str, Any]]:
        """Events of one kind, from the journal."""
        lines = self.machine.supervise("export", run).stdout.splitlines()
        events = [json.loads(line)["event"] for line in lines]
        return [event for event in events if event["kind"] == kind]

    def at_terminal(
        self, *args: str, typed: tuple[tuple[str, str], ...] = (), within: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        """Run a command at a terminal of its own, answering its questions; exit code and screen.

        Args:
            within: words of another program, which runs the command.
        """
        argv = [*within, str(SUPERVISE), *args]
        child = pexpect.spawn(
            argv[0],
            argv[1:],
            cwd=str(self.workspace),
            env=self.machine.env,
            encoding="utf-8",
            timeout=PATIENCE_S,
            dimensions=(50, 200),
        )
        screen = ""
        for question, answer in typed:
            child.expect(question)
            screen += child.before + child.after
            child.sendline(child.match.group(1) if answer == r"\1" else answer)
        child.expect(pexpect.EOF)
        screen += child.before
        child.close()
        return child.exitstatus, screen

    def approve(self, run: str, *args: str) -> str:
        """Approve as a person does: read, then type the run's name. The screen."""
        code, screen = self.at_terminal("approve", run, *args, typed=(("Type the run's name", run),))
        assert code == 0, screen
        return screen

    def approve_to_file(self, run: str, *args: str) -> Path:
        """Approve into a file that nobody has to sit beside."""
        path = self.machine.root / f"{run}-{len(list(self.machine.root.glob('*.approval')))}.approval"
        self.approve(run, "--out", str(path), *args)
        return path


CONFIRM = (r"Type the run's name to confirm \(([a-z-]+)\)", r"\1")
"""A live run asks for its name, and gets it."""


def _server(module: str, option: str, path: Path) -> dict[str, Any]:
    return {"command": sys.executable, "args": ["-P", "-m", module, option, str(path)]}
