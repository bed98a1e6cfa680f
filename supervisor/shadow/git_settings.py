"""Whether git in the folder of a live run still does what it did when the run began.

Where there is no shadow, what the run writes in its folder is real: hooks and configuration of the repository
too. They tell git what to start, and a command that goes to another system starts it outside of the sandbox,
with the rights of the operator. So such a command goes only while they stand as they stood, or once the
operator has looked.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

_SETTINGS = ("config", "config.worktree", "hooks", "modules/*/config", "modules/*/hooks")
"""Of a `.git` folder; globs."""

_STARTS = re.compile(r"(-c|--config-env|--exec-path|--receive-pack|--upload-pack|--exec)(=|$)")
"""Options by which a command line itself says what git starts."""

_PLACES = re.compile(r"(-C|cd|pushd|--git-dir|--work-tree)(=|$)")
"""What says in which repository it works."""

_SMALL = 1 << 22
"""Bytes of a file whose content is compared; of a bigger one inode, size and time of change are."""

_VALUE = re.compile(r"^\s*([\w-]+)\s*=\s*(.*)$", re.MULTILINE)


class GitSettings:
    """The settings of the repository in `workspace`, as they stood when this was made."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        try:
            self._began = dict(_looked_at(workspace))
        except OSError:
            self._began = {}  # nothing is known, so what is seen later is news

    def changed(self, folder: Path, command: str) -> str:
        """Why `command`, run in `folder`, may not do what its words say, for a person to read; empty if it
        does."""
        try:
            words = shlex.split(command)
        except ValueError:
            return "nobody can read its words"
        if started := next(filter(_STARTS.match, words), ""):
            return f"{started} may say what git starts"
        for before, word in zip(["", *words], words, strict=False):
            if re.search(r"[$`*?]", word) and (_PLACES.match(before) or _PLACES.match(word)):
                return f"nobody knows which repository {word} is"
        try:
            for place in (folder, *folder.parents, *(folder / word.rpartition("=")[2] for word in words)):
                if own := self._own_repository(place):
                    return f"{own} is a repository of its own, which nobody looked at when the run began"
            now = dict(_looked_at(self._workspace))
        except OSError as cause:
            return f"what tells git what to do cannot be read: {cause}"
        differ = sorted(name for name, _state in now.items() ^ self._began.items())
        return f"since the run began {differ[0]} was changed" if differ else ""

    def _own_repository(self, place: Path) -> str:
        """The folder inside the workspace, other than itself, that is one; empty if `place` leads to none."""
        try:
            inside = place.resolve()
            inside = inside.parent if inside.name == ".git" else inside
            if inside == self._workspace or not inside.is_relative_to(self._workspace):
                return ""
            bare = (inside / "HEAD").is_file() and (inside / "config").is_file()
            return str(inside.relative_to(self._workspace)) if bare or (inside / ".git").exists() else ""
        except (OSError, ValueError):  # no path at all, as most words are none
            return ""


def _looked_at(workspace: Path) -> Iterator[tuple[str, str]]:
    """Each setting by its path in `workspace`, and what tells whether it has changed."""
    git = workspace / ".git"
    yield ".git", _state(git)
    for path in sorted(each for glob in _SETTINGS for each in git.glob(glob)):
        yield from _files(workspace, path)
    for name, value in _VALUE.findall(_text(git / "config")):
        for word in value.replace('"', " ").replace("!", " ").split():
            yield from _files(workspace, workspace / word)
            if name.lower() == "path":  # of an `include`
                yield from _files(workspace, git / word)


def _files(workspace: Path, path: Path) -> Iterator[tuple[str, str]]:
    """A file, or a folder of them, that a setting names inside `workspace`: a folder of hooks, a program, a
    bare repository."""
    if not path.resolve().is_relative_to(workspace) or path.resolve() == workspace:
        return
    listed = [path, *(sorted(path.iterdir()) if path.is_dir() else ())]
    if (path / "hooks").is_dir():
        listed += sorted((path / "hooks").iterdir())
    for each in listed:
        yield str(each.relative_to(workspace)) if each.is_relative_to(workspace) else str(each), _state(each)


def _state(path: Path) -> str:
    """What `path` is: its target, the digest of its content and whether it can be started, or its type."""
    link = str(path.readlink()) if path.is_symlink() else ""
    if path.is_file():
        at = path.stat()
        content = (
            hashlib.sha256(path.read_bytes()).hexdigest()
            if at.st_size <= _SMALL
            else f"{at.st_ino} {at.st_size} {at.st_ctime_ns}"
        )
        return f"{link} {bool(at.st_mode & 0o111)} {content}"
    return f"{link} {'folder' if path.is_dir() else 'nothing'}"


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""
