"""What Claude Code puts into a folder for itself, which is no change of the run's.

It keeps an empty folder `.claude/.cc-writes` in whatever folder the agent's shell stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from supervisor.shadow.changes import Change, ChangeKind

_OWN_FOLDERS = ("/.claude", "/.claude/.cc-writes")


def without_stand_ins(changes: Iterable[Change]) -> Iterator[Change]:
    """`changes` but for such folders that hold nothing else."""
    kept = list(changes)
    for change in kept:
        own = change.kind is ChangeKind.ADDED and _is_own(change.path)
        if own and not any(_real_below(other, change.path) for other in kept):
            continue
        yield change


def _real_below(change: Change, folder: str) -> bool:
    return change.path.startswith(folder + "/") and not _is_own(change.path)


def _is_own(path: str) -> bool:
    return f"/{path}".endswith(_OWN_FOLDERS)
