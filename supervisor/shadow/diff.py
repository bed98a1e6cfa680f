"""Unified diffs of what changed, for people."""

from __future__ import annotations

import difflib
from pathlib import Path

from supervisor.shadow.changes import Change, NodeType

LIMIT = 1 << 20
"""Bytes; a bigger file is shown by its hash."""


def unified(change: Change, before: Path | None, after: Path | None) -> str | None:
    """A unified diff of one change, or None where there is none to show: binary, huge, or no file.

    Args:
        before: the real file, None if the change has none before.
        after: the file as the run left it, None if it left none.
    """
    old, new = _lines(change, before, old=True), _lines(change, after, old=False)
    if old is None or new is None:
        return None
    names = (f"a/{change.source or change.path}", f"b/{change.path}")
    diff = difflib.unified_diff(
        old,
        new,
        names[0] if change.before is not None else "/dev/null",
        names[1] if change.after is not None else "/dev/null",
    )
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in diff
    )


def _lines(change: Change, path: Path | None, *, old: bool) -> list[str] | None:
    node = change.before if old else change.after
    if node is None:
        return []
    if path is None or node.type is not NodeType.FILE or node.size > LIMIT:
        return None
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "\0" in text:
        return None
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
