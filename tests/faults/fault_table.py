"""The faults: each strikes a run that stands still, and lets the agent go on in the same breath.

What is broken is broken for real: files are moved, processes get signals, locks are held, disks are full.
"""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from false_gate import false_gate
from fault_run import DEADLINE_S, UNHEARD_S, FaultRun, Moment, Way, kill

from harness.waiting import wait_for


@dataclass(frozen=True)
class Fault:
    """One way in which the gate can fail.

    Attributes:
        strike: breaks it and releases the agent; what it yields back to ends the fault.
        prepare: what has to stand before the run starts, for as long as it is looked at.
        silence_s: the fault is a silence, and a failure only once it has lasted so long.
        kills_runner: nobody is left to pause the run: whoever looks next finds it and ends it.
    """

    name: str
    strike: Callable[[FaultRun], Iterator[None]]
    prepare: Callable[[FaultRun], Iterator[None]] | None = None
    kills_runner: bool = False
    silence_s: float = 0.0

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    @contextmanager
    def on(self, run: FaultRun) -> Iterator[None]:
        """The run under this fault; it is cured when the block ends."""
        yield from self.strike(run)

    @contextmanager
    def around(self, run: FaultRun) -> Iterator[None]:
        """The machine as this fault needs it."""
        if self.prepare is None:
            yield
        else:
            yield from self.prepare(run)


def _client_missing(run: FaultRun) -> Iterator[None]:
    away = run.client_file.with_name("moved")
    run.client_file.rename(away)
    run.release()
    yield
    away.rename(run.client_file)


def _breakable_client(run: FaultRun) -> Iterator[None]:
    """Before each hook client stands code that a test may write: nothing was said to the gate by then."""
    settings = run.source / "supervisor" / "session" / "settings.py"
    code, entry = settings.read_text(), "_entry(event, hook, wait)"
    assert entry in code
    wrapped = ["/usr/bin/perl", "-e", "do shift; exec @ARGV", str(run.machine.root / "first")]
    settings.write_text(code.replace(entry, f"_entry(event, [*{wrapped}, *hook], wait)"))
    yield


def _client_never_connects(perl: str) -> Callable[[FaultRun], Iterator[None]]:
    """The hook client runs `perl` (code) in place of what it should."""

    def strike(run: FaultRun) -> Iterator[None]:
        struck = run.machine.root / "struck"
        (run.machine.root / "first").write_text(f"open(my $file, '>>', '{struck}'); {perl}")
        run.release()
        run.struck = wait_for(lambda: struck.exists() and struck.stat().st_mtime, "the client")
        yield

    return strike


def _while_it_waits(run: FaultRun, number: signal.Signals) -> int:
    """Send a signal to a hook client that waits for its answer; its process id.

    Before the handshake it waits because the gate is busy, after it because its call is held.
    """
    if run.moment is Moment.AFTER:
        run.release()
        wait_for(lambda: run.status_is("waiting"), "a call that is held")
        client = wait_for(run.client, "the hook client of the held call")
        run.struck = time.time()
        kill(client, number)
        return client
    if run.way is Way.HEADLESS:
        kill(run.process.pid, signal.SIGSTOP)  # the foreground would take the busy gate for one that hangs
    kill(run.runner, signal.SIGSTOP)
    run.release()
    client = wait_for(run.client, "a hook client that waits")
    run.struck = time.time()
    kill(client, number)
    kill(run.runner, signal.SIGCONT)
    if run.way is Way.HEADLESS:
        kill(run.process.pid, signal.SIGCONT)
    return client


def _client_killed(run: FaultRun) -> Iterator[None]:
    with run.watched():
        _while_it_waits(run, signal.SIGKILL)
        yield


def _client_hangs(run: FaultRun) -> Iterator[None]:
    with run.watched():
        client = _while_it_waits(run, signal.SIGSTOP)
        yield
        kill(client, signal.SIGCONT)


def _gate_killed(run: FaultRun) -> Iterator[None]:
    kill(run.runner, signal.SIGKILL)
    yield


def _gate_hangs(run: FaultRun) -> Iterator[None]:
    runner = run.runner
    kill(runner, signal.SIGSTOP)
    run.release()
    if run.way is Way.INTERACTIVE:
        # No screen is open: silence blocks the agent's calls, and the runner tells when it comes back.
        wait_for(run.client, "a hook client that waits")
        wait_for(lambda: not run.client(), "the hook client to give up")
        kill(runner, signal.SIGCONT)
    yield


