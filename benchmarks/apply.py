"""Applying 10,000 changed files, beside `rsync -a --fsync --delete` of the same change on the same disk.

    python benchmarks/apply.py [--files N] [--rounds N] [--folder DIR]

A folder of files of mixed sizes, and what a run made of it: most files modified, some added, some deleted.
Both bring a fresh copy of the old folder to the new state, in turns. Ours also checks that every target is
what the rehearsal saw and every content what was reviewed, keeps a backup, and is whole or not at all; rsync
does none of it, and with `--fsync` makes contents last, but not names.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_stage import figure, target

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "plan"))

from tree_pairs import changes_between, tree

from supervisor.plan.files import apply_files, undo_files
from supervisor.shadow.names import as_bytes

PER_FOLDER = 50
SIZES = (0, 200, 1_000, 4_000, 4_000, 12_000, 12_000, 40_000, 200_000)
"""Bytes of a file, each as often as the others: source code, some data."""


def plant(before: Path, after: Path, files: int) -> None:
    """Two folders that differ in `files` files, and have a tenth as many in common."""
    rng = random.Random(1)
    for number in range(files + files // 10):
        name = Path(f"d{number // PER_FOLDER % 10}", f"d{number // PER_FOLDER}", f"f{number}")
        for root in (before, after):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
        kind = number % 10 if number < files else -1
        old = rng.randbytes(rng.choice(SIZES))
        if kind not in (6, 7, 8):
            (before / name).write_bytes(old)
        if kind == -1:
            shutil.copy2(before / name, after / name)
        elif kind != 9:
            (after / name).write_bytes(old[:100] + rng.randbytes(rng.choice(SIZES)) + b"new")


def copied(source: Path, to: Path) -> Path:
    """A fresh copy on the disk, with nothing waiting to be written."""
    subprocess.run(["cp", "-a", str(source), str(to)], check=True)
    os.sync()
    return to


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000, help="changed files [10000]")
    parser.add_argument("--rounds", type=int, default=5, help="times each [5]")
    parser.add_argument("--folder", type=Path, help="a folder on the disk to measure [the temporary one]")
    options = parser.parse_args()
    rsync = shutil.which("rsync")
    if rsync is None:
        sys.exit("rsync is not installed: there is nothing to compare with (apt-get install rsync)")
    with tempfile.TemporaryDirectory(prefix="sv-", dir=options.folder) as made:
        folder = Path(made)
        before, after = folder / "before", folder / "after"
        plant(before, after, options.files)
        changes = changes_between(before, after)
        assert len(changes) == options.files
        old, new = tree(before), tree(after)

        def content(path: str) -> bytes:
            return os.fsencode(after) + b"/" + as_bytes(path)

        def by_rsync(*words: str) -> float:
            work = copied(before, folder / "work")
            began = time.perf_counter()
            subprocess.run([rsync, "-a", *words, "--delete", f"{after}/", f"{work}/"], check=True)
            if not words:
                subprocess.run(["sync", "--file-system", work], check=True)
            took = time.perf_counter() - began
            assert tree(work) == new
            shutil.rmtree(work)
            return took

        peer: list[float] = []
        at_once: list[float] = []
        ours: list[float] = []
        undone: list[float] = []
        for _ in range(options.rounds):
            peer.append(by_rsync("--fsync"))
            at_once.append(by_rsync())
            work, keep = copied(before, folder / "work"), folder / "keep"
            began = time.perf_counter()
            apply_files(work, changes, content, keep)
            ours.append(time.perf_counter() - began)
            assert tree(work) == new
            began = time.perf_counter()
            assert undo_files(keep) == ()
            undone.append(time.perf_counter() - began)
            assert tree(work) == old
            shutil.rmtree(work)
            shutil.rmtree(keep)
    figure(f"rsync -a --fsync --delete, {options.files} changed files", peer, unit="s")
    figure("rsync -a --delete, then one `sync -f`", at_once, unit="s", floor=peer)
    figure("apply of the same change, checked and with a backup", ours, unit="s", floor=peer)
    figure("undo of it", undone, unit="s", floor=peer)
    target("apply against rsync", statistics.median(ours) / statistics.median(peer), 1.5, "x")


if __name__ == "__main__":
    main()
