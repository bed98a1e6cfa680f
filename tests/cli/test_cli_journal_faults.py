"""A journal that cannot be trusted or written: every command refuses it, and leaves it as it is."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.claude import bundled_claude
from harness.machine import SUPERVISE, Machine, new_machine
from harness.waiting import PATIENCE_S

Break = Callable[[Path], None]


def newer(journal: Path) -> None:
    """Written by a later version."""
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def corrupt(journal: Path) -> None:
    """Pages in the middle overwritten."""
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(journal.read_bytes())
    data[4096 : len(data) - 4096] = b"\xa5" * (len(data) - 8192)
    journal.write_bytes(data)


def no_journal(journal: Path) -> None:
    """Another file of that name."""
    for suffix in ("-wal", "-shm"):
        journal.with_name(journal.name + suffix).unlink(missing_ok=True)
    journal.write_text("Dear diary, " * 1000)


FAULTS: dict[str, tuple[Break, str, str]] = {
    "newer": (newer, "the journal has schema 99, this version knows up to", "Use the newer version"),
    "corrupt": (corrupt, "the journal is corrupt", "Move the file away"),
    "no journal": (no_journal, "the file is not a journal", "Move the file away"),
}


@pytest.fixture
def used() -> Iterator[Machine]:
    """A machine with one ended run in its journal."""
    with new_machine() as machine:
        assert machine.supervise(*start(machine)).returncode == 0
        machine.wait_until_still()  # its runner ends a moment later, and closes the journal
        yield machine


def start(machine: Machine) -> list[str]:
    """A run."""
    script = machine.write_script([{"say": "Done."}])
    return ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), "task"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_journal_that_cannot_be_trusted_is_refused(used: Machine, fault: str) -> None:
    """By the run and by every command that reads: exit code 3, the fault, its cure; not a byte is changed."""
    break_it, said, cure = FAULTS[fault]
    (name,) = (row["name"] for row in used.json("runs", "--json"))
    break_it(used.state / "journal.db")
    before = (used.state / "journal.db").read_bytes()
    for words in (
        start(used),
        ["runs", "--json"],
        ["show", name, "--json"],
        ["export", name],
        [],
    ):
        done = used.supervise(*words)
        assert done.returncode == 3, (words, done.stderr)
        assert said in done.stderr, (words, done.stderr)
        assert cure in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert used.supervise("verify").returncode == 3
    assert (used.state / "journal.db").read_bytes() == before
    used.wait_until_still()


def test_verify_says_of_a_corrupt_journal_that_it_is_damaged(used: Machine) -> None:
    """It is what looks for damage: a finding with exit code 3, for scripts as well, not just an error."""
    corrupt(used.state / "journal.db")
    done = used.supervise("verify", "--json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert [problem["kind"] for problem in found["problems"]] == ["damaged"]


def test_a_locked_journal_stops_a_run_before_anything_starts(used: Machine) -> None:
    """While another process holds the write lock: exit code 3; reading goes on, and afterwards so do runs."""
    with closing(sqlite3.connect(used.state / "journal.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        done = used.supervise(*start(used))
        assert done.returncode == 3, done.stderr
        assert "the journal is locked by another process" in done.stderr
        assert "end it" in done.stderr
        assert done.stdout == ""
        assert len(used.json("runs", "--json")) == 1
        other.rollback()
    assert used.supervise(*start(used)).returncode == 0
    assert len(used.json("runs", "--json")) == 2


def test_an_edited_history_is_found(used: Machine) -> None:
    """One changed word in one event: verify ends with 3, names the event, and changes nothing."""
    with closing(sqlite3.connect(used.state / "journal.db")) as connection, connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE events SET body = replace(body, 'task', 'tusk') WHERE seq = 1")
    done = used.supervise("verify", "--json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert found["ok"] is False
    assert 1 in [problem["seq"] for problem in found["problems"]]
    text = used.supervise("verify")
    assert text.returncode == 3
    assert "event 1: " in text.stdout


def a_file(machine: Machine) -> list[str]:
    """Where the folder of all runs should be lies a file."""
    machine.state.write_text("mine")
    return []


def read_only(machine: Machine) -> list[str]:
    """On a file system that is mounted read-only."""
    return ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o ro none "$XDG_STATE_HOME" && exec "$0" "$@"']


def no_room(machine: Machine) -> list[str]:
    """On a file system that has no room for a folder more."""
    mount = 'mount -t tmpfs -o nr_inodes=1 none "$XDG_STATE_HOME" && exec "$0" "$@"'
    return ["unshare", "-Urm", "sh", "-c", mount]


def not_ours(machine: Machine) -> list[str]:
    """In a folder that this user may not enter; an administrator's right to enter any is given up."""
    machine.state.parent.chmod(0)
    plain = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    return plain if os.geteuid() == 0 else []


PLACES: dict[str, tuple[Callable[[Machine], list[str]], str, str]] = {
    "a file": (a_file, "File exists", "no folder stands there: move it away"),
    "read-only": (read_only, "Read-only file system", "yours to write; or set XDG_STATE_HOME"),
    "no room": (no_room, "No space left on device", "Free some space"),
    "not ours": (not_ours, "Permission denied", "yours to write; or set XDG_STATE_HOME"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_state_folder_that_cannot_be_is_one_clear_error(machine: Machine, place: str) -> None:
    """A run names path, fault and cure, with exit code 3; no other command crashes, or lies."""
    lay, said, cure = PLACES[place]
    machine.state.parent.mkdir()
    before = lay(machine)
    run = machine.start([*before, str(SUPERVISE), *start(machine)])
    out, err = run.communicate(timeout=PATIENCE_S)
    assert (run.returncode, out) == (3, ""), err
    assert err.startswith(f"supervise: {machine.state}: cannot be made or used: ")
    assert said in err and cure in err and len(err.splitlines()) == 2
    for words in (["runs"], ["show", "x"], ["stop", "x"], ["plan", "x"], ["export", "x"], ["clean"], []):
        other = machine.start([*before, str(SUPERVISE), *words])
        out, err = other.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in err, (words, err)
        if place == "not ours":
            assert (other.returncode, out) == (3, ""), (words, err)
            assert str(machine.state) in err and "Permission denied" in err
    machine.state.parent.chmod(0o700)


def test_a_folder_for_sockets_that_cannot_be_is_one_clear_error(machine: Machine) -> None:
    """The runner says it to the one who started the run: the path and the cure, no traceback."""
    machine.runtime.write_text("mine")
    done = machine.supervise(*start(machine))
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert f"supervise: {machine.runtime}/" in done.stderr and "move" in done.stderr
    assert "Traceback" not in done.stderr


ON_A_FULL_DISK = """
mount -t tmpfs -o size=4m none "$1" && shift
"$@" > /dev/null 2>&1 || exit 90
cat /dev/zero > "$XDG_STATE_HOME/supervise/filler" 2> /dev/null
exec "$@"
"""
"""The same run twice: on a disk of its own, and again when not one byte of it is left."""


def test_on_a_full_disk_a_run_lets_nothing_through_and_says_so(machine: Machine) -> None:
    """Exit code 3, the fault and its cure, no agent's word, and no process left."""
    (machine.root / "state").mkdir()
    shell: list[str | Path] = ["unshare", "-Urm", "sh", "-c", ON_A_FULL_DISK, "sh", machine.root / "state"]
    process = machine.start([*shell, SUPERVISE, *start(machine), "--mode", "mixed"])
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, err
    assert "the disk is full" in err or "No space left" in err  # by what it was that found no room first
    assert "Free some space" in err and "Traceback" not in err
    assert out == ""
    machine.wait_until_still()
