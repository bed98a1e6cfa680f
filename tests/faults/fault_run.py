"""One supervised run on the real Claude Code that stops twice and waits: before its handshake, and between
two writes. So a fault can be placed at either moment without a clock."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import supervisor
from harness.claude import bundled_claude, claude_env
from harness.machine import SUPERVISE, Machine
from harness.waiting import PATIENCE_S, wait_for
from supervisor.errors import RunnerGoneError, SuperviseError
from supervisor.journal.events import AlertRaised, AnyEvent, CallDecided, CallSettled, RunStarted
from supervisor.journal.listing import list_runs, run_events
from supervisor.policy import AlertKind
from supervisor.runner.control import ControlClient, Status
from supervisor.session.family import descendants

DEADLINE_S = 3
"""Longest silence of the gate in these runs: short, so that a fault that is a silence is soon one."""

UNHEARD_S = DEADLINE_S + 1
"""How long a hook may take to reach the gate at all."""

_CONFIG = """\
[policy]
hold = ["file://{work}/held.txt"]
[gate]
deadline_s = {deadline}
[targets]
"file://{work}/**" = "live"
"""


class Way(StrEnum):
    """How the run is held."""

    HEADLESS = "headless"
    INTERACTIVE = "interactive"


class Moment(StrEnum):
    """Where the run stands when the fault strikes."""

    BEFORE = "before the handshake"
    AFTER = "after the handshake"


@dataclass
class FaultRun:
    """A run in `mixed` mode whose workspace is live: whatever the gate lets through really writes.

    The script writes `before.txt`, waits at a pipe, then goes on trying to write.

    Attributes:
        before_claude: shell code that runs where Claude Code will, before it is started.
        source: the supervisor's own files as this run uses them: gate and session are copies that a test may
            break.
        struck: when the fault struck, in seconds since the epoch.
    """

    machine: Machine
    way: Way
    moment: Moment
    before_claude: str = ""
    source: Path = field(init=False)
    process: subprocess.Popen[str] = field(init=False)
    struck: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.source = self.machine.root / "source"
        self._copy_source()
        work = self.machine.workspace
        self.machine.write_config(_CONFIG.format(work=work, deadline=DEADLINE_S))
        os.mkfifo(work / "go")
        os.mkfifo(self.machine.root / "start")

    # Before it starts.

    @cached_property
    def script(self) -> Path:
        """What the model plays."""
        return self.machine.write_script(_TURNS)

    def start(self, base_url: str = "") -> None:
        """Start it and wait until it stands at `moment`.

        Args:
            base_url: of a model that plays `script`, for a run in the machine's own home, with all that is
                set there. Without one the run gets a private home, as always with `--script`.
        """
        options = ["--mode", "mixed", "--claude", str(self._gatekeeper())]
        env = {"PYTHONPATH": str(self.source)}
        if base_url:
            env |= claude_env(self.machine, base_url)
        else:
            options += ["--script", str(self.script)]
        words = ["--cwd", str(self.machine.workspace), *options, "Write the files."]
        if self.way is Way.HEADLESS:
            argv = [str(SUPERVISE), "run", "--headless", *words]
        else:
            argv = [sys.executable, str(Path(__file__).with_name("open_in_terminal.py")), *words]
        self.process = self.machine.start(argv, env=env)
        wait_for(self._started, "the launched Claude Code")
        assert self.runner
        if self.moment is Moment.AFTER:
            self._open(self.machine.root / "start")
            wait_for(lambda: self._waits_between_writes(), "the pause between two writes")

    def _started(self) -> bool:
        if self.way is Way.HEADLESS or self.process.poll() is None:
            assert self.process.poll() is None, self.said()
        return (self.machine.root / "reached").exists()

    def _copy_source(self) -> None:
        """The program under test, with a gate of its own; everything else stands where it stands."""
        package = Path(supervisor.__file__).parent
        mine = self.source / "supervisor"
        mine.mkdir(parents=True)
        for entry in package.iterdir():
            if entry.name in ("gate", "session"):
                shutil.copytree(entry, mine / entry.name, ignore=shutil.ignore_patterns("__pycache__"))
            elif entry.name != "__pycache__":
                (mine / entry.name).symlink_to(entry)
        for name in ("widgets", "profiles", "supervisor.toml"):
            (self.source / name).symlink_to(package.parent / name)

    def _gatekeeper(self) -> Path:
        """A program that is Claude Code, once somebody has written into the pipe `start`."""
        path = self.machine.root / "claude"
        root = self.machine.root
        path.write_text(
            f"""#!/bin/sh
