"""Putting a change set onto the real folder, whole or not at all, and taking it back.

1. Every target must still be what the rehearsal saw, else nothing is touched (`file_drift`).
2. An intent record is kept (`intent`); new contents are staged beside the workspace's files and old ones
   backed up, all of it on disk before step 3 (`staging`).
3. A commit mark is written. Before it, a crash leaves the old state; after it, the new one is finished.
4. Files are renamed into place, folders made and removed (`forward`). Where that fails, everything is put
   back (`back`), and a mark says so first.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from supervisor.errors import Exit, FolderError, SuperviseError
from supervisor.plan import intent as record
from supervisor.plan.back import move_back
from supervisor.plan.durable import sync_folder
from supervisor.plan.file_drift import Drift, DriftError, drift_of, strange
from supervisor.plan.forward import move_on
from supervisor.plan.intent import Intent, Phase
from supervisor.plan.staging import stage
from supervisor.plan.steps import Step, inverse, steps_of
from supervisor.shadow.changes import Change
from supervisor.shadow.content import lstat


class FilesError(SuperviseError):
    """The files could not be put in place, and why; the old state stands."""

    code = Exit.DENIED_WRITES_LEFT


class HalfwayError(SuperviseError):
    """The files can be brought neither to the new nor back to the old state, and why; nothing is lost."""

    code = Exit.DENIED_WRITES_LEFT


class Recovery(StrEnum):
    """What a crashed apply or undo was brought to."""

    NOTHING = "nothing to do"
    ROLLED_BACK = "rolled back"
    FINISHED = "finished"


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
        FilesError: a step failed, or a rehearsed file is not what was reviewed; the old state stands.
        HalfwayError: a step failed, and so did the way back; the next `recover_apply` tries again.
    """
    steps = steps_of(changes)
    if drift := drift_of(workspace, steps):
        raise DriftError(drift)
    _put(workspace, steps, content, keep, progress)


def undo_files(keep: Path, *, check_only: bool = False) -> tuple[Drift, ...]:
    """Put back what an apply changed, from its backup; crash-safe in the same way.

    Returns:
        What differs from what the apply made, and so was not undone; nothing is touched then. Empty: undone.

    Raises:
        SuperviseError: there is nothing to undo.
        FilesError, HalfwayError: as `apply_files`.
    """
    recover_apply(keep)
    recover_undo(keep)
    back = _undo_folder(keep)
    if record.phase(keep) is not Phase.DONE or record.phase(back) is Phase.DONE:
        raise SuperviseError("there is nothing to undo")
    intent = record.read_intent(keep)
    steps = inverse(intent.steps)
    drift = drift_of(Path(intent.workspace), steps)
    if drift or check_only:
        return drift
    slots = {step.path: intent.backup(at) for at, step in enumerate(intent.steps)}
    _put(Path(intent.workspace), steps, slots.__getitem__, back, None)
    return ()


def recover_apply(keep: Path) -> Recovery:
    """Bring what a crash left to exactly the old or exactly the new state.

    Raises:
        HalfwayError: it cannot be done now; nothing is lost, and the next time tries again.
    """
    reached = record.phase(keep)
    if reached in (Phase.NONE, Phase.DONE):
        return Recovery.NOTHING
    intent = record.read_intent(keep)
    if reached is Phase.STAGING:
        _drop(intent)
        return Recovery.ROLLED_BACK
    if strangers := strange(Path(intent.workspace), intent.steps):
        raise HalfwayError(
            f"{intent.workspace} is between its old and its new state, and {strangers[0]} was changed since",
            cure=f"Move it away; then any `supervise` command goes on. The old files are in {intent.keep}.",
        )
    if reached is Phase.COMMITTED:
        with suppress(OSError):
            _finish(intent)
            return Recovery.FINISHED
    _revert(intent)
    return Recovery.ROLLED_BACK


def is_cut_off(keep: Path) -> bool:
    """Whether the apply in `keep`, or its undo, was begun and neither finished nor rolled back."""
    settled = (record.Phase.NONE, record.Phase.DONE)
    return any(record.phase(each) not in settled for each in (keep, _undo_folder(keep)))


def recover_undo(keep: Path) -> Recovery:
    """The same for an undo of the apply in `keep`."""
    return recover_apply(_undo_folder(keep))


def _undo_folder(keep: Path) -> Path:
    return keep / "undo"


def _put(
    workspace: Path,
    steps: tuple[Step, ...],
    content: Callable[[str], bytes],
    keep: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    try:
        intent = record.begin(keep, workspace, steps)
        try:
            stage(intent, content, progress)
            record.mark(intent, Phase.COMMITTED)
        except BaseException:
            recover_apply(keep)
            raise
        try:
            _finish(intent)
        except OSError:
            _revert(intent)
            raise
    except FolderError as cause:
        raise FilesError(f"nothing was changed: {cause}", cure=cause.cure) from cause
    except OSError as cause:
        raise FilesError(f"nothing was changed: {_words(cause)}", cure=_cure(cause)) from cause


def _finish(intent: Intent) -> None:
    def staged(at: int) -> bytes | None:
        path = intent.staged(at)
        return path if lstat(path) is not None else None

    move_on(intent.root, os.fsencode(intent.staging), list(enumerate(intent.steps)), staged)
    _remove_staging(intent)
    record.mark(intent, Phase.DONE)


def _revert(intent: Intent) -> None:
    try:
        record.mark(intent, Phase.REVERTING)
        move_back(intent)
        _drop(intent)
    except OSError as cause:
        raise HalfwayError(
            f"{intent.workspace} is between its old and its new state: {_words(cause)}",
            cure=f"{_cure(cause)} Then any `supervise` command brings it back; the old files are"
            f" in {intent.keep}.".lstrip(),
        ) from cause


def _drop(intent: Intent) -> None:
    _remove_staging(intent)
    record.forget(intent)


def _remove_staging(intent: Intent) -> None:
    shutil.rmtree(os.fsencode(intent.staging), ignore_errors=True)
    sync_folder(intent.root)


def _words(cause: OSError) -> str:
    named = [os.fsdecode(each) for each in (cause.filename, cause.filename2) if each is not None]
    return f"{cause.strerror or cause}" + (f" ({', '.join(named)})" if named else "")


def _cure(cause: OSError) -> str:

    match cause.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "Make room on that disk."
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return "Make it writable."
        case _:
            return ""
