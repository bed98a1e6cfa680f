"""What the journal promises when several processes share it, or one dies."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from journal_samples import RUN, decided, one_run

from harness.waiting import PATIENCE_S, wait_for
from supervisor.journal.events import CallDecided
from supervisor.journal.listing import list_runs, run_events
from supervisor.journal.verify import verify
from supervisor.journal.writer import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's journal lies; nothing is there yet."""
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An open journal with the one run `RUN`."""
    with one_run(path) as opened:
        yield opened


def child(*arguments: object) -> subprocess.Popen[str]:
    """A process that runs one of the commands of `journal_child`."""
    return subprocess.Popen(
        [sys.executable, "-m", "journal_child", *map(str, arguments)],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_parallel_deciders_never_miss_the_dry_flag(journal: Journal, path: Path) -> None:
    """Four processes make 200 decisions at once: one chain, no gap, and exactly one saw a run not yet dry."""
    children = [child("decide", path, RUN, 50) for _ in range(4)]
    lines = [line for process in children for line in process.communicate(timeout=PATIENCE_S)[0].splitlines()]
    assert [process.returncode for process in children] == [0, 0, 0, 0]
    decisions = [record for record in run_events(path, RUN) if isinstance(record.event, CallDecided)]
    assert [record.event.n for record in decisions if isinstance(record.event, CallDecided)] == list(
        range(1, 201)
    )
    assert [record.seq for record in decisions] == list(range(2, 202))
    assert sorted(int(line.split()[0]) for line in lines) == list(range(1, 201))
    assert [line for line in lines if line.endswith("not dry")] == ["1 not dry"]
    assert verify(path).ok


def test_flags_read_outside_the_transaction_are_missed(journal: Journal, path: Path) -> None:
    """The control: reading the flag first and deciding later lets several calls see a run not yet dry."""
    children = [child("decide-late", path, RUN) for _ in range(3)]
    for process in children:
        assert process.stdout is not None
        assert process.stdout.readline() == "read\n"
    lines = [process.communicate("go\n", timeout=PATIENCE_S)[0] for process in children]
    assert [process.returncode for process in children] == [0, 0, 0]
    assert [line.strip() for line in lines] == ["not dry"] * 3


def test_a_killed_writer_loses_nothing_it_was_told_is_recorded(journal: Journal, path: Path) -> None:
    """SIGKILL in mid-stream: every event acknowledged before is there, the chain holds, others go on."""
    process = child("stream", path, RUN)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(60)]
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate(timeout=PATIENCE_S)
    told = [int(line) for line in "".join([*acknowledged, rest]).split("\n")[:-1]]
    assert process.returncode == -signal.SIGKILL
    kept = [record.seq for record in run_events(path, RUN)]
    assert kept[: len(told) + 1] == [1, *told]
    assert len(kept) <= len(told) + 2
    with journal.decision(RUN) as tx:
        tx.record(decided(tx.next_n()))
    assert verify(path).ok


def test_one_journal_comes_of_many_first_openings(path: Path) -> None:
    """Processes that all find no journal end up with the same one, whole, and nothing else in the folder."""
    children = [child("start", path, f"run-{number}") for number in range(4)]
    assert [process.wait(timeout=PATIENCE_S) for process in children] == [0, 0, 0, 0]
    for process in children:
        process.communicate()
    assert {run.id for run in list_runs(path)} == {f"run-{number}" for number in range(4)}
    assert {entry.name.removesuffix("-wal").removesuffix("-shm") for entry in path.parent.iterdir()} == {
        "journal.db"
    }
    assert verify(path).ok


def test_a_checkpoint_from_another_thread_hinders_no_decision(journal: Journal, path: Path) -> None:
    """While another process checkpoints without pause, decisions go on, and the log is emptied in the end."""
    process = child("checkpoint", path)
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    for n in range(1, 101):
        with journal.decision(RUN) as tx:
            tx.record(decided(n))
    process.communicate("stop\n", timeout=PATIENCE_S)
    assert process.returncode == 0
    wait_for(journal.checkpoint, "the whole log to be moved")
    grown = Path(f"{path}-wal").stat().st_size
    journal.append(RUN, decided(101), durable=True)
    assert Path(f"{path}-wal").stat().st_size == grown
    assert verify(path).ok


def test_nobody_else_can_read_the_journal(path: Path) -> None:
    """File, log and index are 0600 and the folder 0700, whatever the umask, also after a reader came last."""
    before = os.umask(0)
    try:
        with Journal.open(path):
            modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
        assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}
        list_runs(path)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_journal_left_open_to_others_is_closed_to_them(path: Path) -> None:
    """Looser permissions, from a copy put back say, are tightened at the next opening."""
    Journal.open(path).close()
    path.chmod(0o644)
    path.parent.chmod(0o755)
    Journal.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
