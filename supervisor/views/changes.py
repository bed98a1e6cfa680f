"""One file that a run changed in its shadow, as plain data."""

from __future__ import annotations

import msgspec


class FileChange(msgspec.Struct, frozen=True):
    """What became of one path.

    Attributes:
        kind: `added`, `modified`, `deleted`, `renamed`, …, in the words of the change set.
        path: relative to the run's folder.
        source: where a renamed file came from; else empty.
        aspects: in what it differs, where it was there before and after: `content`, `mode`, …
        calls: numbers of the calls that made it; empty where that is not known.
        diff: unified diff, or a line that says why there is none.
    """

    kind: str
    path: str
    source: str = ""
    aspects: tuple[str, ...] = ()
    calls: tuple[int, ...] = ()
    diff: str = ""
