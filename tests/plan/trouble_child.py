"""A process in a mount namespace of its own that applies and undoes one change set where that may not work.

FOLDER ROOMS, changes on stdin. FOLDER holds `seed`, `after` and an empty `disk`. One JSON object a trouble is
printed: what was said, what state the folder is in then, and in what state once the trouble is gone.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
from tree_pairs import tree

from supervisor.errors import SuperviseError
from supervisor.plan.files import apply_files, recover_apply, recover_undo, undo_files
from supervisor.shadow.changes import Change
from supervisor.shadow.names import as_bytes

SIZE_KB = 4096
FOLDER = Path(sys.argv[1])
SEED, AFTER, DISK = FOLDER / "seed", FOLDER / "after", FOLDER / "disk"
WORK, ELSEWHERE = DISK / "work", FOLDER / "elsewhere"
CHANGES = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Change, ...])
OLD, NEW = tree(SEED), tree(AFTER)


def content(path: str) -> bytes:
    """Where a changed file lies, as the run left it."""
    return os.fsencode(AFTER) + b"/" + as_bytes(path)


def state() -> str:
    """What the folder is now."""
    now = tree(WORK)
    return "old" if now == OLD else "new" if now == NEW else "between"


def fill(room_kb: int) -> Path:
    """Leave this much room on the disk."""
    filler = DISK / "filler"
    with filler.open("wb", 0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as cause:
            assert cause.errno == errno.ENOSPC
        file.truncate(max(0, file.tell() - room_kb * 1024))
    return filler


def attempt(name: str, act: Callable[[], object], cure: Callable[[], None], keep: Path) -> dict[str, str]:
    """Do it, and tell what came of it."""
    said, hint = "", ""
    try:
        act()
    except SuperviseError as cause:
        said, hint = str(cause), cause.cure
    then = state()
    cure()
    recovery = f"{recover_apply(keep).value}, {recover_undo(keep).value}"
    left = [each.name for each in WORK.iterdir() if each.name.startswith(".supervise-apply")]
    return {
        "trouble": name,
        "said": said,
        "cure": hint,
        "then": then,
        "recovery": recovery,
        "after": state(),
        "left": ", ".join(left),
    }


def troubles(rooms_kb: list[int]) -> Iterator[dict[str, str]]:
    """All of them, each on a fresh disk."""
    for room in rooms_kb:
        for where in ("on it", "elsewhere"):
            keep = (DISK if where == "on it" else ELSEWHERE) / "keep"
            for undoing in (False, True):
                name = f"{'undo' if undoing else 'apply'} with {room} KB left, backup {where}"
                with_disk(keep)
                if undoing:
                    apply_files(WORK, CHANGES, content, keep)
                filler = fill(room)
                act = partial(undo_files if undoing else put, keep)
                yield attempt(name, act, filler.unlink, keep)
    for part in (".", "d1", "d3"):
        keep = ELSEWHERE / "keep"
        with_disk(keep)
        subprocess.run(["mount", "--bind", WORK / part, WORK / part], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", WORK / part], check=True)

        def writable(part: str = part) -> None:
            subprocess.run(["umount", WORK / part], check=True)

        yield attempt(f"{part} is read-only", partial(put, keep), writable, keep)


def put(keep: Path) -> None:
    """Apply the change set."""
    apply_files(WORK, CHANGES, content, keep)


def with_disk(keep: Path) -> None:
    """A fresh disk with the old folder on it, and nothing kept."""
    if DISK.is_mount():
        subprocess.run(["umount", DISK], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs", DISK], check=True)
    subprocess.run(["cp", "-a", SEED, WORK], check=True)
    shutil.rmtree(keep, ignore_errors=True)
    keep.parent.mkdir(exist_ok=True)


if __name__ == "__main__":
    for each in troubles(json.loads(sys.argv[2])):
        print(json.dumps(each), flush=True)
