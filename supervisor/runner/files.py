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
