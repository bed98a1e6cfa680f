"""How soon a committed decision stands on the screen: from the commit to the row's bytes at the terminal.

Run it: `python benchmarks/screen.py [--rows N] [--before N]`. Prints milliseconds.

A real journal is written in this process; the real app runs in another one, on a pseudo-terminal whose bytes
are read here. Beside it, in turns over the same journal, the floor: a bare process that follows the journal
and prints each row as plain text, without Textual.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import CallDecided, RunStarted, SessionReady, State, StateChanged
from supervisor.journal.writer import Journal
from supervisor.policy import DecisionKind, Execution, Mode

RUN = "5f0c1d6e8a7b4c3d9e2f1a0b5c6d7e8f"
CWD = "/home/op/shop"
TIMEOUT_S = 30.0
ROWS, COLUMNS = 40, 120

_SCREEN = f"from supervisor.app import run_app; raise SystemExit(run_app({RUN!r}))"
_FLOOR = f"""
import asyncio, os, sys
from pathlib import Path
from supervisor.journal.tail import tail
from supervisor.places import places
from supervisor.views import call_title, fold
async def main():
    async for batch in tail(places().journal, {RUN!r}):
        for call in fold(batch).calls:
            os.write(1, (call_title(call, {CWD!r}) + "\\n").encode())
asyncio.run(main())
"""


@dataclass
class Terminal:
    """A process on a pseudo-terminal, and what it has written."""

    process: subprocess.Popen[bytes]
    fd: int

    @classmethod
    def start(cls, code: str, environ: dict[str, str]) -> Terminal:
        """Run `code` in a Python of its own."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        return cls(process, ours)

    def wait_for(self, words: bytes) -> float:
        """Monotonic seconds at which `words` had been written.

        Raises:
            TimeoutError: they were not, within `TIMEOUT_S`.
        """
        seen = b""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            if not select.select([self.fd], [], [], 0.5)[0]:
                continue
            seen = (seen + os.read(self.fd, 65_536))[-200_000:]
            if words in seen:
                return time.monotonic()
        raise TimeoutError(f"{words!r} did not show: {seen[-500:]!r}")

    def drain(self, for_s: float) -> None:
        """Read whatever comes for `for_s` seconds, so that the writer never blocks."""
        deadline = time.monotonic() + for_s
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                os.read(self.fd, 65_536)

    def end(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.fd)


def begin(journal: Journal) -> None:
    """A run that is under way."""
    journal.append(
        RUN,
        RunStarted(
            name="amber-fox", task="benchmark", label="", cwd=CWD, mode=Mode.DRY_RUN, headless=True,
            session_id="", claude_path="", claude_version="", profile="", config={}, suspended=(), floors={},
            runner_pid=os.getpid(),
        ),
        durable=True,
    )  # fmt: skip
    journal.append(RUN, SessionReady("startup", "", "dontAsk"), durable=True)
    journal.append(RUN, StateChanged(State.WORKING), durable=True)


def decide(journal: Journal, name: str) -> float:
    """Commit a decision on a write of the file `name`; monotonic seconds right after the commit."""
    target = f"file://{CWD}/exports/{random.randrange(20)}/{name}"
    with journal.decision(RUN) as tx:
        n = tx.next_n()
        tx.record(
            CallDecided(
                n=n, tool_use_id=f"toolu_01{n:020d}", agent_id="", agent_type="", tool="Write",
                input={"file_path": target.removeprefix("file://"), "content": "total: 42\n" * 20},
                effects=(Effect(EffectKind.WRITE, Scope.WORKSPACE, target, "tool.Write", "Writes it."),),
                effect=EffectKind.WRITE, scope=Scope.WORKSPACE, targets=(target,),
                decision=DecisionKind.SIMULATED, execution=Execution.SHADOW,
                rule="policy.dry-run.workspace-write", why="It goes to the shadow.", notice="", dry=True,
                diverged=False, profile="0123456789abcdef", gate_ms=0.4,
            )
        )  # fmt: skip
    return time.monotonic()


def measure(journal: Journal, code: str, environ: dict[str, str], rows: int, label: str) -> list[float]:
    """Milliseconds from commit to bytes, `rows` times, at uneven intervals as an agent works."""
    ready = f"ready-{label}"
    terminal = Terminal.start(code, environ)
    samples: list[float] = []
    try:
        decide(journal, f"{ready}.txt")
        terminal.wait_for(ready.encode())
        terminal.drain(0.5)
        for i in range(rows):
            name = f"{label}-{i:05d}"
            committed = decide(journal, f"{name}.txt")
            samples.append((terminal.wait_for(name.encode()) - committed) * 1000)
            terminal.drain(random.choice((0.03, 0.1, 0.3)))
    finally:
        terminal.end()
    return samples


def report(name: str, samples: list[float]) -> float:
    """Print p50, p95 and the greatest; return p95."""
    ordered = sorted(samples)
    p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.95))
    print(f"{name:<42} p50 {p50:6.1f}   p95 {p95:6.1f}   max {ordered[-1]:6.1f} ms   ({len(samples)} rows)")
    return p95


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200, help="rows to measure, of each")
    parser.add_argument("--before", type=int, default=0, help="calls in the run before measuring, e.g. 20000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(top / "state"),
            "XDG_CONFIG_HOME": str(top / "config"),
            "XDG_RUNTIME_DIR": str(top / "runtime"),
        }
        with Journal.open(top / "state" / "supervise" / "journal.db") as journal:
            begin(journal)
            for i in range(options.before):
                decide(journal, f"before-{i}.txt")
            journal.checkpoint()
            floor: list[float] = []
            screen: list[float] = []
            for turn in range(2):
                half = (options.rows + 1) // 2
                floor += measure(journal, _FLOOR, environ, half, f"floor{turn}")
                screen += measure(journal, _SCREEN, environ, half, f"screen{turn}")
    print(f"{options.before:,} calls in the run before")
    base = report("commit -> printed by a bare tail (floor)", floor)
    p95 = report("commit -> row on screen", screen)
    print(f"p95 over the floor: {p95 / base:.1f} x, {p95 - base:+.1f} ms; wanted: p95 <= 50 ms")


if __name__ == "__main__":
    main()
