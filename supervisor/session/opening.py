"""What Claude Code draws before its handshake, as far as the handshake hangs on it.

There is no terminal emulator here. Two things are looked for in the text as it is drawn: the line that tells
of a failed SessionStart hook, and the line below the prompt box, which comes once no dialog is left.
Source: the screen of Claude Code 2.1.330.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.session.headless import HookBroke, Opened, StreamItem

SEQUENCE = rb"\x1b(?:\[[0-9;:<=>?]*[ -/]*[@-~]|[\]P].*?(?:\x07|\x1b\\)|[ -/]*[0-~])"
"""One control sequence of a terminal."""

_SEQUENCES = re.compile(SEQUENCE, re.DOTALL)
_FAILED = re.compile(rb"SessionStart:\w+\s+hook\s+failed")
_PROMPT = re.compile(rb"don't\s+ask\s+on")
_KEPT = 4_096
"""Bytes of what was drawn last."""


class Opening:
    """Reads what is drawn, piece by piece. Each thing is told once."""

    def __init__(self) -> None:
        self._drawn = b""
        self._opened = False
        self._broke = False

    def see(self, data: bytes) -> Iterator[StreamItem]:
        """What `data`, drawn next, adds to what is known."""
        self._drawn = self._drawn[-_KEPT:] + data
        text = _SEQUENCES.sub(b" ", self._drawn)
        if not self._broke and _FAILED.search(text):
            self._broke = True
            yield HookBroke("SessionStart", "failed")
        if not self._opened and _PROMPT.search(text):
            self._opened = True
            yield Opened()
