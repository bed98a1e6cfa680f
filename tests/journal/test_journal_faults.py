"""What the journal does when file, disk or another process fails it: refuse, say why, lose nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from journal_samples import RUN, decided, one_run, outcome, started

from harness.waiting import PATIENCE_S
from supervisor.errors import Exit, JournalError
from supervisor.journal.listing import list_runs, run_events
from supervisor.journal.reader import Reader
from supervisor.journal.verify import verify
from supervisor.journal.writer import Journal

HERE = Path(__file__).parent
CHILD = (sys.executable, "-m", "journal_child")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's journal lies; nothing is there yet."""
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An open journal with the one run `RUN`."""
    with one_run(path) as opened:
        yield opened


def said(*command: object) -> list[str]:
    """The lines a process says; it must end well."""
    done = subprocess.run([*map(str, command)], cwd=HERE, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def on_tmpfs(script: str, folder: Path, size: str) -> list[str]:
    """What a shell script says that runs on a file system of its own of that size; `$1` is its folder."""
    mount = f'mount -t tmpfs -o size={size} tmpfs "$1" && {script}'
    return said("unshare", "-Urm", "sh", "-euc", mount, "sh", folder, *CHILD)


def contents(path: Path) -> dict[str, bytes]:
    """Every byte of history in the journal's folder: not the index, which holds locks, nor an empty log."""
    files = [entry for entry in path.parent.iterdir() if not entry.name.endswith("-shm")]
    return {entry.name: entry.read_bytes() for entry in files if entry.stat().st_size or entry == path}


@pytest.fixture
def closed(path: Path) -> Path:
    """A journal of 40 decisions, some longer than a page, that nobody has open."""
    with Journal.open(path) as journal:
        journal.append(RUN, started(), durable=True)
        for n in range(1, 41):
            journal.append(RUN, decided(n, call_input={"content": "x" * 500 * (n % 20)}), durable=False)
    return path


def test_a_lock_held_too_long_is_an_error_and_nothing_is_lost(journal: Journal, path: Path) -> None:
    """While another process holds the write lock nothing is decided; afterwards all goes on."""
    with Journal.open(path, busy_timeout_s=0.05) as hasty, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked by another process") as caught, hasty.decision(RUN):
            raise AssertionError
        assert str(path) in str(caught.value)
        assert "end it" in caught.value.cure
        assert caught.value.code is Exit.HOOK_FAILURE
        with pytest.raises(JournalError, match="locked"):
            hasty.append(RUN, decided(1), durable=False)
        with pytest.raises(JournalError, match="locked"):
            Journal.open(path, busy_timeout_s=0.05)
        assert [run.id for run in list_runs(path)] == [RUN]
        other.rollback()
        assert hasty.append(RUN, decided(1), durable=True).seq == 2
    assert verify(path).ok


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """On a full file system all acknowledged is there and no more is taken; with room it goes on."""
    lines = on_tmpfs('exec "$2" "$3" "$4" fill "$1/state/journal.db" "$1/ballast"', tmp_path, "1m")
    acknowledged = [int(line) for line in lines[: lines.index("stopped")]]
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    error, cure, again, kept, after, state = lines[lines.index("stopped") + 1 :]
    assert "the disk is full" in error
    assert "state/journal.db" in error
    assert "Free some space" in cure
    assert "the disk is full" in again
    assert int(kept) == len(acknowledged)
    assert int(after) == len(acknowledged) + 1
    assert state == "verified"


def test_a_limit_on_file_sizes_refuses_and_loses_nothing(path: Path) -> None:
    """Writes that the kernel refuses for another reason than space end the same way."""
    lines = said(*CHILD, "fill-limited", path, 400_000)
    acknowledged = lines[: lines.index("stopped")]
    assert "cannot be read or written" in lines[len(acknowledged) + 1]
    assert [str(record.seq) for record in run_events(path, RUN)] == acknowledged
    assert verify(path).ok


