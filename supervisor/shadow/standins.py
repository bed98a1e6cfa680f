"""What Claude Code and its sandbox put into a folder for themselves, which is no change of the run's.

Around each Bash call the sandbox covers files that must not be written (`.bashrc`, `.mcp.json`,
`.claude/hooks`, …). Where they do not exist it makes empty, read-only ones first; it removes them afterwards,
unless it is killed.
Claude Code itself keeps an empty folder `.claude/.cc-writes`. Both happen in whatever folder the
agent's shell stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from supervisor.shadow.changes import Change, ChangeKind, NodeType

_OWN_FOLDERS = ("/.claude", "/.claude/.cc-writes")
_MARK = ".claude-sandbox-noreplace"
_IN_GIT = frozenset(
    {f".git/{name}" for name in ("config.worktree", "glab-cli", "info", "remotes", "worktrees")}
    | {f".git/objects/info{name}" for name in ("", "/alternates", "/commit-graphs")}
)
"""Places in a repository that the sandbox of Claude Code 2.1.330 covers, and so makes where they are missing;
these stay."""


def without_stand_ins(changes: Iterable[Change]) -> Iterator[Change]:
    """`changes` but for stand-ins, and for the folders that hold nothing else."""
    kept = [change for change in changes if not _stands_in(change)]
    # `git init` makes this one itself, and leaves it empty
    made = {".git/objects/info"} if any(_is_new(change, ".git") for change in kept) else set()
    for change in reversed(list(kept)):  # what is inside goes first
        if change.path in made or not _empty_in_git(change):
            continue
        if not any(o.path.startswith(change.path + "/") for o in kept):
            kept.remove(change)
    for change in kept:
        own = change.kind is ChangeKind.ADDED and _is_own(change.path)
        if own and not any(_real_below(other, change.path) for other in kept):
            continue
        yield change


def _is_new(change: Change, path: str) -> bool:
    return change.kind is ChangeKind.ADDED and change.path == path


def _empty_in_git(change: Change) -> bool:
    """A place that the sandbox covers and found missing, if nothing was put there since."""
    empty = change.after is not None and change.after.size == 0
    place = change.path in _IN_GIT or (change.path.startswith(".git/") and change.path.endswith(_MARK))
    return change.kind is ChangeKind.ADDED and empty and place


def _real_below(change: Change, folder: str) -> bool:
    return change.path.startswith(folder + "/") and not _is_own(change.path)


def _is_own(path: str) -> bool:
    return f"/{path}".endswith(_OWN_FOLDERS)


def _stands_in(change: Change) -> bool:
    folder, _, name = change.path.rpartition("/")
    node = change.after
    return (
        change.kind is ChangeKind.ADDED
        and node is not None
        and (node.type, node.mode, node.size) == (NodeType.FILE, 0o444, 0)
        and ((not folder and name.startswith(".")) or f"/{folder}".endswith("/.claude"))
    )
