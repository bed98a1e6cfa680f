"""Which paths belong to the supervisor itself, for a run in one folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

import supervisor
from supervisor.config.layers import FILE_NAME
from supervisor.places import Places, shipped

_LAUNCH_FILES = (".mcp.json", ".claude/settings.json", ".claude/settings.local.json")


class OwnPaths(msgspec.Struct, frozen=True):
    """Path prefixes as `Rulings` takes them.

    Attributes:
        own: journal, runs, sockets: neither read nor written.
        own_writes: configuration, rule packs in force, the program itself: not written.
        guarded: files of the workspace that shape what is launched there next time: real writes are held.
    """

    own: tuple[str, ...]
    own_writes: tuple[str, ...]
    guarded: tuple[str, ...]


def own_paths(places: Places, workspace: Path, profile_folders: Iterable[Path] = ()) -> OwnPaths:
    """The supervisor's own paths, each as it is named and with its symlinks resolved.

    The program's own code counts only where it lies outside the workspace: whoever works on the program
    itself must be able to.

    Args:
        places: the operator's folders.
        workspace: the run's folder.
        profile_folders: folders whose rule packs are in force.
    """
    code = Path(supervisor.__file__).parent
    writes = [places.config, workspace / FILE_NAME, shipped("profiles"), *profile_folders]
    if not code.resolve().is_relative_to(workspace.resolve()):
        writes.append(code)
    return OwnPaths(
        own=_both((places.state, places.runtime)),
        own_writes=_both(writes),
        guarded=_both(workspace / name for name in _LAUNCH_FILES),
    )


def _both(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(each) for path in paths for each in (_absolute(path), path.resolve())))


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.absolute() keeps `..`