def test_a_file_without_write_permission_is_refused() -> None:
    """A journal that this user may only read is no journal to decide by."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        path = Path(name) / "state" / "journal.db"
        Journal.open(path).close()
        path.chmod(0o400)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
            os.chown(path.parent, 65534, 65534)
            lines = said(*CHILD, "open-as", path, 65534)
        else:
            lines = said(*CHILD, "open", path)
    assert "cannot be written: read-only" in lines[0]
    assert "writable" in lines[1]


def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    """So is one on a file system that was mounted, or fell back to, read-only."""
    opened = '"$2" "$3" "$4" open "$1/state/journal.db"'
    lines = on_tmpfs(f'{opened}; mount -o remount,ro "$1"; {opened}', tmp_path, "1m")
    assert f"{tmp_path}/state: " in lines[0] and "Read-only file system" in lines[0]


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_files_taken_away_under_an_open_journal_are_noticed(
    journal: Journal, path: Path, suffix: str, how: str
) -> None:
    """SQLite would go on writing where nobody reads; the next transaction of either kind is refused."""
    file = Path(f"{path}{suffix}")
    if how == "replaced":
        shutil.copy(file, f"{file}.copy")
        Path(f"{file}.copy").replace(file)
    else:
        file.unlink()
    with pytest.raises(JournalError, match=f"{file.name} was {how}"), journal.decision(RUN):
        raise AssertionError
    for durable in (True, False):
        with pytest.raises(JournalError, match="while the journal was open"):
            journal.append(RUN, outcome(1), durable=durable)


def test_a_newer_journal_is_refused_by_every_door(closed: Path) -> None:
    """A schema that this version does not know is neither written nor read, and not touched."""
    with closing(sqlite3.connect(closed)) as other:
        other.execute("PRAGMA user_version = 99")
    before = contents(closed)
    for door in (Journal.open, list_runs, verify):
        with pytest.raises(JournalError, match="schema 99, this version knows up to") as caught:
            door(closed)
        assert "newer version" in caught.value.cure
    assert contents(closed) == before


async def test_the_asynchronous_reader_refuses_a_newer_journal(closed: Path) -> None:
    """The same through the screen's door."""
    with closing(sqlite3.connect(closed)) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="schema 99"):
        await Reader.open(closed)


def foreign_files(folder: Path) -> Iterator[Path]:
    """Files that are no journals."""
    text, empty, database = folder / "text.db", folder / "empty.db", folder / "other.db"
    text.write_text("Dear diary, " * 1000)
    empty.touch()
    with closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE runs (id)")
    yield from (text, empty, database)


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    """Text, an empty file and somebody else's database: refused, and not one byte changed."""
    for path in foreign_files(tmp_path):
        before = contents(path)
        for door in (Journal.open, list_runs, verify):
            with pytest.raises(JournalError, match="not a journal") as caught:
                door(path)
            assert "Nothing was changed" in caught.value.cure
        assert contents(path) == before


def test_a_damaged_page_is_refused_and_left_as_it_is(closed: Path) -> None:
    """Whichever page is overwritten, the journal is not opened for writing, and nothing is repaired."""
    whole = closed.read_bytes()
    pages, refused = len(whole) // 4096, 0
    for page in range(1, pages):
        damaged = bytearray(whole)
        damaged[page * 4096 : page * 4096 + 64] = b"\xaa" * 64
        closed.write_bytes(damaged)
        if any(problem.kind == "damaged" for problem in verify(closed).problems):
            with pytest.raises(JournalError, match="corrupt"):
                Journal.open(closed)
            refused += 1
        assert not verify(closed).ok
        assert closed.read_bytes() == damaged
    assert refused > pages // 2


def test_a_journal_cut_short_is_refused(closed: Path) -> None:
    """Half a file is not taken for a smaller journal."""
    whole = closed.read_bytes()
    closed.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])
    with pytest.raises(JournalError, match="corrupt"):
        Journal.open(closed)


def test_a_log_without_its_journal_is_not_mixed_with_a_new_one(journal: Journal, path: Path) -> None:
    """With the journal gone and its log left, no new journal is made for the old log to be played into."""
    path.unlink()
    with pytest.raises(JournalError, match=r"its log journal\.db-wal is still there"):
        Journal.open(path)
    assert not path.exists()


def test_a_copy_that_lost_its_log_mode_gets_it_back(closed: Path) -> None:
    """A journal put back from a backup made by other tools works as before."""
    with closing(sqlite3.connect(closed)) as other:
        assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    with Journal.open(closed) as journal:
        journal.append(RUN, decided(41), durable=True)
    with closing(sqlite3.connect(closed)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_shared_folder_is_left_as_it_is(tmp_path: Path) -> None:
    """A journal in a folder like `/tmp` is refused, rather than the folder closed to everybody else."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(JournalError, match="shared with other users"):
        Journal.open(shared / "journal.db")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    assert list(shared.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_with_a_path(tmp_path: Path) -> None:
    """What the system says is passed on under the folder's name."""
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "journal.db"
    with pytest.raises(JournalError, match="cannot be made or used") as caught:
        Journal.open(path)
    assert str(path.parent) in str(caught.value)
