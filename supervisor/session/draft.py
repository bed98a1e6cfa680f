"""Whether somebody has begun to write in the prompt box and not sent it."""

from __future__ import annotations

import re

_PASTE = re.compile(rb"\x1b\[200~.*?\x1b\[201~|\\\r", re.DOTALL)
"""A paste, and the two keys that make a new line: text, whatever stands in it."""

_NO_TEXT = re.compile(rb"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]|\x1bO.|\x1b[P\]].*?(?:\x07|\x1b\\)|\x1b.?", re.DOTALL)
"""Special keys, mouse and focus reports, answers of the terminal."""

_EMPTIES = re.compile(rb"[\r\x03]")
"""Return sends what stands there, Ctrl-C takes it away."""


def drafted(keys: bytes, before: bool) -> bool:
    """Whether a draft stands in the box after `keys`. One that was rubbed out key by key still counts.

    Args:
        keys: what was typed.
        before: whether one stood there already.
    """
    typed = _NO_TEXT.sub(b"", _PASTE.sub(b"p", keys))
    *emptied, rest = _EMPTIES.split(typed)
    return any(byte >= 0x20 and byte != 0x7F for byte in rest) or (before and not emptied)
