"""Pairs of folders, and the change set that leads from one to the other."""

from __future__ import annotations

import os
import random
import shutil
import stat
from pathlib import Path

from supervisor.shadow.changes import Change, ChangeKind, Node
from supervisor.shadow.content import Contents
from supervisor.shadow.names import as_text

Tree = dict[str, Node]
NAMES = ("a", "b", "c d", "e\nf", "ü", "g.txt")


def tree(root: Path) -> Tree:
    """Every path below `root` and what stands there."""
    found: Tree = {}
    contents = Contents()

    def walk(folder: bytes, prefix: bytes) -> None:
        for entry in os.scandir(folder):
            path = prefix + entry.name
            found[as_text(path)] = contents.node(entry.path, entry.stat(follow_symlinks=False))
            if entry.is_dir(follow_symlinks=False):
                walk(entry.path, path + b"/")

    walk(os.fsencode(root), b"")
    return found


def changes_between(before: Path, after: Path) -> tuple[Change, ...]:
    """The change set from one folder to another."""
    old, new = tree(before), tree(after)
    changes = []
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if was == now:
            continue
        kind = ChangeKind.ADDED if was is None else ChangeKind.DELETED if now is None else ChangeKind.MODIFIED
        changes.append(Change(path, kind, was, now))
    return tuple(changes)


def grow(root: Path, rng: random.Random, count: int) -> None:
    """Fill an empty folder with some of everything."""
    root.mkdir(exist_ok=True)
    for _ in range(count):
        _act(root, rng)


def vary(root: Path, rng: random.Random, count: int) -> None:
    """Change a folder: write, remove, replace, chmod."""
    for _ in range(count):
        _act(root, rng, removing=True)


def _folder(root: Path, rng: random.Random) -> Path:
    here = root
    while rng.random() < 0.6:
        below = [path for path in here.iterdir() if path.is_dir() and not path.is_symlink()]
        if not below:
            break
        here = rng.choice(below)
    return here


def _act(root: Path, rng: random.Random, *, removing: bool = False) -> None:
    path = _folder(root, rng) / rng.choice(NAMES)
    if os.path.lexists(path):
        if not removing:
            return
        match rng.randrange(4):
            case 0 if not path.is_symlink() and not stat.S_ISFIFO(path.lstat().st_mode):
                path.chmod(rng.choice((0o600, 0o644, 0o755, 0o700)) | (0o700 if path.is_dir() else 0))
                return
            case 1 if path.is_file() and not path.is_symlink():
                path.write_bytes(rng.randbytes(rng.randrange(2000)))
                return
            case _:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if rng.random() < 0.4:
            return
    match rng.randrange(5):
        case 0 | 1:
            path.write_bytes(rng.randbytes(rng.randrange(2000)))
        case 2 | 3:
            path.mkdir()
        case _ if rng.random() < 0.8:
            path.symlink_to(rng.choice(("a", "../b", "/etc/hostname", "nowhere")))
        case _:
            os.mkfifo(path)
