"""A run's lock, and who is killed over it: its holder, and never a process that only has the same number."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.waiting import PATIENCE_S, wait_for
from supervisor.runner.lock import is_held, kill_holder, take

HOLD = "import sys, time; from pathlib import Path; from supervisor.runner.lock import take;"
HOLD += "print(take(Path(sys.argv[1])), flush=True); time.sleep(600)"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Where the lock is."""
    return tmp_path / "lock"


@pytest.fixture
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline().strip().isdigit()
        yield process
        process.kill()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with it."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_one_process_holds_it_until_it_dies(lock: Path, holder: subprocess.Popen[str]) -> None:
    """The second is told; the kernel frees the lock."""
    assert is_held(lock) and take(lock) is None
    assert kill_holder(lock, holder.pid)
    wait_for(lambda: not is_held(lock), "the lock to be free")
    taken = take(lock)
    assert taken is not None
    os.close(taken)


def test_a_holder_that_is_leaving_is_waited_for(lock: Path, holder: subprocess.Popen[str]) -> None:
    """As a runner leaves when its run has ended: whoever approves right then need not try again."""
    leaves = threading.Timer(0.2, holder.kill)
    leaves.start()
    taken = take(lock, PATIENCE_S)
    assert taken is not None and holder.wait(PATIENCE_S) != 0
    os.close(taken)


def test_where_there_is_none_nobody_holds_it(lock: Path, stranger: subprocess.Popen[bytes]) -> None:
    """A journaled process id without a lock is a number, not a runner."""
    assert not is_held(lock) and not lock.exists()
    assert not kill_holder(lock, stranger.pid)
    assert stranger.poll() is None


def test_a_process_that_does_not_hold_it_is_not_killed(
    lock: Path, holder: subprocess.Popen[str], stranger: subprocess.Popen[bytes]
) -> None:
    """Somebody else holds the lock now, and the runner's number was handed on."""
    assert not kill_holder(lock, stranger.pid)
    assert (holder.poll(), stranger.poll()) == (None, None)


def test_the_same_number_at_another_time_is_another_process(
    lock: Path, holder: subprocess.Popen[str]
) -> None:
    """The lock says when its holder was started."""
    pid, started = lock.read_text().split()
    assert int(pid) == holder.pid
    lock.write_text(f"{pid} {int(started) - 1}\n")
    assert not kill_holder(lock, holder.pid)
    assert holder.poll() is None
