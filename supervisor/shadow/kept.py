"""The life of shadows: opened, found again after their run, measured, discarded."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH101, PTH106, PTH108

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from supervisor.errors import ContainmentError
from supervisor.places import Places, private_dir
from supervisor.shadow.backend import RECORD, BackendKind, Record, Shadow, write_record
from supervisor.shadow.capabilities import Capabilities
from supervisor.shadow.clone import CloneShadow, ignored_giants
from supervisor.shadow.copying import Progress
from supervisor.shadow.overlay import OverlayShadow


@dataclass(frozen=True)
class Kept:
    """A shadow on disk.

    Attributes:
        run_id: the run it belongs to.
        folder: where it lies.
    """

    run_id: str
    folder: Path
    record: Record


def shadow_folder(places: Places, run_id: str) -> Path:
    """Where the shadow of a run lies."""
    return places.run_state(run_id) / "shadow"


def open_shadow(
    places: Places,
    run_id: str,
    workspace: Path,
    capabilities: Capabilities,
    *,
    backend: BackendKind | None = None,
    skip_ignored_over: int | None = None,
    progress: Progress | None = None,
) -> Shadow:
    """Open the shadow of a run, or the one it has already.

    Args:
        capabilities: what the machine can do, as `probe` found it for this workspace.
        backend: force one; None takes the best.
        skip_ignored_over: bytes above which what git ignores stays out of a clone; None copies everything.
        progress: told how far a clone is.

    Raises:
        ContainmentError: the backend cannot be had here.
        OSError: the copy failed.
    """
    folder = shadow_folder(places, run_id)
    with suppress(FileNotFoundError):
        return reopen(folder)
    chosen = backend or capabilities.backend
    if chosen is BackendKind.OVERLAY and not capabilities.overlay:
        missing = "; ".join(part.why for part in capabilities.missing)
        raise ContainmentError(f"This machine cannot open an overlay over {workspace}: {missing}")
    real = workspace.resolve()
    private_dir(places.run_state(run_id))
    private_dir(folder)
    record = Record(
        chosen,
        str(real),
        time.time(),
        contained=capabilities.contained,
        shifted=capabilities.shifted,
        skipped=ignored_giants(real, skip_ignored_over)
        if chosen is BackendKind.CLONE and skip_ignored_over is not None
        else (),
    )
    shadow = _shadow(folder, record)
    if isinstance(shadow, CloneShadow):
        shadow.make(progress)
    write_record(folder, record)
    return shadow


def reopen(folder: Path) -> Shadow:
    """The shadow that lies in `folder`.

    Raises:
        FileNotFoundError: there is none, or it was never finished.
    """
    return _shadow(folder, msgspec.json.decode((folder / RECORD).read_bytes(), type=Record))


def find_shadows(places: Places) -> tuple[Kept, ...]:
    """All shadows of this user, the oldest first; those of runs that crashed, and before a reboot, too."""
    found = []
    for path in (places.state / "runs").glob(f"*/shadow/{RECORD}"):
        with suppress(OSError, msgspec.DecodeError):
            record = msgspec.json.decode(path.read_bytes(), type=Record)
            found.append(Kept(path.parent.parent.name, path.parent, record))
    return tuple(sorted(found, key=lambda kept: kept.record.opened))


def size_of(folder: Path) -> int:
    """Bytes a shadow takes on disk, as far as we may look; what vanishes meanwhile counts for nothing."""
    total = 0
    stack = [os.fsencode(folder)]
    while stack:
        with suppress(OSError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
    return total


def discard(folder: Path) -> None:
    """Remove a shadow and all it holds. The workspace is not touched. A second call does nothing.

    The record goes first: what is left of a discard cut short is not taken for a shadow.
    """
    (folder / RECORD).unlink(missing_ok=True)
    if folder.exists():
        _remove(os.fsencode(folder))


def _remove(folder: bytes) -> None:
    # The kernel leaves its work folder closed, and the agent may have closed some of its own.
    mode = stat.S_IMODE(os.lstat(folder).st_mode)
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(folder, mode | stat.S_IRWXU)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _remove(entry.path)
            else:
                os.unlink(entry.path)
    os.rmdir(folder)


def _shadow(folder: Path, record: Record) -> Shadow:
    if record.backend is BackendKind.OVERLAY:
        return OverlayShadow(folder, record)
    return CloneShadow(folder, record)
