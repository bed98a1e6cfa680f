"""What is mounted where, and who listens on which socket file, as this process sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_OCTAL = re.compile(r"\\([0-7]{3})")

NEEDED_OF_RUN = ("/run/current-system", "/run/opengl-driver")
"""What lies in /run of some systems and is no state of theirs: programs, and what they load."""


@dataclass(frozen=True)
class Mount:
    """One mount: its path and the type of its file system (`ext4`, `overlay`, `nfs4`, …)."""

    path: str
    kind: str


def mounts() -> tuple[Mount, ...]:
    """All mounts, in the order they were made; none where the system does not tell (macOS)."""
    try:
        text = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    except OSError:
        return ()
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        found.append(Mount(_plain(left.split(" ")[4]), right.split(" ")[0]))
    return tuple(found)


def mount_of(path: Path) -> Mount:
    """The mount that `path` (real, absolute) lies on."""
    best = Mount("/", "unknown")
    for mount in mounts():
        if is_below(str(path), mount.path) and len(mount.path) >= len(best.path):
            best = mount
    return best


def mounts_below(path: Path, mounted: tuple[Mount, ...]) -> tuple[str, ...]:
    """Paths of those of the mounts that lie strictly below `path`, outermost first."""
    found = {m.path for m in mounted if m.path != str(path) and is_below(m.path, str(path))}
    return tuple(sorted(found))


def listening_sockets() -> tuple[str, ...]:
    """Paths of the socket files somebody listens on."""
    try:
        lines = Path("/proc/net/unix").read_text(errors="surrogateescape").splitlines()[1:]
    except OSError:
        return ()
    paths = set()
    for line in lines:
        words = line.split(maxsplit=7)
        # flag 0x10000: a stream socket that accepts; datagram sockets (type 2) take without accepting
        listens = len(words) == 8 and (int(words[3], 16) & 0x10000 or words[4] == "0002")
        if listens and words[7].startswith("/"):
            paths.add(words[7])
    return tuple(sorted(paths))


def is_below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it, going by the text of both."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
