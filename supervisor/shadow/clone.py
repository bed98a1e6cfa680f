"""The `clone` backend: a whole copy of the folder. Works anywhere, and costs what the folder holds.

Where the machine can contain programs the copy stands at the workspace's own path; elsewhere (macOS) the
agent works at the copy's. `changes` compares both trees entry by entry; contents only where an entry is not
as it was when the copy was made.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118, PTH208

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from supervisor.shadow.attribution import Snapshot, take_snapshot
from supervisor.shadow.backend import Record, Shadow
from supervisor.shadow.changes import Change, ChangeKind, ChangeSet, Node, NodeType
from supervisor.shadow.content import Contents, lstat, node_type, open_to_owner
from supervisor.shadow.copying import Progress, copy_tree, cost_of
from supervisor.shadow.names import as_bytes, as_text
from supervisor.shadow.overlay import contained
from supervisor.shadow.renames import pair_renames
from supervisor.shadow.standins import without_stand_ins
from supervisor.shadow.world import Openings, WorkspaceView

_Key = tuple[int, int]


class CloneShadow(Shadow):
    """A shadow that is a copy."""

    def __init__(self, folder: Path, record: Record) -> None:
        super().__init__(folder, record)
        self._contents = Contents()
        self._skipped = frozenset(as_bytes(path) for path in record.skipped)
        self._untouched: dict[str, _Key] | None = None

    @property
    def files(self) -> Path:
        return self.folder / "clone"

    @property
    def _manifest(self) -> Path:
        return self.folder / "clone.json"

    def make(self, progress: Progress | None = None) -> None:
        """Copy the workspace.

        Raises:
            OSError: as `copy_tree`.
        """
        total = cost_of(self.workspace, self._skipped).size if progress is not None else 0
        copy_tree(self.workspace, self.files, skipped=self._skipped, total=total, progress=progress)
        kept = {as_text(path): (key[1], key[-1]) for path, key in self._leaves().items()}
        self._manifest.write_bytes(msgspec.json.encode(kept))

    def wrap(self, argv: Sequence[str], env: Mapping[str, str], openings: Openings) -> list[str]:
        if not self.record.contained:
            return list(argv)
        view = WorkspaceView(self.workspace, self.files, None)
        return contained(view, self.folder, argv, env, openings, shifted=self.record.shifted)

    def changes(self, *, hash_deleted: bool = False) -> ChangeSet:
        if self._untouched is None:
            self._untouched = msgspec.json.decode(self._manifest.read_bytes(), type=dict[str, _Key])
        found = pair_renames(without_stand_ins(self._folder(b"", hash_deleted)), self._before)
        return ChangeSet(str(self.workspace), tuple(found))

    def snapshot(self) -> Snapshot:
        return take_snapshot(os.fsencode(self.files))

    def _leaves(self) -> dict[bytes, tuple[int, ...]]:
        return {path: key for path, key in self.snapshot().entries.items() if len(key) > 2}

    def _folder(self, path: bytes, hash_deleted: bool) -> Iterator[Change]:
        base, copy = self._both(path)
        old, new = os.lstat(base), os.lstat(copy)
        before, after = self._contents.node(base, old), self._contents.node(copy, new, ours=True)
        if before != after:
            yield Change(as_text(path) or ".", ChangeKind.MODIFIED, before, after)
        with open_to_owner(copy):
            was, now = _names(base), _names(copy)
            for name in sorted(was | now):
                below = os.path.join(path, name)
                if below not in self._skipped:
                    yield from self._entry(below, hash_deleted)

    def _entry(self, path: bytes, hash_deleted: bool) -> Iterator[Change]:
        base, copy = self._both(path)
        old, new = lstat(base), lstat(copy)
        both_folders = (
            old is not None
            and new is not None
            and node_type(old) is NodeType.FOLDER
            and node_type(new) is NodeType.FOLDER
        )
        if both_folders:
            yield from self._folder(path, hash_deleted)
        elif new is None:
            if old is not None and node_type(old) not in (NodeType.SOCKET, NodeType.DEVICE):
                yield from self._deleted(path, old, hash_deleted)
        elif old is None or not self._as_copied(path, new):
            before = None if old is None else self._contents.node(base, old)
            after = self._contents.node(copy, new, ours=True)
            if before != after:
                kind = ChangeKind.ADDED if before is None else ChangeKind.MODIFIED
                yield Change(as_text(path), kind, before, after)
            if old is not None and node_type(old) is NodeType.FOLDER:
                for name in _names(base):
                    yield from self._gone(os.path.join(path, name), hash_deleted)
            if node_type(new) is NodeType.FOLDER:
                with open_to_owner(copy):
                    for name in _names(copy):
                        yield from self._entry(os.path.join(path, name), hash_deleted)

    def _gone(self, path: bytes, hash_deleted: bool) -> Iterator[Change]:
        old = lstat(self._both(path)[0])
        if old is not None:
            yield from self._deleted(path, old, hash_deleted)

    def _deleted(self, path: bytes, old: os.stat_result, hash_deleted: bool) -> Iterator[Change]:
        base = self._both(path)[0]
        node = self._contents.node(base, old, hashed=hash_deleted)
        yield Change(as_text(path), ChangeKind.DELETED, node, None)
        if node.type is NodeType.FOLDER:
            for name in _names(base):
                yield from self._gone(os.path.join(path, name), hash_deleted)

    def _as_copied(self, path: bytes, new: os.stat_result) -> bool:
        """Whether the copy's file is as it was made: the kernel sets ctime at every change."""
        assert self._untouched is not None
        return self._untouched.get(as_text(path)) == (new.st_ino, new.st_ctime_ns)

    def _both(self, path: bytes) -> tuple[bytes, bytes]:
        base, copy = os.fsencode(self.workspace), os.fsencode(self.files)
        return (os.path.join(base, path), os.path.join(copy, path)) if path else (base, copy)

    def _before(self, path: str) -> Node | None:
        real = self._both(as_bytes(path))[0]
        found = lstat(real)
        return None if found is None else self._contents.node(real, found)


def ignored_giants(workspace: Path, over: int) -> tuple[str, ...]:
    """What git ignores in `workspace` and is bigger than `over` bytes, as record paths. None without git."""
    listed = subprocess.run(
        ["git", "-C", str(workspace), "ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory"],
        capture_output=True,
        check=False,
    )
    found = []
    for name in listed.stdout.split(b"\0"):
        path = name.rstrip(b"/")
        full = Path(os.fsdecode(os.path.join(os.fsencode(workspace), path)))
        if path and not full.is_symlink() and full.exists():
            size = cost_of(full).size if full.is_dir() else full.stat().st_size
            if size > over:
                found.append(as_text(path))
    return tuple(found)


def _names(folder: bytes) -> set[bytes]:
    try:
        return set(os.listdir(folder))
    except (PermissionError, NotADirectoryError, FileNotFoundError):
        return set()
