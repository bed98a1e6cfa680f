"""Which modes of its terminal a program has switched on: a screen that joins later must be in the same ones.

A program says them once, when it starts; nobody may be looking then. Without them a paste would arrive as
typed lines, and the mouse not at all. Contents are not kept: what is on the screen, the program draws anew.
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    rb"\x1b\[(?:\?(?P<private>[0-9;]+)(?P<on>[hl])|>(?P<push>[0-9]+)u|<(?P<pop>[0-9]*)u|>4(?:;(?P<keys>[0-9]))?m)"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[?<>]?[0-9;]{0,32})?\Z")

_KEPT = (
    b"1",
    b"25",
    b"1000",
    b"1002",
    b"1003",
    b"1004",
    b"1005",
    b"1006",
    b"1015",
    b"1016",
    b"2004",
    b"2031",
)
"""Cursor keys, cursor, mouse, focus, paste and colour reports. Not the other screen: whoever shows the
program decides that."""

LEAVE = (
    b"\x1b[?2026l\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    b"\x1b[?1004l\x1b[?2031l\x1b[?1l\x1b[<9u\x1b[>4m\x1b[?25h\x1b[0 q\x1b[r\x1b[0m"
)
"""Undoes whatever a program may have switched on."""


class Modes:
    """Follows a program's output and remembers the modes it set."""

    def __init__(self) -> None:
        self._private: dict[bytes, bytes] = {}
        self._keyboard: list[bytes] = []
        self._other_keys = b""
        self._rest = b""

    def see(self, data: bytes) -> None:
        """Take the next bytes of the output; sequences may be cut anywhere."""
        data = self._rest + data
        cut = _UNFINISHED.search(data)
        self._rest = data[cut.start() :] if cut else b""
        for found in _SEQUENCE.finditer(data):
            if (numbers := found["private"]) is not None:
                self._private.update((n, found["on"]) for n in numbers.split(b";") if n in _KEPT)
            elif (flags := found["push"]) is not None:
                self._keyboard.append(flags)
            elif (count := found["pop"]) is not None:
                del self._keyboard[-int(count or 1) :]
            else:
                self._other_keys = found["keys"] or b""

    def replay(self) -> bytes:
        """The sequences that bring a fresh terminal into the same modes."""
        private = b"".join(b"\x1b[?" + number + on for number, on in self._private.items())
        keyboard = b"".join(b"\x1b[>" + flags + b"u" for flags in self._keyboard[-1:])
        return private + keyboard + (b"\x1b[>4;" + self._other_keys + b"m" if self._other_keys else b"")
