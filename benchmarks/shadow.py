"""What a shadow costs: opening one over trees of three sizes, and asking it what changed.

Opening is measured from deciding to start a program to the first byte the program writes. The floor beside it
is the least that could do: `unshare` and one overlay mount over the same tree. What also stands beside it are
bubblewrap with the least world that it makes, and the launcher's interpreter alone.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench_stage import Machine, figure, new_machine, target

from supervisor.places import places
from supervisor.shadow.backend import BackendKind, Shadow
from supervisor.shadow.capabilities import Capabilities, probe
from supervisor.shadow.kept import discard, open_shadow, size_of
from supervisor.shadow.overlay import OverlayShadow
from supervisor.shadow.shell import perl
from supervisor.shadow.world import Openings

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 30
MOUNT = (
    'mount -t overlay shadow -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work,userxattr" "$1" && exec echo x'
)


def plant(folder: Path, files: int) -> None:
    """Fill `folder` with `files` small files, 100 a folder."""
    for number in range(files):
        below = folder / f"d{number // 100}"
        if number % 100 == 0:
            below.mkdir(parents=True)
        (below / f"f{number}").write_text(f"file {number}\n")


def first_byte_ms(command: Callable[[], Sequence[str]], env: dict[str, str]) -> float:
    """Milliseconds from asking for the command to the first byte of its output. It is then waited for."""
    began = time.perf_counter()
    with subprocess.Popen(command(), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(1) == b"x"
        return (time.perf_counter() - began) * 1e3


def opening(machine: Machine, able: Capabilities, files: int) -> float:
    """Print what it takes to open a shadow over a tree of `files`; the median in ms."""
    tree = machine.workspace / str(files)
    where = places(machine.env)
    hidden = Openings((where.state,))
    plain = machine.root / f"plain-{files}"
    for layer in ("upper", "work"):
        (plain / layer).mkdir(parents=True)
    bare = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "echo", "x"]
    empty = [perl(), "-e", "exec 'echo', 'x'"]
    floor_command = ["unshare", "-Urm", "sh", "-c", MOUNT, "sh", str(tree), str(plain)]
    samples, floor, wrapped, interpreted = [], [], [], []
    for number in range(ROUNDS):
        floor.append(first_byte_ms(lambda: floor_command, machine.env))
        wrapped.append(first_byte_ms(lambda: bare, machine.env))
        interpreted.append(first_byte_ms(lambda: empty, machine.env))
        run = f"{files}-{number}"

        def command(run: str = run) -> list[str]:
            shadow = open_shadow(where, run, tree, able, backend=BackendKind.OVERLAY)
            return shadow.wrap(["/bin/echo", "x"], machine.env, hidden)

        samples.append(first_byte_ms(command, machine.env))
        discard(where.run_state(run) / "shadow")
    figure("beside it: bubblewrap, no overlay", wrapped)
    figure("beside it: the interpreter alone", interpreted)
    figure(f"floor: unshare and one overlay, {files:>7,} files", floor)
    return figure(f"open a shadow over {files:>7,} files", samples, floor=floor)


def changing(machine: Machine, able: Capabilities) -> float:
    """Print what it takes to know 10 edits among 100,000 files; the median in ms."""
    tree = machine.workspace / str(SIZES[-1])
    where = places(machine.env)
    shadow = open_shadow(where, "changes", tree, able, backend=BackendKind.OVERLAY)
    edits = "for i in 1 22 333 4444 55555 66666 77777 88888 99999 12345; do echo e >> d$((i/100))/f$i; done"
    argv = shadow.wrap(["/bin/sh", "-c", edits], machine.env, Openings((where.state,)))
    subprocess.run(argv, env=machine.env, check=True)
    floor, samples, again, snapshots, sizes = [], [], [], [], []
    for _ in range(ROUNDS):
        floor.append(timed_ms(lambda: [list(os.walk(shadow.files))]))
        fresh: Shadow = OverlayShadow(shadow.folder, shadow.record)
        samples.append(timed_ms(fresh.changes))
        again.append(timed_ms(fresh.changes))
        snapshots.append(timed_ms(fresh.snapshot))
        sizes.append(timed_ms(lambda: size_of(shadow.folder)))
    assert len(fresh.changes().changes) == 10
    figure("floor: walk what changed", floor)
    middle = figure("changes after 10 edits in 100,000 files, first time", samples, floor=floor)
    figure("the same again, contents known", again, floor=floor)
    figure("snapshot, as taken before and after each call", snapshots, floor=floor)
    figure("size, as measured after a call", sizes, floor=floor)
    return middle


def cloning(machine: Machine, able: Capabilities) -> None:
    """Print what the other backend costs on a tree a tenth as big."""
    tree = machine.workspace / str(SIZES[1])
    where = places(machine.env)
    copies, compares, floor = [], [], []
    for number in range(3):
        plain = machine.root / f"cp-{number}"
        floor.append(timed_ms(lambda to=plain: subprocess.run(["cp", "-a", tree, to], check=True)))  # type: ignore[misc]
        run = f"clone-{number}"
        began = time.perf_counter()
        shadow = open_shadow(where, run, tree, able, backend=BackendKind.CLONE)
        copies.append((time.perf_counter() - began) * 1e3)
        compares.append(timed_ms(shadow.changes))
        discard(shadow.folder)
        shutil.rmtree(plain)
    figure("floor: cp -a of 10,000 files", floor)
    figure("clone of 10,000 files", copies, floor=floor)
    figure("changes of that clone", compares, floor=floor)


def timed_ms(work: Callable[[], object]) -> float:
    """Milliseconds that `work` takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    """Print every figure, and whether the targets are met."""
    with new_machine() as machine:
        for files in SIZES:
            plant(machine.workspace / str(files), files)
        where = places(machine.env)
        samples = [timed_ms(lambda: probe(machine.workspace, where.state, machine.env)) for _ in range(5)]
        figure("probe: what can this machine do", samples)
        able = probe(machine.workspace, where.state, machine.env)
        medians = [opening(machine, able, files) for files in SIZES]
        middle = changing(machine, able)
        cloning(machine, able)
        target("open over 100,000 files, p50", medians[-1], 15)
        target("open, 100,000 files against 1,000", medians[-1] / medians[0], 1.25, "x")
        target("changes after 10 edits in 100,000 files, p50", middle, 30)
        assert statistics.median(medians) > 0


if __name__ == "__main__":
    main()
