"""What a decision costs in the journal, beside what the disk alone costs; and how soon a tail shows it.

Run it: `python benchmarks/journal.py [--decisions N] [--commits N]`. Prints milliseconds. The floors stand in
the same run, taken in turns with what they are a floor of, because the disk of a shared machine drifts.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import aclosing, closing
from pathlib import Path

import msgspec

from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import CallDecided, RunStarted
from supervisor.journal.tail import tail
from supervisor.journal.writer import Journal
from supervisor.policy import DecisionKind, Execution, Mode

RUN = "5f0c1d6e8a7b4c3d9e2f1a0b5c6d7e8f"
BODY = "x" * 1200
"""About as long as the body of a decision on a short command."""


def started(name: str) -> RunStarted:
    """A run to decide in."""
    return RunStarted(
        name=name,
        task="benchmark",
        label="",
        cwd="/w",
        mode=Mode.DRY_RUN,
        headless=True,
        session_id="",
        claude_path="",
        claude_version="",
        profile="",
        config={},
        suspended=(),
        floors={},
        runner_pid=os.getpid(),
    )


def decided(n: int) -> CallDecided:
    """A typical decision: a shell command that would write to one remote target."""
    target = f"s3://bucket/key-{n % 20}"
    return CallDecided(
        n=n,
        tool_use_id=f"toolu_01{n:020d}",
        agent_id="",
        agent_type="",
        tool="Bash",
        input={"command": f"aws s3 cp out.bin {target}", "description": "Upload the result " * 20},
        effects=(
            Effect(EffectKind.READ, Scope.WORKSPACE, "file:///w/out.bin", "aws.s3.cp", "reads the file"),
            Effect(EffectKind.WRITE, Scope.REMOTE, target, "aws.s3.cp", "uploads to the bucket"),
        ),
        effect=EffectKind.WRITE,
        scope=Scope.REMOTE,
        targets=(target, "file:///w/out.bin"),
        decision=DecisionKind.SIMULATED,
        execution=Execution.NOT_EXECUTED,
        rule="policy.dry-run.remote-write",
        why="A write to a remote system in a dry run is not executed.",
        notice="NOT EXECUTED: this is a rehearsal. Nothing was uploaded. " * 4,
        dry=True,
        diverged=n == 1,
        profile="0123456789abcdef",
        gate_ms=0.4,
    )


def timed(action: Callable[[int], None], n: int) -> float:
    """Milliseconds that `action(n)` takes."""
    start = time.perf_counter()
    action(n)
    return (time.perf_counter() - start) * 1000


def quantiles(name: str, samples: list[float], *, floor: float | None = None) -> float:
    """Print p50, p95 and p99, and the ratio of p50 to `floor`; return p50."""
    ordered = sorted(samples)
    p50, p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.95, 0.99))
    ratio = "" if floor is None else f"   {p50 / floor:5.2f} x the bare commit"
    print(f"{name:<44} p50 {p50:7.3f}   p95 {p95:7.3f}   p99 {p99:7.3f} ms{ratio}")
    return p50


def commits(folder: Path, rounds: int) -> None:
    """Decision transactions in turns with the two floors."""
    file = os.open(folder / "plain", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
    ):
        bare.execute(statement)

    def write_fsync(n: int) -> None:
        os.write(file, BODY.encode())
        os.fsync(file)

    def bare_commit(n: int) -> None:
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT INTO t (body) VALUES (?)", (BODY,))
        bare.execute("COMMIT")

    with Journal.open(folder / "journal" / "journal.db") as journal, closing(bare):
        journal.append(RUN, started("amber-fox"), durable=True)

        def decision(n: int) -> None:
            with journal.decision(RUN) as tx:
                tx.state()
                tx.decided(f"toolu_01{n:020d}")
                tx.record(decided(tx.next_n()))

        samples: tuple[list[float], ...] = ([], [], [])
        for n in range(1, rounds + 1):
            for action, kept in zip((write_fsync, bare_commit, decision), samples, strict=True):
                kept.append(timed(action, n))
    os.close(file)
    quantiles("write + fsync (floor)", samples[0])
    floor = quantiles("bare SQLite insert + commit, FULL (floor)", samples[1])
    quantiles("decision transaction, FULL", samples[2], floor=floor)


def write_slowly(path: Path, count: int, gap_s: float) -> None:
    """In a process of its own: decisions whose `gate_ms` is the monotonic clock just before the commit."""
    with Journal.open(path) as journal:
        for _ in range(count):
            with journal.decision(RUN) as tx:
                event = decided(tx.next_n())
                tx.record(msgspec.structs.replace(event, gate_ms=time.monotonic()))
            time.sleep(gap_s)


async def follow(path: Path, count: int, gap_s: float) -> tuple[list[float], float]:
    """Latencies in ms from just before the commit to the row in hand, and the share of a CPU that it took."""
    writer = multiprocessing.get_context("spawn").Process(target=write_slowly, args=(path, count, gap_s))
    samples: list[float] = []
    async with aclosing(tail(path, RUN, after=1)) as batches:
        writer.start()
        started_s, cpu_s = time.monotonic(), time.process_time()
        async for batch in batches:
            now = time.monotonic()
            samples += [(now - record.event.gate_ms) * 1000 for record in batch]  # type: ignore[union-attr]
            if len(samples) >= count:
                break
        share = (time.process_time() - cpu_s) / (time.monotonic() - started_s)
    writer.join()
    return samples, share


async def idle(path: Path, seconds: float) -> float:
    """Share of a CPU that a tail takes while nothing happens."""
    async with aclosing(tail(path, RUN, after=1 << 40)) as batches:
        task = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(3)
        cpu_s = time.process_time()
        await asyncio.sleep(seconds)
        share = (time.process_time() - cpu_s) / seconds
        task.cancel()
        await asyncio.wait([task])
    return share


def main() -> None:
    """Run everything in a throw-away folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=100, help="for the tail, from another process")
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        commits(folder, options.decisions)
        for gap_s, what in ((0.005, "busy"), (0.15, "spread")):
            path = folder / what / "journal.db"
            with Journal.open(path) as journal:
                journal.append(RUN, started("amber-fox"), durable=True)
                samples, share = asyncio.run(follow(path, options.commits, gap_s))
            quantiles(f"commit -> tail, {what} (CPU {share:.1%})", samples)
        print(f"tail while nothing happens: {asyncio.run(idle(path, 5)):.2%} of a CPU")


if __name__ == "__main__":
    main()
