"""Looking at paths of a workspace without ever leaving it: a symlink above a path leads somewhere else."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH114, PTH118, PTH120

from __future__ import annotations

import os

from supervisor.shadow.changes import NodeType
from supervisor.shadow.content import lstat, node_type


class Inside:
    """A workspace as it is looked at during one pass.

    Which folders are symlinks is asked once each: keep one only while none of the folders above what is
    asked for is replaced.
    """

    def __init__(self, root: bytes) -> None:
        self.root = root
        self._links: dict[bytes, bytes | None] = {b"": None}

    def path(self, name: bytes) -> bytes:
        """The absolute path of `name`, which is relative to the workspace; `.` is the workspace."""
        return os.path.join(self.root, name) if name != b"." else self.root

    def link_above(self, name: bytes) -> bytes | None:
        """The outermost folder above `name`, within the workspace, that is a symlink; None if none is."""
        folder = os.path.dirname(name)
        if folder not in self._links:
            above = self.link_above(folder)
            if above is None and os.path.islink(os.path.join(self.root, folder)):
                above = folder
            self._links[folder] = above
        return self._links[folder]

    def seen(self, name: bytes) -> os.stat_result | None:
        """What stands at `name`, symlinks not followed; nothing does beyond a symlink."""
        return None if self.link_above(name) is not None else lstat(self.path(name))


def is_folder(found: os.stat_result | None) -> bool:
    """Whether an lstat speaks of a folder."""
    return found is not None and node_type(found) is NodeType.FOLDER
