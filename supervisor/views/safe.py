"""The one sanitiser: every text an agent can influence passes here before a terminal or a widget sees it.

Nothing that a terminal would obey, reorder or hide comes out: escape sequences, control characters,
bidirectional overrides, invisible characters, lone surrogates and undecodable bytes are all replaced by
something visible. Markup is not handled here: callers put the result into `Content` or `Text`, never `str`.

The cost is bounded by the limits, not by the size of the text.
"""

from __future__ import annotations

import re

LINE_LIMIT = 240
"""Characters kept of a text that is shown on one line."""

BLOCK_LINES = 400
"""Lines kept of a text that is shown as a block."""

BLOCK_LINE_LIMIT = 2_000
"""Characters kept of each line of a block."""

BLOCK_LIMIT = 64_000
"""Characters kept of a whole block."""

_KEEPS_SHAPE = "\u2190-\u2bff\U0001f000-\U0001faff"

_ODD = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3164"
    "\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
    "]"
    "|[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3,}"
)
_EMOJI_SHAPE = re.compile(f"(?<=[{_KEEPS_SHAPE}])\ufe0f(?![\ufe00-\ufe0f])")
_SPACES = frozenset("\u00a0\u1680\u202f\u205f") | frozenset(chr(c) for c in range(0x2000, 0x200B))
_NAMES = {
    0x200B: "ZWSP",
    0x200C: "ZWNJ",
    0x200D: "ZWJ",
    0x200E: "LRM",
    0x200F: "RLM",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
    0x00AD: "SHY",
    0xFEFF: "BOM",
}


def _visible(match: re.Match[str]) -> str:
    """The visible stand-in for one character (or one pile of combining marks)."""
    text = match.group()
    if len(text) > 1:
        return f"{text[:2]}⟨{len(text) - 2} more marks⟩"
    code = ord(text)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if text in _SPACES:
        return "⍽"
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is not UTF-8
        return f"⟨x{code - 0xDC00:02X}⟩"
    return f"⟨{_NAMES.get(code) or f'U+{code:04X}'}⟩"


def _clean(text: str) -> str:
    """`text` with every odd character made visible; newlines and tabs are odd here too."""
    if text.isascii() and text.isprintable():
        return text
    return _ODD.sub(_visible, _EMOJI_SHAPE.sub("", text))


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """`text` as one line that is safe to show.

    Args:
        text: anything.
        limit: characters of the original to keep; what is cut is said in a note.

    Returns:
        One line without newline, tab or any other control character. Newlines show as `⏎`.
    """
    cut = len(text) - limit
    if cut > 0:
        text = text[:limit]
    line = _clean(text.replace("\r\n", "\n").replace("\n", " ⏎ ").replace("\t", " "))
    return f"{line}… [{cut:,} more characters]" if cut > 0 else line


def many_lines(
    text: str, *, lines: int = BLOCK_LINES, line_limit: int = BLOCK_LINE_LIMIT, limit: int = BLOCK_LIMIT
) -> str:
    """`text` as several lines that are safe to show.

    Args:
        text: anything.
        lines: lines to keep.
        line_limit: characters to keep of each line.
        limit: characters to look at in all.

    Returns:
        Lines joined by `\\n`, without any other control character; each cut is said in a note where it is.
    """
    kept: list[str] = []
    at, looked = 0, 0
    while at <= len(text) and len(kept) < lines and looked < limit:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        take = min(end - at, line_limit, limit - looked)
        line = _clean(text[at : at + take].removesuffix("\r").expandtabs(4))
        cut = end - at - take
        kept.append(f"{line}… [{cut:,} more characters]" if cut else line)
        looked += take + 1
        at = end + 1
    if at <= len(text):
        rest = text.count("\n", at) + 1
        kept.append(f"[{rest:,} more {'line' if rest == 1 else 'lines'}, {len(text) - at:,} characters]")
    return "\n".join(kept)
