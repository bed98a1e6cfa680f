"""Bringing a workspace from one state to another by renames: each act is whole, and can be done again."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH114, PTH115, PTH118, PTH120, PTH211

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from contextlib import suppress

from supervisor.plan.durable import sync_folders
from supervisor.plan.inside import Inside, is_folder
from supervisor.plan.steps import Step
from supervisor.shadow.changes import Node, NodeType
from supervisor.shadow.content import lstat
from supervisor.shadow.names import as_bytes, as_text

Numbered = tuple[int, Step]


def move_on(
    root: bytes, staging: bytes, steps: Collection[Numbered], source: Callable[[int], bytes | None]
) -> None:
    """Bring every path to its `after`. Can be done again from any point on.

    Args:
        staging: a folder on the workspace's file system, for what is made before it is renamed into place.
        steps: with the number that `source` knows them by.
        source: the file to rename into place; None once it is there.

    Raises:
        OSError: a step cannot be done; the ones before it are.
    """
    opened: dict[bytes, int] = {}
    modes: dict[bytes, int] = {}
    touched: set[bytes] = set()
    before = Inside(root)
    for folder in sorted({os.path.dirname(as_bytes(step.path)) for _, step in steps}):
        _open_folders(before, folder, opened)
    for _, step in sorted(steps, key=_depth, reverse=True):
        name = as_bytes(step.path)
        found = before.seen(name)
        if found is not None and _in_the_way(step, found):
            path = before.path(name)
            os.rmdir(path) if is_folder(found) else os.unlink(path)
            touched.add(os.path.dirname(name))
    after = Inside(root)
    for at, step in sorted(steps, key=_depth):
        if step.after is None:
            continue
        name = as_bytes(step.path)
        if (link := after.link_above(name)) is not None:
            raise OSError(f"{os.fsdecode(link)} is a symlink now, which leads out of the folder")
        if _make(step.after, after.path(name), source(at), os.path.join(staging, b"made")):
            touched.add(os.path.dirname(name))
        if step.after.type is NodeType.FOLDER:
            modes[name] = step.after.mode
    end = Inside(root)
    for name, mode in sorted({**opened, **modes}.items(), key=lambda pair: pair[0].count(b"/"), reverse=True):
        if is_folder(end.seen(name)):
            os.chmod(end.path(name), mode)
    sync_folders(end.path(name) for name in touched if is_folder(end.seen(name)))


def _depth(numbered: Numbered) -> int:
    return numbered[1].path.count("/")


def _in_the_way(step: Step, found: os.stat_result) -> bool:
    """Whether what is there must go before the new thing can be renamed over it."""
    if step.after is None:
        return True
    return is_folder(found) != (step.after.type is NodeType.FOLDER)


def _make(after: Node, path: bytes, source: bytes | None, beside: bytes) -> bool:
    """Bring `path` to `after`; True if anything was done."""
    found = lstat(path)
    match after.type:
        case NodeType.FILE:
            if source is None:
                return False
            os.rename(source, path)
        case NodeType.FOLDER:
            if is_folder(found):
                return False
            os.mkdir(path)
        case NodeType.SYMLINK:
            if os.path.islink(path) and as_text(os.readlink(path)) == after.link:
                return False
            _rename_made(lambda: os.symlink(as_bytes(after.link), beside), beside, path)
        case NodeType.FIFO:
            if found is not None and stat.S_ISFIFO(found.st_mode) and found.st_mode & 0o7777 == after.mode:
                return False

            def make_fifo() -> None:
                os.mkfifo(beside, 0o600)
                os.chmod(beside, after.mode)

            _rename_made(make_fifo, beside, path)
        case kind:
            raise OSError(f"a {kind.value} cannot be applied: {os.fsdecode(path)}")
    return True


def _rename_made(make: Callable[[], None], beside: bytes, path: bytes) -> None:
    with suppress(FileNotFoundError):
        os.unlink(beside)
    make()
    os.rename(beside, path)


def _open_folders(inside: Inside, name: bytes, opened: dict[bytes, int]) -> None:
    """Give the owner the use of every folder down to `name`; their modes are put back later."""
    if name:
        _open_folders(inside, os.path.dirname(name), opened)
    found = inside.seen(name)
    if found is None or not is_folder(found):
        return
    mode = stat.S_IMODE(found.st_mode)
    if mode | stat.S_IRWXU != mode and name not in opened:
        opened[name] = mode
        os.chmod(inside.path(name), mode | stat.S_IRWXU)
