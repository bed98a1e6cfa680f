"""The classifier's door to the file system: look-ups only, no open of anything but small regular files."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path


class LocalFiles:
    """This machine's files as the agent's tools would find them.

    Args:
        path: the agent's PATH.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def real(self, path: str) -> str:
        """`path` with every symlink resolved, as far as it exists."""
        return os.path.realpath(path)

    def which(self, program: str) -> str | None:
        """Where the agent's PATH finds `program`, symlinks resolved; None if nowhere."""
        found = shutil.which(program, path=self._path)
        return os.path.realpath(found) if found else None

    def text(self, path: str, limit: int = 65_536) -> str | None:
        """The file's text if it is a regular UTF-8 file of at most `limit` bytes, else None."""
        try:
            seen = Path(path).stat()
            if not stat.S_ISREG(seen.st_mode) or seen.st_size > limit:
                return None
            return Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    def names(self, path: str) -> tuple[str, ...] | None:
        """The entries of the folder `path`; None if it cannot be listed or has more than 10,000."""
        try:
            with os.scandir(path) as entries:
                found = tuple(entry.name for entry, _ in zip(entries, range(10_001), strict=False))
        except (OSError, ValueError):
            return None
        return found if len(found) <= 10_000 else None
