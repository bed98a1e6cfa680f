"""File names as text that JSON, terminals and people can hold, without losing a byte.

A name is bytes on disk. As text, a backslash is doubled and a byte that is no UTF-8 reads `\\xNN`; everything
else, newlines included, stands for itself.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(rb"\\(?:\\|x([0-9a-f]{2}))")


def as_text(name: bytes) -> str:
    """The text of a name or relative path."""
    return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def as_bytes(text: str) -> bytes:
    """The name or relative path that `as_text` made into `text`."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]) if found[1] else b"\\", text.encode("utf-8"))
