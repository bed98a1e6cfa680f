"""Putting a change set onto the real folder, whole or not at all, and taking it back.

1. Every target must still be what the rehearsal saw, else nothing is touched (drift).
2. An intent record is kept; new contents are staged beside the workspace's files and old ones backed up, all
   of it on disk before step 3.
3. A commit marker is written. Before it, a crash leaves the old state; after it, the new one is finished.
4. Files are renamed into place, folders made and removed; each step can be done twice.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH112, PTH118
# ruff: noqa: PTH114, PTH115, PTH120, PTH123, PTH208, PTH211

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import msgspec

from supervisor.errors import Exit, SuperviseError
from supervisor.places import private_dir
from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType
from supervisor.shadow.content import Contents, lstat, node_type
from supervisor.shadow.names import as_bytes, as_text

_INTENT, _COMMITTED, _DONE = "intent.json", "committed", "done"
_STAGING = ".supervise-apply-"


class Step(msgspec.Struct, frozen=True):
    """What becomes of one path. A rename is two steps. `content` names the staged file's origin."""

    path: str
    before: Node | None
    after: Node | None
    content: str = ""


class Drift(msgspec.Struct, frozen=True):
    """A target that is no longer what the rehearsal saw."""

    path: str
    expected: Node | None
    found: Node | None


class DriftError(SuperviseError):
    """Nothing was applied, because the world has moved on. `drift` says where."""

    code = Exit.DENIED_WRITES_LEFT

    def __init__(self, drift: tuple[Drift, ...]) -> None:
        named = ", ".join(each.path for each in drift[:5]) + (" …" if len(drift) > 5 else "")
        super().__init__(
            f"drift: {len(drift)} target(s) are not what the rehearsal saw: {named}; nothing was applied",
            cure="Rehearse again on the new state, or leave these items out.",
        )
        self.drift = drift


class Recovery(StrEnum):
    """What a crashed apply was brought to."""

    NOTHING = "nothing to do"
    ROLLED_BACK = "rolled back"
    FINISHED = "finished"


class _Intent(msgspec.Struct, frozen=True):
    workspace: str
    staging: str
    steps: tuple[Step, ...]


def steps_of(changes: Iterable[Change]) -> tuple[Step, ...]:
    """The changes as steps, each path at most once, by path."""
    steps: dict[str, Step] = {}
    for change in changes:
        if change.kind is ChangeKind.RENAMED:
            steps.setdefault(change.source, Step(change.source, change.before, None))
            steps[change.path] = Step(change.path, None, change.after, change.path)
        else:
            steps[change.path] = Step(change.path, change.before, change.after, change.path)
    return tuple(steps[path] for path in sorted(steps))


def file_drift(workspace: Path, changes: Sequence[Change]) -> tuple[Drift, ...]:
    """Targets that are not, or no longer, what the rehearsal saw; empty if all are."""
    return _drift(os.fsencode(workspace), steps_of(changes))


