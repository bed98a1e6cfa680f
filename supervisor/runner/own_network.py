"""The network of a run's own commands, as seen from outside: what they serve on it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from supervisor.session.family import descendants
from supervisor.shadow.shell import HOLDER

_LISTENS = "0A"
"""The state of a listening socket in `/proc/<pid>/net/tcp` (see proc_pid_net(5))."""


class OwnNetwork:
    """The network that the commands of one run share.

    Args:
        runner: process id of the run's runner, from which all its processes descend.
    """

    def __init__(self, runner: int) -> None:
        self._runner = runner
        self._holder = 0

    def served(self) -> frozenset[int]:
        """TCP ports that somebody listens on in it."""
        if not _holds(self._holder):
            self._holder = next(filter(_holds, descendants(self._runner)), 0)
        found = set()
        for kind in ("tcp", "tcp6"):
            with suppress(OSError):
                for line in Path(f"/proc/{self._holder}/net/{kind}").read_text().splitlines()[1:]:
                    _, local, _, state, *_ = line.split()
                    if state == _LISTENS:
                        found.add(int(local.rpartition(":")[2], 16))
        return frozenset(found)


def _holds(pid: int) -> bool:
    if not pid:
        return False
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(HOLDER.encode())
    return False
