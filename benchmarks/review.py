"""How soon the review screen of a big plan is open, and how soon it follows a key: bytes at the terminal.

Run it: `python benchmarks/review.py [--items N] [--repetitions N] [--pages N]`. Prints milliseconds.

A real journal and a real shadow hold a rehearsal of half file edits, half MCP calls that name the edited
files. The real app runs on a pseudo-terminal whose bytes are read here: from the key that opens the review to
the first items on screen, then from each page key to the first item of the next page. The floor: reading the
same plan in a process without a screen.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from bench_stage import figure, quantile, target
from screen import RUN, TIMEOUT_S, Terminal

from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import CallDecided, ChangesSeen, Ending, RunEnded, RunStarted
from supervisor.journal.writer import Journal
from supervisor.places import Places, places
from supervisor.policy import DecisionKind, Execution, Mode
from supervisor.shadow.attribution import Touched, attribute
from supervisor.shadow.backend import BackendKind
from supervisor.shadow.capabilities import probe
from supervisor.shadow.kept import open_shadow

_SCREEN = f"from supervisor.app import run_app; raise SystemExit(run_app({RUN!r}))"
_FLOOR = f"""
import sys, time
from supervisor.places import places
from supervisor.plan.read import read_rehearsal
began = time.perf_counter()
found = read_rehearsal(places(), {RUN!r}, sys.argv[1])
print((time.perf_counter() - began) * 1000, len(found.plan.items))
"""
_PAGE_DOWN = b"\x1b[6~"
_ROW = re.compile(rb"src/m(\d+)\.py")


def _id(n: int) -> str:
    return f"toolu_01{n:020d}"


def rehearse(here: Places, workspace: Path, items: int) -> None:
    """A rehearsal of so many items that is over, in the journal and in a shadow."""
    folder = workspace / "src"
    folder.mkdir(parents=True)
    for i in range(items // 2):
        (folder / f"m{i}.py").write_text(f"def f{i}(x: int) -> int:\n    return x + {i}\n" * 10)
    shadow = open_shadow(here, RUN, workspace, probe(workspace, here.state), backend=BackendKind.CLONE)
    touched = []
    for i in range(items // 2):
        path = Path(shadow.files) / "src" / f"m{i}.py"
        path.write_text(path.read_text() + f"\n\ndef g{i}() -> int:\n    return {i}\n")
        touched.append(Touched((_id(2 * i + 1),), (f"src/m{i}.py",)))
    changes = attribute(shadow.changes(hash_deleted=True), tuple(touched)).changes
    with Journal.open(here.journal) as journal:
        journal.append(RUN, _started(workspace), durable=False)
        for i in range(items // 2):
            named = f"{workspace}/src/m{i}.py"
            edit = {"file_path": named, "old_string": "a" * 80, "new_string": "b" * 200}
            put = {"key": f"img/{i}.png", "content": "x" * 200, "page": f"src/m{i}.py"}
            for call in (
                _call(2 * i + 1, "Edit", edit, f"file://{named}", Scope.WORKSPACE),
                _call(2 * i + 2, "mcp__store__put_object", put, "mcp://store/put_object", Scope.REMOTE),
            ):
                journal.append(RUN, call, durable=False)
        journal.append(RUN, ChangesSeen(tuple(msgspec.to_builtins(changes))), durable=False)
        journal.append(RUN, RunEnded(Ending.COMPLETED, 0, "Done."), durable=True)
        journal.checkpoint()


def _started(workspace: Path) -> RunStarted:
    return RunStarted(
        name="amber-fox", task="benchmark", label="", cwd=str(workspace), mode=Mode.DRY_RUN, headless=True,
        session_id="", claude_path="", claude_version="", profile="", config={}, suspended=(), floors={},
        runner_pid=0, shadow=True,
    )  # fmt: skip


def _call(n: int, tool: str, given: Mapping[str, object], target: str, scope: Scope) -> CallDecided:
    here = scope is Scope.WORKSPACE
    return CallDecided(
        n=n, tool_use_id=_id(n), agent_id="", agent_type="", tool=tool, input=dict(given),
        effects=(Effect(EffectKind.WRITE, scope, target, f"tool.{tool}", "It writes."),),
        effect=EffectKind.WRITE, scope=scope, targets=(target,), decision=DecisionKind.SIMULATED,
        execution=Execution.SHADOW if here else Execution.NOT_EXECUTED,
        rule="policy.dry-run.workspace-write.shadow" if here else "policy.dry.remote-write",
        why="It is a dry run.", notice="", dry=True, diverged=not here, profile="", gate_ms=0.4,
    )  # fmt: skip


def page(terminal: Terminal, after: int) -> tuple[float, int]:
    """Milliseconds from the page key to the first item beyond `after`, and the last item then on screen."""
    pressed = time.monotonic()
    os.write(terminal.fd, _PAGE_DOWN)
    seen = b""
    while time.monotonic() < pressed + TIMEOUT_S:
        if not select.select([terminal.fd], [], [], 0.5)[0]:
            continue
        seen += os.read(terminal.fd, 65_536)
        if [n for n in map(int, _ROW.findall(seen)) if n > after]:
            took = (time.monotonic() - pressed) * 1000
            quiet = time.monotonic() + 0.25
            while time.monotonic() < quiet:
                if select.select([terminal.fd], [], [], 0.05)[0]:
                    seen += os.read(terminal.fd, 65_536)
            return took, max(map(int, _ROW.findall(seen)))
    raise TimeoutError(f"no item after {after}")


def measure(environ: dict[str, str], pages: int) -> tuple[float, list[float]]:
    """Milliseconds until the review is open, and per page key."""
    terminal = Terminal.start(_SCREEN, environ)
    try:
        terminal.wait_for(b"e reviews the plan")
        terminal.drain(1.0)
        pressed = time.monotonic()
        os.write(terminal.fd, b"e")
        opened = (terminal.wait_for(b"src/m1.py, created by #3") - pressed) * 1000
        terminal.drain(2.0)
        turned, last = [], 10
        for _ in range(pages):
            took, last = page(terminal, last)
            turned.append(took)
    finally:
        terminal.end()
    return opened, turned


def floor(environ: dict[str, str], workspace: Path) -> tuple[float, int]:
    """Milliseconds to read the plan without a screen, and how many items it has."""
    done = subprocess.run(
        [sys.executable, "-c", _FLOOR, str(workspace)],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    took, items = done.stdout.split()
    return float(took), int(items)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--pages", type=int, default=20, help="page keys of each repetition")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        top = Path(name).resolve()
        environ = {
            "PATH": os.environ["PATH"], "HOME": name, "TERM": "xterm-256color", "COLORTERM": "truecolor",
            "LANG": "C.UTF-8", "XDG_STATE_HOME": str(top / "state"), "XDG_CONFIG_HOME": str(top / "config"),
            "XDG_RUNTIME_DIR": str(top / "runtime"),
        }  # fmt: skip
        workspace = top / "work"
        rehearse(places(environ), workspace, options.items)
        floors, opened, turned, items = [], [], [], 0
        for _ in range(options.repetitions):
            took, items = floor(environ, workspace)
            floors.append(took)
            first, pages = measure(environ, options.pages)
            opened.append(first)
            turned += pages
    print(f"a plan of {items:,} items")
    figure("the plan is read, without a screen (floor)", floors)
    middle = figure("key -> the review's items on screen", opened, floor=floors)
    figure("page key -> the next page on screen", turned)
    target("the review is open", middle, 500)
    target("a page key is followed, 19 times of 20", quantile(turned, 0.95), 50)


if __name__ == "__main__":
    main()