if [ "$1" != --version ]; then
  : > "{root}/reached"
  read _ < "{root}/start"
  {self.before_claude or ":"}
fi
exec "{bundled_claude()}" "$@"
"""
        )
        path.chmod(0o755)
        return path

    # While it goes on.

    def release(self) -> None:
        """Let the agent go on from where it waits."""
        name = self.machine.root / "start" if self.moment is Moment.BEFORE else self.machine.workspace / "go"
        self._open(name)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """An operator is at a screen for the length of the block."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as screen:
            screen.connect(str(self.runtime / "control.sock"))
            screen.sendall(b'{"do": "watch"}\n')
            assert b"error" not in screen.recv(4096)
            yield

    def _open(self, pipe: Path) -> None:
        def write() -> bool:
            try:
                fd = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno == errno.ENXIO and self.ended():
                    return True
                if error.errno != errno.ENXIO:
                    raise
                return False
            os.write(fd, b"go\n")
            os.close(fd)
            return True

        wait_for(write, f"somebody who reads {pipe.name}")

    def _waits_between_writes(self) -> bool:
        assert self.way is Way.INTERACTIVE or self.process.poll() is None, self.said()
        return bool(self._find("cat", str(self.machine.workspace / "go")))

    def _find(self, *words: str) -> list[int]:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                line = (entry / "cmdline").read_bytes().split(b"\0")
                program = line[0].rpartition(b"/")[2]
                if all(any(os.fsencode(word) in part for part in line) for word in words) and program in (
                    b"cat",
                    b"hook-client",
                ):
                    found.append(int(entry.name))
        return found

    def client(self) -> int:
        """Process id of a hook client that has connected to the gate and waits; 0 if none does."""
        for pid in self._find("hook-client", str(self.runtime / "gate.sock")):
            with suppress(OSError):
                # its standard streams may be sockets, too
                opened = [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if int(fd.name) > 2]
                if any(str(fd.readlink()).startswith("socket:") for fd in opened):
                    return pid
        return 0

    @property
    def client_file(self) -> Path:
        """The hook client of this run."""
        return self.machine.state / "runs" / self.run_id / "hook-client"

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.machine.state / "journal.db"

    @cached_property
    def run_id(self) -> str:
        """The run's id."""
        return wait_for(lambda: [row.id for row in list_runs(self.journal)], "the run in the journal")[0]

    @property
    def runtime(self) -> Path:
        """Folder of the run's sockets."""
        return self.machine.runtime / self.run_id

    @cached_property
    def runner(self) -> int:
        """Process id of the runner."""
        return next(event.runner_pid for event in self.events() if isinstance(event, RunStarted))

    @property
    def guard(self) -> int:
        """Process id of the guard; 0 once it is gone."""
        for pid in descendants(self.runner):
            with suppress(OSError):
                if b"guard.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return 0

    def events(self) -> list[AnyEvent]:
        """The run's history so far; empty while the journal cannot be read."""
        try:
            return [recorded.event for recorded in run_events(self.journal, self.run_id)]
        except SuperviseError:
            return []

    def told_at(self) -> float:
        """When the hook failure was raised, in seconds since the epoch; 0 while the journal has none."""
        with suppress(SuperviseError):
            for recorded in run_events(self.journal, self.run_id):
                if isinstance(recorded.event, AlertRaised) and recorded.event.alert is AlertKind.HOOK_FAILURE:
                    return recorded.time
        return 0.0

    def alerts(self, kind: AlertKind | None = None) -> list[AlertRaised]:
        """Alerts in the journal."""
        found = [event for event in self.events() if isinstance(event, AlertRaised)]
        return [alert for alert in found if kind in (None, alert.alert)]

    def decided(self) -> list[CallDecided]:
        """Decisions in the journal."""
        return [event for event in self.events() if isinstance(event, CallDecided)]

    def settled(self) -> list[CallSettled]:
        """Verdicts in the journal."""
        return [event for event in self.events() if isinstance(event, CallSettled)]

    def status(self) -> Status | None:
        """What the runner says of itself; None when it does not answer."""
        with suppress(RunnerGoneError):
            return asyncio.run(self.control.status())
        return None

    def status_is(self, state: str) -> bool:
        """Whether the runner says that the run is in this state."""
        status = self.status()
        return status is not None and status.state == state

    @property
    def control(self) -> ControlClient:
        """The way an operator's screen speaks to the runner."""
        return ControlClient(self.runtime / "control.sock")

    def failures(self) -> list[str]:
        """Hook failures that were raised: those in the journal, and those the journal could not take yet."""
        status = self.status()
        pending = status.pending if status is not None else ()
        told = [f"hook failure: {alert.detail}" for alert in self.alerts(AlertKind.HOOK_FAILURE)]
        return told + [alert for alert in pending if alert.startswith("hook failure") and alert not in told]

    def ended(self) -> bool:
        """Whether the runner is gone."""
        return not _alive(self.runner)

    def frozen(self) -> bool:
        """Whether everything below the guard is stopped, or gone, or (D) waits for a child that is."""
        guard = self.guard
        if guard == 0:
            return self.ended()
        states = [_state(pid) for pid in descendants(guard)]
        return bool(states) and all(state in "TZD" for state in states)

    def written(self) -> list[str]:
        """Files in the workspace, written by the agent."""
        return sorted(path.name for path in self.machine.workspace.iterdir() if path.is_file())

    def hear(self) -> float:
        """When the foreground of a headless run told a failure, in seconds since the epoch; or it ended."""
        assert self.process.stderr is not None
        patience = threading.Timer(PATIENCE_S, self.process.kill)
        patience.start()
        try:
            for line in self.process.stderr:
                if line.startswith("!!"):
                    break
            return time.time()
        finally:
            patience.cancel()

    def said(self) -> str:
        """What the started process printed, once it has ended."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return f"{out}\n{err}"

    def deny_held(self) -> None:
        """Deny the call that is held, as an operator does."""
        status = self.status()
        assert status is not None
        asyncio.run(self.control.verdict(status.held[0], "deny"))

    def stop(self) -> None:
        """End the run as an operator does, if it has not ended, and wait until all of it is gone."""
        with suppress(RunnerGoneError):
            asyncio.run(self.control.stop())
        wait_for(self.ended, "the end of the run")

    def verify(self) -> bool:
        """Whether the journal's chain and tables hold."""
        done = self.machine.supervise("verify", "--json")
        return bool(json.loads(done.stdout)["ok"])


def _write(name: str) -> dict[str, object]:
    return {"tool": "Write", "input": {"file_path": "{cwd}/" + name, "content": "written\n"}}


def _bash(command: str) -> dict[str, object]:
    return {"tool": "Bash", "input": {"command": command}}


_TURNS = (
    {"say": "I begin.", "calls": [_write("before.txt")]},
    {"say": "I wait.", "calls": [_bash("cat {cwd}/go")]},
    {"say": "I go on.", "calls": [_write("held.txt")]},
    {"say": "And on.", "calls": [_bash("echo written > {cwd}/after-1.txt"), _write("after-2.txt")]},
    {"say": "And on.", "calls": [_write("after-3.txt")]},
)
"""`held.txt` needs a verdict where somebody is there to give one. Else it is denied, and the rest tried."""


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def _alive(pid: int) -> bool:
    return _state(pid) != "Z"


def kill(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
