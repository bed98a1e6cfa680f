"""The classifier's door to the file system: look-ups only, no open of anything but small regular files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from supervisor.gate.peer import has_other

_LINKS = 40
"""More symlinks on one way than the kernel follows."""


class LocalFiles:
    """This machine's files as the agent's tools would find them.

    Args:
        path: the agent's PATH.
        root: the file system as a process of the run sees it, as `/proc/<pid>/root`: with its shadow and its
            private folders, and what was changed in them. Empty: as we see it.
    """

    def __init__(self, path: str, root: str = "") -> None:
        self._path = path
        self._root = root

    def seen_by(self, pid: int) -> LocalFiles:
        """The files as process `pid` of the run sees them.

        Where it may not be asked, nothing is found: better than to take the real files for its own.
        """
        other = has_other("mnt", pid)
        if other is False or (other is None and not Path(f"/proc/{pid}/ns").exists()):
            return self  # as we do; or it is gone, or the system has no such folder
        return LocalFiles(self._path, f"/proc/{pid}/root")

    def real(self, path: str) -> str:
        """`path` with every symlink resolved, as far as it exists."""
        return _resolved(self._root, path) if self._root else os.path.realpath(path)

    def which(self, program: str) -> str | None:
        """Where the agent's PATH finds `program`, symlinks resolved; None if nowhere."""
        folders = [""] if "/" in program else [each for each in self._path.split(":") if each]
        for folder in folders:
            found = self.real(f"{folder}/{program}" if folder else program)
            here = self._root + found
            if os.access(here, os.X_OK) and not Path(here).is_dir():
                return found
        return None

    def text(self, path: str, limit: int = 65_536) -> str | None:
        """The file's text if it is a regular UTF-8 file of at most `limit` bytes, else None."""
        here = Path(self._root + self.real(path))
        try:
            seen = here.lstat()
            if not stat.S_ISREG(seen.st_mode) or seen.st_size > limit:
                return None
            return here.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    def names(self, path: str) -> tuple[str, ...] | None:
        """The entries of the folder `path`; None if it cannot be listed or has more than 10,000."""
        try:
            with os.scandir(self._root + self.real(path)) as entries:
                found = tuple(entry.name for entry, _ in zip(entries, range(10_001), strict=False))
        except (OSError, ValueError):
            return None
        return found if len(found) <= 10_000 else None

    def lies(self, path: str) -> bool | None:
        """Whether anything lies at `path`, if only a symlink to nowhere; None if none can tell."""
        folder, _, name = path.rpartition("/")
        try:
            Path(f"{self._root}{self.real(folder or '/').rstrip('/')}/{name}").lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, ValueError):
            return None
        return True


def _resolved(root: str, path: str) -> str:
    """As `os.path.realpath`, in the file system below `root`: an absolute symlink in there leads there."""
    done = "/"
    ahead = path.split("/")[::-1]
    links = 0
    while ahead:
        part = ahead.pop()
        if part in ("", "."):
            continue
        if part == "..":
            done = done.rpartition("/")[0] or "/"
            continue
        here = f"{done.rstrip('/')}/{part}"
        try:
            link = os.readlink(root + here) if links < _LINKS else ""  # noqa: PTH115 (called often)
        except (OSError, ValueError):
            link = ""  # no symlink, or nothing there
        if not link:
            done = here
            continue
        links += 1
        done = "/" if link.startswith("/") else done
        ahead += link.split("/")[::-1]
    return done
