"""Commands run for real where they harm nothing: in a root that is thrown away after each, no network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

INSIDE = Path(__file__).with_name("inside_root.py")
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "HOME": "/home/user",
    "USER": "user",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}


@dataclass(frozen=True)
class Ran:
    """What one command did.

    Attributes:
        exit: exit status; 128 + n for a signal.
        changes: paths that were added, removed or changed in content, type, mode or time; sorted.
    """

    command: str
    exit: int
    changes: tuple[str, ...]


def run_all(
    commands: Iterable[str],
    *,
    setup: Sequence[str] = (),
    cwd: str = "/",
    env: dict[str, str] | None = None,
    limit_s: float = 60.0,
) -> list[Ran]:
    """Run each command with bash on its own copy of the tree that the `setup` scripts make.

    Raises:
        RuntimeError: no such root can be made here.
    """
    jobs = list(commands)
    order = {
        "setup": list(setup),
        "jobs": [(cwd, command) for command in jobs],
        "env": ENVIRONMENT | (env or {}),
        "limit_s": limit_s,
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(INSIDE)],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": ENVIRONMENT["PATH"]},
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    # What the commands say goes nowhere: this is the word of the root itself.
    if len(rows) != len(jobs) or done.stderr:
        raise RuntimeError(
            f"no throw-away root: exit {done.returncode}, {len(rows)} answers: {done.stderr[-2000:]}"
        )
    return [Ran(command, row["exit"], tuple(row["changes"])) for command, row in zip(jobs, rows, strict=True)]
