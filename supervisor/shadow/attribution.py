"""Who changed what: snapshots of a shadow between calls, and the ledger that credits calls with paths."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from supervisor.shadow.changes import ChangeSet
from supervisor.shadow.names import as_text

Key = tuple[int, ...]


@dataclass(frozen=True)
class Snapshot:
    """How every entry of a folder stood at one moment, without reading any content."""

    entries: Mapping[bytes, Key] = field(default_factory=dict, repr=False)

    def differs_from(self, earlier: Snapshot) -> tuple[str, ...]:
        """Paths that came, went or changed since `earlier`, sorted, as `names.as_text` writes them."""
        old, new = earlier.entries, self.entries
        changed = [path for path, key in new.items() if old.get(path) != key]
        changed += [path for path in old if path not in new]
        return tuple(sorted(as_text(path) for path in changed))


def take_snapshot(root: bytes) -> Snapshot:
    """A snapshot of everything below `root`; what vanishes while we look counts as gone."""
    entries: dict[bytes, Key] = {}
    stack = [b""]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as found:
                for entry in found:
                    path = os.path.join(folder, entry.name)
                    at = entry.stat(follow_symlinks=False)
                    if stat.S_ISCHR(at.st_mode):
                        # The kernel makes all its deletion marks links to one, which changes with each.
                        entries[path] = (at.st_mode, at.st_rdev)
                    elif stat.S_ISDIR(at.st_mode):
                        # A folder's times change with what is in it, which is listed for itself.
                        entries[path] = (at.st_mode, at.st_ino)
                        stack.append(path)
                    else:
                        entries[path] = (at.st_mode, at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns)
        except (FileNotFoundError, PermissionError):
            continue
    return Snapshot(entries)


class Touched(msgspec.Struct, frozen=True):
    """Paths that changed between two looks, and the calls that were running then.

    More than one call only where they ran at the same time, so that nobody can tell.
    """

    calls: tuple[str, ...]
    paths: tuple[str, ...]


class Ledger:
    """Credits changes to calls. Tell it when a call starts and ends, with a snapshot of that moment.

    What changed while a call in the foreground ran is that call's; what changed outside any is that of the
    commands still running in the background. What nobody can have made is credited to no call (`calls`
    empty).
    """

    def __init__(self, start: Snapshot, earlier: tuple[Touched, ...] = ()) -> None:
        """`earlier` is what a previous ledger of the same shadow had recorded."""
        self._last = start
        self._foreground: dict[str, None] = {}
        self._background: dict[str, None] = {}
        self._touched = list(earlier)

    @property
    def touched(self) -> tuple[Touched, ...]:
        """All that was recorded, in order; enough to start a ledger from again."""
        return tuple(self._touched)

    def started(self, call: str, now: Snapshot) -> Touched | None:
        """A call is about to run. What is returned changed before it."""
        found = self.look(now)
        self._foreground[call] = None
        return found

    def ended(self, call: str, now: Snapshot, *, still_running: bool = False) -> Touched | None:
        """A call has answered; `still_running` if it left a command in the background."""
        found = self.look(now)
        if self._foreground.pop(call, self) is None and still_running:
            self._background[call] = None
        return found

    def finished(self, call: str, now: Snapshot) -> Touched | None:
        """A command in the background has ended."""
        found = self.look(now)
        self._background.pop(call, None)
        return found

    def look(self, now: Snapshot) -> Touched | None:
        """Credit what changed since the last look; None if nothing did."""
        paths = now.differs_from(self._last)
        self._last = now
        if not paths:
            return None
        found = Touched(tuple(self._foreground or self._background), paths)
        self._touched.append(found)
        return found


def attribute(changes: ChangeSet, touched: tuple[Touched, ...]) -> ChangeSet:
    """`changes` with the calls that made each filled in.

    A path without a record of its own (a file in a folder that was deleted whole) has that of the nearest
    folder above it.
    """
    record: dict[str, dict[str, None]] = {}
    for each in touched:
        for path in each.paths:
            record.setdefault(path, {}).update(dict.fromkeys(each.calls))

    def of(path: str) -> tuple[str, ...]:
        while path not in record and "/" in path:
            path = path.rpartition("/")[0]
        return tuple(record.get(path, ()))

    return msgspec.structs.replace(
        changes,
        changes=tuple(
            msgspec.structs.replace(
                change,
                calls=tuple(dict.fromkeys((of(change.source) if change.source else ()) + of(change.path))),
            )
            for change in changes.changes
        ),
    )
