"""What tests of the journal let other processes do. Run as `-m journal_child COMMAND JOURNAL ARGUMENT…`."""

from __future__ import annotations

import os
import resource
import select
import sys
from collections.abc import Callable
from pathlib import Path

from journal_samples import RUN, decided, started

from supervisor.errors import JournalError
from supervisor.journal.listing import list_runs, run_events
from supervisor.journal.verify import verify
from supervisor.journal.writer import Journal


def say(line: object) -> None:
    """One line to the test, at once."""
    print(line, flush=True)


def decide(path: Path, run_id: str, count: str) -> None:
    """Make decisions; say each number, and whether the run was dry before it."""
    with Journal.open(path, busy_timeout_s=60) as journal:
        for _ in range(int(count)):
            with journal.decision(run_id) as tx:
                n, dry = tx.next_n(), tx.state().dry
                tx.record(decided(n))
            say(f"{n} dry" if dry else f"{n} not dry")


def decide_late(path: Path, run_id: str) -> None:
    """Read the flag in one transaction, decide in another once told to."""
    with Journal.open(path, busy_timeout_s=60) as journal:
        with journal.decision(run_id) as tx:
            dry = tx.state().dry
        say("read")
        sys.stdin.readline()
        with journal.decision(run_id) as tx:
            tx.record(decided(tx.next_n()))
        say("dry" if dry else "not dry")


def stream(path: Path, run_id: str) -> None:
    """Decide without end; say the seq of each event once it is committed."""
    with Journal.open(path) as journal:
        while True:
            with journal.decision(run_id) as tx:
                record = tx.record(decided(tx.next_n()))
            say(record.seq)


def start(path: Path, run_id: str) -> None:
    """Open the journal, make it if need be, and start a run in it."""
    with Journal.open(path, busy_timeout_s=60) as journal:
        journal.append(run_id, started(journal.new_run_name()), durable=True)


def checkpoint(path: Path) -> None:
    """Checkpoint until a line comes in."""
    with Journal.open(path, busy_timeout_s=60) as journal:
        journal.checkpoint()
        say("first")
        while not select.select([sys.stdin], [], [], 0)[0]:
            journal.checkpoint()


def fill(path: Path, ballast: str) -> None:
    """Record until the disk is full, try once more, make room, go on; say what came of each step."""
    Path(ballast).write_bytes(bytes(200_000))
    with Journal.open(path) as journal:
        error = fill_up(journal)
        say("stopped")
        say(error)
        say(error.cure)
        say(fill_up(journal))
        say(len(list(run_events(path, RUN))))
        Path(ballast).unlink()
        with journal.decision(RUN) as tx:
            say(tx.record(decided(tx.next_n())).seq)
        say("verified" if verify(path).ok else verify(path))


def fill_limited(path: Path, limit: str) -> None:
    """Record until a file would grow past `limit` bytes; say each seq, then the error."""
    with Journal.open(path) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
        error = fill_up(journal)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    say("stopped")
    say(error)


def fill_up(journal: Journal) -> JournalError:
    """Record until it fails; say the seq of each event once it is committed."""
    try:
        if not list_runs(journal.path):
            say(journal.append(RUN, started(), durable=True).seq)
        while True:
            with journal.decision(RUN) as tx:
                n = tx.next_n()
                record = tx.record(decided(n, call_input={"content": "x" * 20_000}))
            say(record.seq)
    except JournalError as error:
        return error


def open_as(path: Path, user: str) -> None:
    """Give up all rights of root, then open the journal; say the error."""
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
    open_only(path)


def open_only(path: Path) -> None:
    """Open the journal; say the error."""
    try:
        Journal.open(path).close()
    except JournalError as error:
        say(error)
        say(error.cure)


COMMANDS: dict[str, Callable[..., None]] = {
    "decide": decide,
    "decide-late": decide_late,
    "stream": stream,
    "start": start,
    "checkpoint": checkpoint,
    "fill": fill,
    "fill-limited": fill_limited,
    "open-as": open_as,
    "open": open_only,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
