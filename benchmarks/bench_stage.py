"""What the benchmarks stand on: the tests' private machine, and one way to print a figure and its floor."""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from harness.claude import bundled_claude, claude_env
from harness.machine import SUPERVISE, Machine, new_machine
from supervisor.session.transcript import HookRan, read_line

__all__ = ["SUPERVISE", "Machine", "bundled_claude", "claude_env", "new_machine"]


def quantile(samples: Sequence[float], share: float) -> float:
    """The value that `share` of the samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def figure(name: str, samples: Sequence[float], *, unit: str = "ms", floor: Sequence[float] = ()) -> float:
    """Print p50 and p99 of `samples`, and the ratio of the medians to `floor`; return the median."""
    middle = statistics.median(samples)
    ratio = f"   {middle / statistics.median(floor):6.2f} x" if floor else ""
    print(f"{name:<58} p50 {middle:8.2f}   p99 {quantile(samples, 0.99):8.2f} {unit}{ratio}")
    return middle


def target(name: str, value: float, limit: float, unit: str = "ms") -> None:
    """Print whether a figure keeps to its target."""
    print(
        f"  {'met   ' if value <= limit else 'MISSED'}  {name}: {value:.2f} {unit}, target {limit:g} {unit}"
    )


def options_with_stand_in(about: str | None, *, calls: int, help: str) -> argparse.Namespace:
    """Options of a benchmark that starts itself in Claude Code's place, with `stand_in` and its `words`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=calls, help=help)
    parser.add_argument("--stand-in", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args()


def spawned_ms(argv: Sequence[str], given: bytes = b"") -> tuple[float, bytes]:
    """Milliseconds from starting `argv` until it has answered on its output and ended; and the answer.

    Started the leanest way there is (`posix_spawn`, exec form), with an empty environment but for PATH.
    """
    into_read, into_write = os.pipe()
    out_read, out_write = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, into_read, 0),
        (os.POSIX_SPAWN_DUP2, out_write, 1),
        *((os.POSIX_SPAWN_CLOSE, each) for each in (into_read, into_write, out_read, out_write)),
    ]
    began = time.perf_counter()
    pid = os.posix_spawn(argv[0], list(argv), {"PATH": "/usr/bin:/bin"}, file_actions=actions)
    os.close(into_read)
    os.close(out_write)
    os.write(into_write, given)
    os.close(into_write)
    answer = b""
    while part := os.read(out_read, 1 << 16):
        answer += part
    os.close(out_read)
    _, status = os.waitpid(pid, 0)
    took_ms = (time.perf_counter() - began) * 1000
    if status != 0:
        raise RuntimeError(f"{argv[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return took_ms, answer


def noted_ms(transcript: Path, event: str) -> list[float]:
    """What Claude Code itself noted as the duration of our hooks on `event`, per call."""
    return [
        float(record.duration_ms)
        for line in transcript.read_text(encoding="utf-8").splitlines()
        for record in read_line(line)
        if isinstance(record, HookRan) and record.event == event
    ]


def conversation_ms(transcript: Path) -> float:
    """Milliseconds from the task to the last word of the conversation, by Claude Code's own clock."""
    times = [
        datetime.fromisoformat(data["timestamp"]).timestamp()
        for line in transcript.read_text(encoding="utf-8").splitlines()
        if (data := json.loads(line)).get("type") in ("user", "assistant") and "timestamp" in data
    ]
    return (times[-1] - times[0]) * 1000
