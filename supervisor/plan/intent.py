"""The intent record of one apply or undo: what is to be done, and how far it has come.

It lies in a private folder of its own. Whoever finds it after a crash can tell which way to go:
before the commit back to the old state, after it on to the new one, and back again where a step had failed.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import shutil
from enum import StrEnum
from pathlib import Path

import msgspec

from supervisor.places import private_dir
from supervisor.plan.durable import sync_folder, write_whole
from supervisor.plan.steps import Step

_RECORD = "intent.json"


class Phase(StrEnum):
    """How far it has come. One file in the folder bears its name, on disk before what follows from it.

    It goes on by a rename, for which there is room on a full disk.
    """

    NONE = "none"  # nothing is to be done
    STAGING = "staging"  # the workspace is as it was
    COMMITTED = "committed"  # it is being brought to the new state
    REVERTING = "reverting"  # a step had failed: it is being brought back to the old state
    DONE = "done"  # it is in the new state


class Intent(msgspec.Struct, frozen=True):
    """What is to be done.

    Attributes:
        workspace: absolute path.
        staging: folder beside the workspace's files: new contents before they are renamed into place, and
            second names of old ones where the backup lies on another file system.
        keep: the private folder; `backup` in it holds the old contents.
    """

    workspace: str
    staging: str
    keep: str
    steps: tuple[Step, ...]

    @property
    def root(self) -> bytes:
        """The workspace."""
        return os.fsencode(self.workspace)

    def staged(self, at: int) -> bytes:
        """Where the new content of step `at` waits."""
        return os.path.join(os.fsencode(self.staging), b"%d" % at)

    def second(self, at: int) -> bytes:
        """A second name of the old content of step `at`, on the workspace's own file system."""
        return os.path.join(os.fsencode(self.staging), b"old%d" % at)

    def backup(self, at: int) -> bytes:
        """The old content of step `at`."""
        return os.path.join(os.fsencode(self.keep), b"backup", b"%d" % at)


def phase(keep: Path) -> Phase:
    """How far the apply or undo of this folder has come."""
    if not (keep / _RECORD).exists():
        return Phase.NONE
    return next(each for each in Phase if (keep / each.value).exists())


def begin(keep: Path, workspace: Path, steps: tuple[Step, ...]) -> Intent:
    """Write down what is to be done, before anything is."""
    private_dir(keep)
    _clear(keep)
    write_whole(keep / Phase.STAGING.value, b"")
    staging = workspace / f".supervise-apply-{os.urandom(8).hex()}"
    intent = Intent(str(workspace), str(staging), str(keep), steps)
    write_whole(keep / _RECORD, msgspec.json.encode(intent))
    return intent


def mark(intent: Intent, reached: Phase) -> None:
    """Write down how far it has come."""
    keep = Path(intent.keep)
    (keep / phase(keep).value).rename(keep / reached.value)
    sync_folder(os.fsencode(keep))


def forget(intent: Intent) -> None:
    """The old state stands: nothing is to be done any more."""
    _clear(Path(intent.keep))


def _clear(keep: Path) -> None:
    (keep / _RECORD).unlink(missing_ok=True)
    sync_folder(os.fsencode(keep))  # the record goes first: a phase without one means nothing
    for each in Phase:
        (keep / each.value).unlink(missing_ok=True)
    shutil.rmtree(keep / "backup", ignore_errors=True)
    sync_folder(os.fsencode(keep))


def read_intent(keep: Path) -> Intent:
    """What was to be done."""
    return msgspec.json.decode((keep / _RECORD).read_bytes(), type=Intent)