def _answers(words: str) -> Callable[[FaultRun], Iterator[None]]:
    """The gate sends `words` (a Python expression over the whole `frame`) in place of what it decided."""

    def strike(run: FaultRun) -> Iterator[None]:
        broken = run.machine.root / "answer"
        broken.write_text(words)
        run.release()
        if (run.way, run.moment) == (
            Way.INTERACTIVE,
            Moment.AFTER,
        ):  # the call is held: its verdict is the answer
            wait_for(lambda: run.status_is("waiting"), "a call that is held")
            run.struck = time.time()
            run.deny_held()
        yield
        broken.unlink()

    return strike


def break_answers(run: FaultRun) -> None:
    """Prepare this run's own copy of the gate: once the file `answer` is there, it answers as that says."""
    wire = run.source / "supervisor" / "gate" / "wire.py"
    wire.write_text(
        wire.read_text()
        + "\n_whole = frame\n\n"
        + "def frame(nonce: str, decision: dict[str, Any]) -> bytes:\n"
        + "    frame = _whole(nonce, decision)\n"
        + "    try:\n"
        + f"        return eval(open({str(run.machine.root / 'answer')!r}).read())\n"
        + "    except FileNotFoundError:\n"
        + "        return frame\n"
    )


def _socket_removed(run: FaultRun) -> Iterator[None]:
    (run.runtime / "gate.sock").unlink()
    run.release()
    yield


def _socket_replaced(run: FaultRun) -> Iterator[None]:
    """Another process listens where the gate did, and would allow everything."""
    path = run.runtime / "gate.sock"
    allow = json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "allow"}})
    path.unlink()

    def answer(first: bytes) -> bytes:
        nonce = first.partition(b" ")[0].decode()
        return f"supervise {nonce} {len(allow)}\n{allow}".encode()

    with false_gate(path, answer):
        run.release()
        yield


def _journal_locked(run: FaultRun) -> Iterator[None]:
    with closing(sqlite3.connect(run.journal, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        run.release()
        yield
        other.execute("ROLLBACK")


def _small_disk(run: FaultRun) -> Iterator[None]:
    """The state folder lies on a small disk of its own; on the machine's where we may not mount."""
    state = run.machine.root / "state"
    state.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "supervise-test", str(state)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(state)], check=True)


def _disk_full(run: FaultRun) -> Iterator[None]:
    """Not one byte is left on the disk of the journal (ENOSPC)."""
    filler = run.machine.state / "filler"
    if not (run.machine.root / "state").is_mount():
        yield from _file_size_limit(run)
        return
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    run.release()
    yield
    filler.unlink()


def _file_size_limit(run: FaultRun) -> Iterator[None]:
    """The journal's log cannot grow by one byte: the kernel refuses the write (EFBIG)."""
    log = Path(f"{run.journal}-wal")
    before = resource.prlimit(run.runner, resource.RLIMIT_FSIZE)
    resource.prlimit(run.runner, resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
    run.release()
    yield
    resource.prlimit(run.runner, resource.RLIMIT_FSIZE, before)


def _journal_replaced(run: FaultRun) -> Iterator[None]:
    names = [Path(f"{run.journal}{suffix}") for suffix in ("", "-wal", "-shm")]
    away = [name.with_name(f"kept-{name.name}") for name in names]
    for name, kept in zip(names, away, strict=True):
        name.rename(kept)
    names[0].touch(0o600)
    run.release()
    yield
    for name, kept in zip(names, away, strict=True):
        kept.rename(name)


CLIENT_DIES_UNHEARD = Fault("client dies unheard", _client_never_connects("kill 9, $$"), _breakable_client)

FAULTS = (
    Fault("client missing", _client_missing),
    Fault("client killed", _client_killed),
    Fault("client hangs", _client_hangs, silence_s=DEADLINE_S),
    Fault("client dies unheard", _client_never_connects("kill 9, $$"), _breakable_client),
    Fault(
        "client hangs unheard", _client_never_connects("sleep 600"), _breakable_client, silence_s=UNHEARD_S
    ),
    Fault("gate killed", _gate_killed, kills_runner=True),
    Fault("gate hangs", _gate_hangs, silence_s=DEADLINE_S),
    Fault("gate answers garbage", _answers("b'\\x00\\xff not a frame'")),
    Fault("gate answers nothing", _answers("b''"), silence_s=DEADLINE_S),
    Fault("gate answers half", _answers("frame[: len(frame) // 2]"), silence_s=DEADLINE_S),
    Fault("socket removed", _socket_removed),
    Fault("socket replaced", _socket_replaced),
    Fault("journal locked", _journal_locked, silence_s=2),
    Fault("disk full", _disk_full, _small_disk),
    Fault("file size limit", _file_size_limit),
    Fault("journal replaced", _journal_replaced),
)
