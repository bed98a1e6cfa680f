"""A run's lock: who holds it is the only writer of its run. The kernel frees it when the holder dies.

The file says who that is, so that nobody kills a stranger that a process id was handed on to.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from pathlib import Path

from supervisor.gate.peer import started_at

_PATIENCE_S = 0.05
_PAUSE_S = 0.01


def take(path: Path, patience_s: float = _PATIENCE_S) -> int | None:
    """The descriptor of the lock, held until it is closed; None while somebody else holds it.

    Args:
        patience_s: how long it is tried; by default a moment: somebody may just be looking at it.

    Raises:
        OSError: the file cannot be opened; its folder may be gone.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                return None
            time.sleep(_PAUSE_S)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()} {started_at(os.getpid())}\n".encode(), 0)
    return lock


def is_held(path: Path) -> bool:
    """Whether somebody holds it; False where there is none."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def kill_holder(path: Path, pid: int) -> bool:
    """Kill the process `pid`, if it holds the lock and is the one that took it; whether it was."""
    if not is_held(path):
        return False
    with contextlib.suppress(OSError, ValueError):
        holder, started = map(int, path.read_text().split())
        if holder == pid and started_at(pid) == started:
            os.kill(pid, signal.SIGKILL)
            return True
    return False
