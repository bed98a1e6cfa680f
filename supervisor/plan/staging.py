"""The preparation of an apply: new contents staged beside the workspace's files, old ones backed up.

Nothing of the workspace is touched here, and all of it is on disk at the end.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH102, PTH118

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from supervisor.errors import SuperviseError
from supervisor.places import private_dir
from supervisor.plan.durable import copy, side_by_side, sync_folder
from supervisor.plan.intent import Intent
from supervisor.shadow.changes import NodeType
from supervisor.shadow.names import as_bytes


def stage(
    intent: Intent, content: Callable[[str], bytes], progress: Callable[[int, int], None] | None
) -> None:
    """Stage and back up everything.

    Args:
        content: path of a new file's content.
        progress: told (done, all).

    Raises:
        SuperviseError: a content is not what was reviewed.
        OSError: it cannot be done here.
    """
    os.mkdir(os.fsencode(intent.staging), 0o700)
    private_dir(Path(intent.keep) / "backup")

    def prepare(at: int) -> None:
        step = intent.steps[at]
        if step.before is not None and step.before.type is NodeType.FILE:
            _back_up(os.path.join(intent.root, as_bytes(step.path)), step.before.mode, intent, at)
        if step.after is not None and step.after.type is NodeType.FILE:
            found = copy(content(step.content), intent.staged(at), step.after.mode)
            if found != step.after.sha256:
                raise SuperviseError(f"{step.path} is not what was reviewed; nothing was applied")

    for done, _ in enumerate(side_by_side(prepare, range(len(intent.steps))), 1):
        if progress is not None:
            progress(done, len(intent.steps))
    for folder in (os.fsencode(intent.staging), os.path.dirname(intent.backup(0)), intent.root):  # noqa: PTH120
        sync_folder(folder)


def _back_up(path: bytes, mode: int, intent: Intent, at: int) -> None:
    """Keep a file as it is. A hard link is enough: the file is never written in place, only replaced."""
    backup = intent.backup(at)
    try:
        os.link(path, backup, follow_symlinks=False)
    except OSError:
        copy(path, backup, mode, same_times=True)
        with suppress(OSError):
            os.link(path, intent.second(at), follow_symlinks=False)