def apply_files(
    workspace: Path,
    changes: Sequence[Change],
    content: Callable[[str], bytes],
    keep: Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Make the changes in `workspace`, whole or not at all.

    Args:
        content: path of a changed file as the run left it.
        keep: private folder of this apply: intent record and backup. It outlives the apply, for `undo_files`.
        progress: told (done, all) while contents are staged.

    Raises:
        DriftError: a target is not what the rehearsal saw; nothing was touched.
        SuperviseError: a rehearsed file is not what was reviewed; nothing was touched.
        OSError: a step failed; the old state is restored.
    """
    steps = steps_of(changes)
    if drift := _drift(os.fsencode(workspace), steps):
        raise DriftError(drift)
    _put(workspace, steps, content, keep, progress)


def recover_apply(keep: Path) -> Recovery:
    """Bring what a crash left to exactly the old or exactly the new state."""
    if not (keep / _INTENT).exists() or (keep / _DONE).exists():
        return Recovery.NOTHING
    intent = _read_intent(keep)
    if (keep / _COMMITTED).exists():
        _roll_forward(intent)
        _finish(intent, keep)
        return Recovery.FINISHED
    shutil.rmtree(os.fsencode(intent.staging), ignore_errors=True)
    shutil.rmtree(keep / "backup", ignore_errors=True)
    (keep / _INTENT).unlink()
    return Recovery.ROLLED_BACK


def undo_files(keep: Path, *, check_only: bool = False) -> tuple[Drift, ...]:
    """Put back what an apply changed, from its backup; crash-safe in the same way.

    Returns:
        What differs from what the apply made, and so was not undone; nothing is touched then. Empty: undone.

    Raises:
        SuperviseError: there is nothing to undo.
    """
    recover_apply(keep)
    back = keep / "undo"
    recover_apply(back)
    if not (keep / _DONE).exists() or (back / _DONE).exists():
        raise SuperviseError("there is nothing to undo")
    intent = _read_intent(keep)
    inverse = tuple(Step(step.path, step.after, step.before, step.path) for step in intent.steps)
    drift = _drift(os.fsencode(intent.workspace), inverse)
    if drift or check_only:
        return drift
    names = {step.path: _slot(keep / "backup", at) for at, step in enumerate(intent.steps)}
    _put(Path(intent.workspace), inverse, names.__getitem__, back, None)
    return ()


def _put(
    workspace: Path,
    steps: tuple[Step, ...],
    content: Callable[[str], bytes],
    keep: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    private_dir(keep)
    staging = workspace / f"{_STAGING}{os.urandom(8).hex()}"
    intent = _Intent(str(workspace), str(staging), steps)
    _write(keep / _INTENT, msgspec.json.encode(intent))
    try:
        _stage(intent, content, keep, progress)
        _write(keep / _COMMITTED, b"")
    except BaseException:
        recover_apply(keep)
        raise
    try:
        _roll_forward(intent)
    except OSError:
        _take_back(intent, keep)
        raise
    _finish(intent, keep)


def _stage(
    intent: _Intent, content: Callable[[str], bytes], keep: Path, progress: Callable[[int, int], None] | None
) -> None:
    root = os.fsencode(intent.workspace)
    staging = os.fsencode(intent.staging)
    os.mkdir(staging, 0o700)
    backup = private_dir(keep / "backup")
    contents = Contents()
    for at, step in enumerate(intent.steps):
        target = os.path.join(root, as_bytes(step.path))
        if step.before is not None and step.before.type is NodeType.FILE:
            _back_up(target, _slot(backup, at))
        if step.after is not None and step.after.type is NodeType.FILE:
            staged = os.path.join(staging, b"%d" % at)
            _copy(content(step.content), staged)
            os.chmod(staged, step.after.mode)
            found = lstat(staged)
            assert found is not None
            if contents.node(staged, found, ours=True).sha256 != step.after.sha256:
                raise SuperviseError(f"{step.path} is not what was reviewed; nothing was applied")
        if progress is not None:
            progress(at + 1, len(intent.steps))
    _sync_folder(staging)
    _sync_folder(os.fsencode(backup))
    _sync_folder(root)


def _roll_forward(intent: _Intent) -> None:
    """Bring every path to its `after`. Can be done again from any point on."""
    root = os.fsencode(intent.workspace)
    staging = os.fsencode(intent.staging)
    numbered = list(enumerate(intent.steps))
    touched: set[bytes] = set()
    opened: dict[bytes, int] = {}
    for _at, step in numbered:
        _open_folders(root, os.path.dirname(as_bytes(step.path)), opened)
    for at, step in sorted(numbered, key=lambda pair: pair[1].path.count("/"), reverse=True):
        target = os.path.join(root, as_bytes(step.path))
        if _must_go(step, root, os.path.join(staging, b"%d" % at)):
            _remove(target)
            touched.add(os.path.dirname(target))
    for at, step in sorted(numbered, key=lambda pair: pair[1].path.count("/")):
        target = os.path.join(root, as_bytes(step.path))
        if step.after is not None and _make(step.after, target, os.path.join(staging, b"%d" % at), staging):
            touched.add(os.path.dirname(target))
    modes = {
        os.path.join(root, as_bytes(step.path)): step.after.mode
        for step in intent.steps
        if step.after is not None and step.after.type is NodeType.FOLDER
    }
    for path, mode in sorted({**opened, **modes}.items(), key=lambda pair: pair[0].count(b"/"), reverse=True):
        if lstat(path) is not None:
            os.chmod(path, mode)
    for folder in touched:
        if os.path.isdir(folder) and not os.path.islink(folder):
            _sync_folder(folder)


def _must_go(step: Step, root: bytes, staged: bytes) -> bool:
    """Whether what stands at the step's path is in the way of its `after`, and not that already."""
    target = os.path.join(root, as_bytes(step.path))
    found = _seen(root, as_bytes(step.path))
    if found is None or step.before is None:
        return False
    if step.after is None:
        return True
    kind = node_type(found)
    if kind is step.before.type is step.after.type:
        return kind is NodeType.SYMLINK and as_text(os.readlink(target)) != step.after.link
    if step.after.type is NodeType.FILE:
        return os.path.lexists(staged)  # still to be renamed into place
    return kind is step.before.type


def _make(after: Node, target: bytes, staged: bytes, staging: bytes) -> bool:
    """Bring the target to `after`; True if anything was done."""
    match after.type:
        case NodeType.FILE:
            if not os.path.lexists(staged):
                return False
            os.rename(staged, target)
        case NodeType.FOLDER:
            if os.path.isdir(target) and not os.path.islink(target):
                return False
            os.mkdir(target)
        case NodeType.SYMLINK:
            if os.path.islink(target) and as_text(os.readlink(target)) == after.link:
                return False
            beside = os.path.join(staging, b"link")
            with suppress(FileNotFoundError):
                os.unlink(beside)
            os.symlink(as_bytes(after.link), beside)
            os.rename(beside, target)
        case NodeType.FIFO:
            if lstat(target) is None:
                os.mkfifo(target, after.mode)
            os.chmod(target, after.mode)
        case kind:
            raise OSError(f"a {kind.value} cannot be applied: {os.fsdecode(target)}")
    return True


def _take_back(intent: _Intent, keep: Path) -> None:
    """A step failed after the commit: bring every path back to its `before`, from the backup."""
    root = os.fsencode(intent.workspace)
    staging = os.fsencode(intent.staging)
    backup = keep / "backup"
    for at, step in enumerate(intent.steps):
        staged = os.path.join(staging, b"%d" % at)
        with suppress(FileNotFoundError):
            os.unlink(staged)
        if step.before is not None and step.before.type is NodeType.FILE:
            _copy(_slot(backup, at), staged)
            os.chmod(staged, step.before.mode)
    inverse = tuple(Step(step.path, step.after, step.before) for step in intent.steps)
    unchanged = [_is(root, step.path, step.after) for step in inverse]
    todo = tuple(
        s if not same else Step(s.path, s.after, s.after) for s, same in zip(inverse, unchanged, strict=True)
    )
    _roll_forward(msgspec.structs.replace(intent, steps=todo))
    (keep / _COMMITTED).unlink()
    recover_apply(keep)


def _is(root: bytes, path: str, node: Node | None) -> bool:
    target = os.path.join(root, as_bytes(path))
    found = _seen(root, as_bytes(path))
    return (found is None and node is None) or (
        found is not None and node is not None and Contents().node(target, found) == node
    )


def _finish(intent: _Intent, keep: Path) -> None:
    _write(keep / _DONE, b"")
    shutil.rmtree(os.fsencode(intent.staging), ignore_errors=True)
    _sync_folder(os.fsencode(intent.workspace))


def _drift(root: bytes, steps: tuple[Step, ...]) -> tuple[Drift, ...]:
    contents = Contents()
    known = {as_bytes(step.path) for step in steps}
    found: list[Drift] = []
    for step in steps:
        path = os.path.join(root, as_bytes(step.path)) if step.path != "." else root
        link = _link_above(root, as_bytes(step.path))
        if link is not None and link not in known:
            # A parent became a symlink: whatever is applied here would land somewhere else.
            found.append(Drift(as_text(link), None, Node(NodeType.SYMLINK, 0)))
            continue
        seen = _seen(root, as_bytes(step.path)) if step.path != "." else lstat(root)
        now = contents.node(path, seen) if seen is not None else None
        if now != step.before:
            found.append(Drift(step.path, step.before, now))
        elif (
            step.before is not None
            and step.before.type is NodeType.FOLDER
            and (step.after is None or step.after.type is not NodeType.FOLDER)
        ):
            for name in os.listdir(path):
                inside = os.path.join(as_bytes(step.path), name)
                if inside not in known:
                    stray = lstat(os.path.join(root, inside))
                    node = contents.node(os.path.join(root, inside), stray) if stray is not None else None
                    found.append(Drift(as_text(inside), None, node))
    return tuple(found)


def _link_above(root: bytes, path: bytes) -> bytes | None:
    """The outermost folder above `path`, within `root`, that is a symlink; None if there is none."""
    parts = path.split(b"/")[:-1]
    for depth in range(1, len(parts) + 1):
        above = b"/".join(parts[:depth])
        if os.path.islink(os.path.join(root, above)):
            return above
    return None


def _seen(root: bytes, path: bytes) -> os.stat_result | None:
    """What stands at `path` within `root`; nothing does beyond a symlink, which leads elsewhere."""
    return None if _link_above(root, path) is not None else lstat(os.path.join(root, path))


def _open_folders(root: bytes, path: bytes, opened: dict[bytes, int]) -> None:
    """Give the owner the use of every folder from `root` down to `path`; their modes are put back later."""
    here = root
    for part in (b"", *[part for part in path.split(b"/") if part]):
        here = os.path.join(here, part) if part else here
        seen = lstat(here)
        if seen is None or not stat.S_ISDIR(seen.st_mode):
            return
        mode = stat.S_IMODE(seen.st_mode)
        if mode | stat.S_IRWXU != mode and here not in opened:
            opened[here] = mode
            os.chmod(here, mode | stat.S_IRWXU)


def _remove(path: bytes) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    else:
        os.unlink(path)


def _back_up(path: bytes, slot: bytes) -> None:
    """Keep a file as it is. A hard link is enough: it is never written in place, only replaced."""
    try:
        os.link(path, slot, follow_symlinks=False)
    except OSError:
        _copy(path, slot)
        shutil.copystat(path, slot, follow_symlinks=False)


def _copy(source: bytes, target: bytes) -> None:
    """A durable copy of a regular file."""
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(reading, "rb") as from_file:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(writing, "wb") as to_file:
            shutil.copyfileobj(from_file, to_file, 1 << 20)
            to_file.flush()
            os.fsync(to_file.fileno())


def _slot(backup: Path, at: int) -> bytes:
    return os.path.join(os.fsencode(backup), b"%d" % at)


def _write(path: Path, data: bytes) -> None:
    """Write a small file whole, and durably."""
    temporary = path.with_suffix(".new")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)
    _sync_folder(os.fsencode(path.parent))


def _sync_folder(path: bytes) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_intent(keep: Path) -> _Intent:
    return msgspec.json.decode((keep / _INTENT).read_bytes(), type=_Intent)
