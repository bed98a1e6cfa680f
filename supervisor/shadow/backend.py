"""A shadow: a run's folder, copy on write. One interface, whatever the machine can do."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from supervisor.shadow.attribution import Snapshot
from supervisor.shadow.changes import ChangeSet
from supervisor.shadow.names import as_bytes
from supervisor.shadow.world import Openings

RECORD = "shadow.json"


class BackendKind(StrEnum):
    """How a shadow is made.

    `overlay` keeps only what changed and stands at the workspace's own path; `clone` is a whole copy.
    """

    OVERLAY = "overlay"
    CLONE = "clone"


_LINKS = "a write to one name of a hard-linked file leaves its other names as they were"
UNLIKE_LIVE = {
    BackendKind.OVERLAY: "unlike live, in the shadow a folder that was there before cannot be renamed, only"
    f" copied (EXDEV, as across file systems; a clone can), and {_LINKS}",
    BackendKind.CLONE: f"unlike live, in the shadow {_LINKS}",
}
"""What programs can notice of a shadow, for the operator: see docs/shadow.md."""


class Record(msgspec.Struct, frozen=True):
    """What a shadow remembers of itself, so that it is found and understood after a crash or a reboot.

    Attributes:
        workspace: absolute real path of the folder it shadows.
        opened: seconds since the Unix epoch.
        contained: programs run in it see the rest of the machine read-only and at the workspace's own path.
        shifted: root's programs run in it under user ids that own nothing outside.
        skipped: paths the clone left out, relative to the workspace, as `names.as_text` writes them.
    """

    backend: BackendKind
    workspace: str
    opened: float
    contained: bool
    shifted: bool = False
    skipped: tuple[str, ...] = ()


class Shadow(ABC):
    """One run's copy-on-write workspace. It lasts until it is discarded: longer than its run, or the
    machine's.

    Attributes:
        folder: everything the shadow keeps; nothing of it is visible inside.
        record: what it is.
    """

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        self.record = record

    @property
    def workspace(self) -> Path:
        """The real folder."""
        return Path(self.record.workspace)

    @property
    def cwd(self) -> Path:
        """The folder as programs in the shadow know it; the workspace's own path where that can be."""
        return self.workspace if self.record.contained else self.files

    @property
    @abstractmethod
    def files(self) -> Path:
        """Where, seen from outside, the changed files lie, by their path in the workspace."""

    @abstractmethod
    def wrap(self, argv: Sequence[str], env: Mapping[str, str], openings: Openings) -> list[str]:
        """What to start instead of `argv` so that it, and all it starts, lives in the shadow.

        The program started must not outlive its parent: it dies with it, and everything below dies with it.
        The environment and the open descriptors 0 to 2 are passed through; start it anywhere.
        """

    @abstractmethod
    def changes(self, *, hash_deleted: bool = False) -> ChangeSet:
        """What differs from the workspace as it stands now. Works while the run does, and long after.

        Args:
            hash_deleted: also hash files that were deleted, which costs reading them.
        """

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """How the shadow stands now, for `attribution.Ledger`."""

    def content(self, path: str) -> bytes:
        """Where a changed file lies, as the run left it. `path` as in a change set."""
        return os.path.join(os.fsencode(self.files), as_bytes(path))


def write_record(folder: Path, record: Record) -> None:
    """Keep the record. It comes last when a shadow is made: a folder without one is no shadow."""
    temporary = folder / f"{RECORD}.new"
    temporary.write_bytes(msgspec.json.encode(record))
    temporary.rename(folder / RECORD)
