"""Whether a run has changed, in its shadow, what tells programs how to behave.

A command line that only reads is given the network. But what `git ls-remote` or `curl` do is also said by
files that the command line does not name: a repository's configuration, `.curlrc`. Once the run has changed
one of those, such a command is not known any more.
"""

# Names on disk are bytes here, and listing is all that is wanted.
# ruff: noqa: PTH208

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from supervisor.shadow.backend import Shadow

_NO_SETTINGS = frozenset(
    (".bash_history", ".cache", ".claude", ".claude.json", ".java", ".lesshst", ".local", ".npm", "tmp")
)
"""What programs keep at home that tells none of them what to do. A program below `.local` is none that a rule
knows."""

_OF_A_REPOSITORY = (".git/config", ".git/config.worktree", ".git/hooks")


def changed_settings(shadow: Shadow, folder: Path, *, git: bool) -> str:
    """The first file or folder of settings that the run has written, for a person to read; empty if none.

    Args:
        folder: where a command is about to run.
        git: those of a repository count, too.
    """
    return _changed_at_home(shadow.folder) or (_changed_in_repository(shadow, folder) if git else "")


def _changed_at_home(kept: Path) -> str:
    for layer in sorted(kept.glob("home*/upper")):
        below = layer.parent.name.removeprefix("home")
        if below in _NO_SETTINGS:
            continue
        for name in sorted(os.listdir(layer)):
            own = name.startswith(".claude.json")  # Claude Code keeps copies of it beside it
            if below or not (own or name in _NO_SETTINGS):
                return f"~/{below}/{name}" if below else f"~/{name}"
    return ""


def _changed_in_repository(shadow: Shadow, folder: Path) -> str:
    tops = {Path()}
    with suppress(ValueError):
        tops |= {folder.relative_to(shadow.workspace), *folder.relative_to(shadow.workspace).parents}
    for top in sorted(tops):
        for name in _OF_A_REPOSITORY:
            if _differs(shadow.files / top / name, shadow.workspace / top / name):
                return str(top / name)
    return ""


def _differs(ours: Path, real: Path) -> bool:
    """Whether `ours` is there and is not what `real` is; an overlay holds only what was written."""
    try:
        if ours.is_dir() and not ours.is_symlink():
            return any(_differs(ours / name, real / name) for name in os.listdir(ours))
        return os.path.lexists(ours) and (ours.is_symlink() or ours.read_bytes() != real.read_bytes())
    except OSError:
        return True
