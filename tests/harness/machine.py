"""A machine of its own for one test: private home and XDG folders, a workspace, an explicit environment.

Nothing of the caller's environment, home or locale reaches what runs on it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.account import account
from harness.waiting import PATIENCE_S, wait_for

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SUPERVISE = Path(sys.executable).with_name("supervise")


@dataclass(frozen=True)
class Machine:
    """One test's machine.

    Attributes:
        root: folder that holds everything else; its path is short, so unix sockets fit below it.
        env: the whole environment of what runs here: minimal, explicit, free of the caller's.
    """

    root: Path
    env: dict[str, str] = field(repr=False)
    _started: list[subprocess.Popen[str]] = field(default_factory=list, repr=False)

    @property
    def home(self) -> Path:
        """HOME. Empty at first."""
        return self.root / "home"

    @property
    def workspace(self) -> Path:
        """The folder runs work in. Empty at first; no repository."""
        return self.root / "work"

    @property
    def state(self) -> Path:
        """The program's own state folder, below XDG_STATE_HOME. Not made yet."""
        return self.root / "state" / "supervise"

    @property
    def config(self) -> Path:
        """The program's own configuration folder, below XDG_CONFIG_HOME. Not made yet."""
        return self.root / "config" / "supervise"

    @property
    def runtime(self) -> Path:
        """The program's own folder for sockets, below XDG_RUNTIME_DIR. Not made yet."""
        return self.root / "run" / "supervise"

    def write_script(
        self,
        turns: Sequence[Mapping[str, Any]],
        agents: Mapping[str, Mapping[str, Any]] | None = None,
        name: str = "script.json",
    ) -> Path:
        """Write a model script, outside the workspace."""
        path = self.root / name
        path.write_text(json.dumps({"turns": list(turns), "agents": dict(agents or {})}), encoding="utf-8")
        return path

    def write_config(self, text: str) -> Path:
        """Write the operator's own `supervisor.toml`."""
        self.config.mkdir(parents=True, exist_ok=True)
        path = self.config / "supervisor.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def supervise(
        self,
        *args: str,
        stdin: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> subprocess.CompletedProcess[str]:
        """Run `supervise ARGS` to its end, without a terminal. `env` adds to the machine's environment."""
        return subprocess.run(
            [str(SUPERVISE), *args],
            input=stdin,
            cwd=cwd or self.workspace,
            env={**self.env, "COLUMNS": "100", **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def json(self, *args: str, **options: Any) -> Any:
        """What `supervise ARGS` prints, as JSON. Fails when the command does."""
        done = self.supervise(*args, **options)
        assert done.returncode == 0, f"supervise {' '.join(args)}: {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)

    def wait_until_still(self) -> None:
        """Return once none of its processes lives any more: what a run has ended may take a moment to go."""
        wait_for(lambda: not self.processes(), f"the processes of {self.root} to end", shown=self.living)

    def living(self) -> str:
        """Its living processes: id, state and command, one a line."""
        lines = []
        for pid in self.processes():
            with suppress(OSError, IndexError):
                state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
                lines.append(f"{pid} {state} {os.fsdecode(words)[:200]}")
        return "\n".join(lines)

    def start(
        self, argv: Sequence[str | Path], cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a process that is ended with the machine; its stdin, stdout and stderr are pipes."""
        process = subprocess.Popen(
            [str(arg) for arg in argv],
            cwd=cwd or self.workspace,
            env={**self.env, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def processes(self) -> list[int]:
        """Ids of all living processes that belong to this machine: their environment names its root.

        Finds daemons too. Empty where there is no `/proc`.
        """
        mark = os.fsencode(str(self.root))
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                    found.append(int(entry.name))
        return found

    def said(self) -> list[str]:
        """End all that runs here; exit code, command, output and errors of what was started."""
        self._end_all()
        told = []
        for process in self._started:
            command = process.args if isinstance(process.args, list) else [process.args]
            printed = [(text or "")[-3_000:] for text in process.communicate()]
            told.append("\n".join([f"{process.returncode}: {' '.join(map(str, command))[:300]}", *printed]))
        return told

    def _end_all(self) -> None:
        for process in self._started:
            process.kill()

        def ended() -> bool:
            left = self.processes()
            for pid in left:  # again and again: one may have started another meanwhile
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not left

        wait_for(ended, f"the processes of {self.root} to end", shown=self.living)

    def _end(self) -> None:
        self._end_all()
        for process in self._started:
            process.communicate()


def environment(root: Path) -> dict[str, str]:
    """The environment of a machine below `root`. It names no API and no key."""
    env = {
        "PATH": SYSTEM_PATH,
        "HOME": str(root / "home"),
        "XDG_STATE_HOME": str(root / "state"),
        "XDG_CONFIG_HOME": str(root / "config"),
        "XDG_CACHE_HOME": str(root / "cache"),
        "XDG_DATA_HOME": str(root / "data"),
        "XDG_RUNTIME_DIR": str(root / "run"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
    }
    if os.geteuid() == 0:
        env["IS_SANDBOX"] = "1"  # without it Claude Code refuses some modes to root
    return env


STANDING: list[Machine] = []
"""The machines that stand now, oldest first."""


@contextmanager
def new_machine() -> Iterator[Machine]:
    """A machine that is gone, with all its processes and files, when the block ends."""
    root = Path(tempfile.mkdtemp(prefix="sv-", dir="/tmp")).resolve()
    machine = Machine(root, environment(root))
    for folder in (machine.home, machine.workspace, root / "run"):
        folder.mkdir(mode=0o700)
    STANDING.append(machine)
    try:
        yield machine
    except Exception as cause:
        cause.add_note(account(machine))  # who is told of it finds the machine gone
        raise
    finally:
        STANDING.remove(machine)
        machine._end()
        shutil.rmtree(root, ignore_errors=True)
