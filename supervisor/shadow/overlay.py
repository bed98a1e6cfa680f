"""The `overlay` backend: a kernel overlay over the workspace's own path, in the run's own mount namespace.

Nothing is copied to open one, and the upper folder is the change set. The overlay exists only as long as a
program of the run does; starting another one (a resumed conversation) mounts the same upper folder again.
"""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from supervisor.shadow.attribution import Snapshot, take_snapshot
from supervisor.shadow.backend import Record, Shadow
from supervisor.shadow.changes import ChangeSet, Node
from supervisor.shadow.content import Contents, lstat
from supervisor.shadow.names import as_bytes
from supervisor.shadow.renames import pair_renames
from supervisor.shadow.shell import perl
from supervisor.shadow.standins import without_stand_ins
from supervisor.shadow.upper import UpperWalk
from supervisor.shadow.world import Openings, WorkspaceView, make_layers, plan_world

LAUNCHER = Path(__file__).with_name("contain.pl")


class OverlayShadow(Shadow):
    """A shadow that holds nothing but what changed."""

    def __init__(self, folder: Path, record: Record) -> None:
        super().__init__(folder, record)
        self._contents = Contents()
        make_layers(self.workspace, self.files, self._work)

    @property
    def files(self) -> Path:
        return self.folder / "upper"

    @property
    def _work(self) -> Path:
        return self.folder / "work"

    def wrap(self, argv: Sequence[str], env: Mapping[str, str], openings: Openings) -> list[str]:
        view = WorkspaceView(self.workspace, self.files, self._work)
        return contained(view, self.folder, argv, env, openings, shifted=self.record.shifted)

    def changes(self, *, hash_deleted: bool = False) -> ChangeSet:
        base = os.fsencode(self.workspace)
        walk = UpperWalk(base, os.fsencode(self.files), self._contents, hash_deleted)
        return ChangeSet(
            str(self.workspace), tuple(pair_renames(without_stand_ins(walk.changes()), self._before))
        )

    def snapshot(self) -> Snapshot:
        return take_snapshot(os.fsencode(self.files))

    def _before(self, path: str) -> Node | None:
        real = os.path.join(os.fsencode(self.workspace), as_bytes(path))
        found = lstat(real)
        return None if found is None else self._contents.node(real, found)


def contained(
    view: WorkspaceView,
    folder: Path,
    argv: Sequence[str],
    env: Mapping[str, str],
    openings: Openings,
    *,
    shifted: bool,
) -> list[str]:
    """Write the launcher's plan and say how to start it."""
    plan = folder / "plan"
    temporary = folder / "plan.new"
    temporary.write_bytes(plan_world(view, folder, openings, env, shifted=shifted))
    temporary.rename(plan)
    return [perl(), str(LAUNCHER), str(plan), *argv]
