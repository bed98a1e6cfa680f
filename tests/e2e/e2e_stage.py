"""The stage of whole runs: a machine with systems outside of its folder, scripts, and what a run leaves."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.claude import bundled_claude
from harness.machine import Machine

Turn = Mapping[str, Any]


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    """One call of a script."""
    return {"tool": tool, "input": arguments}


def bash(command: str) -> dict[str, Any]:
    """One shell command."""
    return call("Bash", command=command, description="Part of the task")


def upload(key: str) -> dict[str, Any]:
    """An upload to the object store."""
    return call("mcp__store__put_object", key=key, content=f"object {key}")


def insert(key: str) -> dict[str, Any]:
    """A row that refers to the object of this key."""
    return call("mcp__database__insert_row", table="images", values={"key": key})


def subagent(prompt: str) -> dict[str, Any]:
    """A subagent whose end is waited for."""
    return call(
        "Agent",
        description="A part of it",
        prompt=prompt,
        subagent_type="general-purpose",
        run_in_background=False,
    )


@dataclass(frozen=True)
class Supervised:
    """One supervised run that has ended.

    Attributes:
        done: the `supervise run` process.
        shown: what `supervise show RUN --json` prints.
    """

    done: subprocess.CompletedProcess[str]
    shown: dict[str, Any]

    @property
    def run(self) -> dict[str, Any]:
        """The run itself."""
        return dict(self.shown["run"])

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Its calls, in order of decision."""
        return list(self.shown["calls"])

    def of(self, tool: str) -> list[dict[str, Any]]:
        """Its calls of one tool."""
        return [each for each in self.calls if each["tool"] == tool]

    def events(self, machine: Machine, kind: str) -> list[dict[str, Any]]:
        """Its events of one kind, as `supervise export` prints them."""
        lines = machine.supervise("export", self.run["id"]).stdout.splitlines()
        return [event for line in lines if (event := json.loads(line)["event"])["kind"] == kind]


class Stage:
    """A machine with an object store, a database and a git remote, none of them inside the run's folder."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.objects = machine.root / "objects"
        self.database = machine.root / "database.sqlite"
        self.remote = machine.root / "remote.git"
        self.objects.mkdir()
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT NOT NULL)")
        self._git("init", "--quiet", "--bare", str(self.remote), cwd=machine.root)
        servers = {
            "store": server("supervisor.demo.store", "--root", self.objects),
            "database": server("supervisor.demo.database", "--file", self.database),
        }
        (machine.workspace / ".mcp.json").write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
        (machine.workspace / "notes.txt").write_text("one\ntwo\n", encoding="utf-8")
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("add", "--all")
        self._git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "first")
        self._git("remote", "add", "origin", str(self.remote))

    def _git(self, *arguments: str, cwd: Path | None = None) -> None:
        subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.machine.workspace,
            env=self.machine.env,
            check=True,
            capture_output=True,
        )

    def run(
        self, turns: Sequence[Turn], agents: Mapping[str, Mapping[str, Any]] | None = None, *options: str
    ) -> Supervised:
        """Play a script through `supervise run`, to its end."""
        script = self.machine.write_script(turns, agents)
        return supervise(self.machine, "--script", str(script), *options)

    def uploaded(self) -> list[str]:
        """Keys of the objects that are really in the store."""
        return sorted(
            str(path.relative_to(self.objects)) for path in self.objects.rglob("*") if path.is_file()
        )

    def rows(self) -> list[str]:
        """Keys that the database's rows really name, in the order of the rows."""
        with closing(sqlite3.connect(self.database)) as connection:
            return [key for (key,) in connection.execute("SELECT key FROM images ORDER BY id")]

    def orphans(self) -> list[str]:
        """Keys of rows whose object is not there."""
        return [key for key in self.rows() if key not in self.uploaded()]

    def outside(self) -> dict[str, str]:
        """Everything on the machine but the supervisor's own folders, as `fingerprint` sees it."""
        own = {self.machine.root / name for name in ("state", "run", "config", "script.json")}
        return fingerprint(self.machine.root, leaving_out=own)


def server(module: str, option: str, path: Path) -> dict[str, Any]:
    """An entry of `.mcp.json` for one of the demo's servers."""
    return {"command": sys.executable, "args": ["-P", "-m", module, option, str(path)]}


def supervise(machine: Machine, *options: str, env: Mapping[str, str] | None = None) -> Supervised:
    """Run `supervise run --headless` with the real Claude Code, and read the run from the journal."""
    known = {row["id"] for row in machine.json("runs", "--json")}
    done = machine.supervise(
        "run", "--headless", "--claude", str(bundled_claude()), *options, "the task", env=env
    )
    started = [row["id"] for row in machine.json("runs", "--json") if row["id"] not in known]
    assert len(started) == 1, f"{done.returncode}: {done.stderr}"
    return Supervised(done, machine.json("show", started[0], "--json"))


def fingerprint(root: Path, leaving_out: Iterable[Path] = ()) -> dict[str, str]:
    """Kind, mode, time of change and content of everything below `root`, by relative path."""
    without = set(leaving_out)
    found: dict[str, str] = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if Path(folder, name) not in without]
        for name in (*names, *files):
            path = Path(folder, name)
            if path in without:
                continue
            seen = path.lstat()
            content = ""
            if stat.S_ISREG(seen.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISLNK(seen.st_mode):
                content = os.readlink(path)  # noqa: PTH115  # the text of the link itself
            changed = seen.st_mtime_ns if not stat.S_ISDIR(seen.st_mode) else 0
            found[str(path.relative_to(root))] = f"{seen.st_mode:o} {changed} {content}"
    return found
