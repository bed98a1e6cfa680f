"""The way back of an apply that failed in the middle: every path to what it was before."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH108, PTH118

from __future__ import annotations

import os
from contextlib import suppress

from supervisor.plan.durable import copy
from supervisor.plan.forward import Numbered, move_on
from supervisor.plan.inside import Inside
from supervisor.plan.intent import Intent
from supervisor.plan.steps import inverse
from supervisor.shadow.changes import NodeType
from supervisor.shadow.content import Contents, lstat
from supervisor.shadow.names import as_bytes


def move_back(intent: Intent) -> None:
    """Bring every path to its `before`, from the backup, which this uses up. Can be done again.

    Old files come back as themselves, by a rename, where the backup is a second name of them: no room on the
    disk is needed.

    Raises:
        OSError: a step cannot be taken back.
    """
    inside, contents = Inside(intent.root), Contents()
    steps: list[Numbered] = []
    for at, step in enumerate(inverse(intent.steps)):
        name = as_bytes(step.path)
        found = inside.seen(name)
        now = contents.node(inside.path(name), found) if found is not None else None
        if now != step.after:
            steps.append((at, step))
    move_on(intent.root, os.fsencode(intent.staging), steps, lambda at: _old(intent, at))


def _old(intent: Intent, at: int) -> bytes | None:
    """A file on the workspace's file system that is the old one of step `at`, or a copy of it."""
    backup, second = intent.backup(at), intent.second(at)
    before = intent.steps[at].before
    if before is None or before.type is not NodeType.FILE:
        return None
    for each in (second, backup):
        found = lstat(each)
        if found is not None and found.st_dev == os.stat(intent.root).st_dev:  # noqa: PTH116
            return each
    again = os.path.join(os.fsencode(intent.staging), b"again%d" % at)
    with suppress(FileNotFoundError):
        os.unlink(again)
    copy(backup, again, before.mode)
    return again
