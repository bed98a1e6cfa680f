"""The processes of a run: everything that descends from its guard."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Collection

from supervisor.gate.peer import parent_of


def descendants(root: int) -> list[int]:
    """Process ids below `root`, parents before children; `root` itself is not among them."""
    children = _children()
    found: list[int] = []
    queue = [root]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


def signal_all(root: int, number: signal.Signals, *, spare: Collection[int] = ()) -> int:
    """Send `number` to everything below `root`, again until nobody new turns up; how many got it.

    Args:
        spare: process ids that do not get it.
    """
    reached: set[int] = set()
    while fresh := [pid for pid in descendants(root) if pid not in reached and pid not in spare]:
        for pid in fresh:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        reached.update(fresh)
    return len(reached)


def is_below(pid: int, root: int) -> bool:
    """Whether `pid` is `root` or descends from it."""
    for _ in range(1000):
        if pid == root:
            return True
        if pid <= 1:
            return False
        pid = parent_of(pid)
    return False


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for pid, parent in _parents().items():
        children.setdefault(parent, []).append(pid)
    return children


def _parents() -> dict[int, int]:
    if sys.platform != "linux":
        listing = subprocess.run(
            ["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        return {int(pid): int(parent) for pid, parent in map(str.split, listing.splitlines())}
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            parents[int(entry.name)] = parent_of(int(entry.name))
    return parents
