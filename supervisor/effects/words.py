"""Words of a command line as far as they are known before it runs: braces, splitting and globs as in bash."""

from __future__ import annotations

import re
from enum import Enum
from itertools import pairwise

import msgspec

_NO_OPTION = re.compile(r"(?:\[0-9A-Za-z\]\*)++(?:$|[\w./:@^~])")
"""Names that begin with no dash, or nothing, and what follows begins with none either."""
MOST_WORDS = 256
"""A brace expansion or a split that yields more words than this is not followed."""


class Word(msgspec.Struct, frozen=True):
    """One word, or what is known of it.

    Attributes:
        text: the word if `exact`; else its known text with `*` where the unknown is.
        exact: this is the whole word, literally, and it is one word.
        lead: how many characters at the beginning of `text` are known for certain (inexact words).
        many: it may become no word or several.
        glob: the unknown part is file names that match: never empty, never with new path parts.
    """

    text: str
    exact: bool = True
    lead: int = 0
    many: bool = False
    glob: bool = False

    @property
    def prefix(self) -> str:
        """What the word is certain to begin with."""
        return self.text if self.exact else self.text[: self.lead]

    @property
    def may_be_option(self) -> bool:
        """Whether the program may take it, or a part of what it becomes, for an option."""
        if self.exact:
            return self.text.startswith("-")
        if self.many and not self.glob:
            return True
        if self.glob and _NO_OPTION.match(self.text):
            return False
        return self.lead == 0 or self.text.startswith("-")

    def tail(self, start: int) -> Word:
        """The word without its first `start` characters (which must be known)."""
        return Word(self.text[start:], self.exact, max(0, self.lead - start), self.many, self.glob)


UNKNOWN = Word("*", exact=False)
UNKNOWN_MANY = Word("*", exact=False, many=True)
NUMBER = Word("#", exact=False)
"""A variable that holds some number."""
COUNT = Word("#", exact=False, many=True)
"""A variable that holds what a command printed: a number, or nothing where the command failed."""
OBJECT_ID = Word("[0-9A-Za-z]*", exact=False, many=True, glob=True)
"""The id of an object of git, the name of one, or nothing: as good as a pattern that may match such names.

A `COUNT` becomes the same where words split.
"""


class Kind(Enum):
    """How a piece of a word came about, which says what bash still does to it."""

    LITERAL = 0  # unquoted source text: braces, tilde and globs are live
    QUOTED = 1  # nothing is live
    EXPANDED = 2  # unquoted result of an expansion: splitting and globs are live
    UNKNOWN = 3  # quoted, value not known
    UNKNOWN_MANY = 4  # unquoted, value not known
    BOUNDED = 5  # one word or nothing, which begins with a letter or a digit


Piece = tuple[str, Kind]
_Char = tuple[str, Kind]


def assemble(pieces: list[Piece], *, split: bool = True, ifs_known: bool = True) -> list[Word]:
    """The words that `pieces` become.

    Args:
        pieces: parts of one word in order.
        split: False where bash neither splits nor globs (assignments, here-strings, `[[`, `case`).
        ifs_known: IFS has its default value; otherwise expanded text may split anywhere.
    """
    if len(pieces) == 1:
        text, kind = pieces[0]
        if kind is Kind.QUOTED:
            return [Word(text)]
        if kind is Kind.UNKNOWN:
            return [UNKNOWN]
        if kind is Kind.UNKNOWN_MANY:
            return [UNKNOWN_MANY if split else UNKNOWN]
        if kind is Kind.BOUNDED:
            return [OBJECT_ID if split else UNKNOWN]
    chars: list[_Char] = []
    for text, kind in pieces:
        if kind in (Kind.UNKNOWN, Kind.UNKNOWN_MANY, Kind.BOUNDED):
            chars.append(("", kind))
        elif not text and kind is Kind.QUOTED:
            chars.append(("", Kind.QUOTED))
        else:
            chars.extend((char, kind) for char in text)
    if not split:
        return [_finish(chars, split=False)]
    braced = _braces(chars, MOST_WORDS)
    if braced is None:
        return [UNKNOWN_MANY]
    words: list[Word] = []
    for one in braced:
        for field in _fields(one, ifs_known):
            words.append(_finish(field, split=True))
            if len(words) > MOST_WORDS:
                return [UNKNOWN_MANY]
    return words


def _fields(chars: list[_Char], ifs_known: bool) -> list[list[_Char]]:
    if all(kind is not Kind.EXPANDED for _, kind in chars):
        return [chars] if chars else []
    if not ifs_known:
        return [[("", Kind.UNKNOWN_MANY) if k is Kind.EXPANDED else (c, k) for c, k in chars]]
    fields: list[list[_Char]] = []
    current: list[_Char] = []
    for char, kind in chars:
        if kind is Kind.EXPANDED and char in " \t\n":
            if current:
                fields.append(current)
                current = []
        else:
            current.append((char, kind))
    if current:
        fields.append(current)
    return fields


def _finish(chars: list[_Char], *, split: bool) -> Word:
    text: list[str] = []
    exact = True
    many = glob = globs = False
    lead = -1
    for char, kind in chars:
        if kind is Kind.BOUNDED and split:
            glob = glob or exact
            globs = True
            exact = False
            lead = len(text) if lead < 0 else lead
            text.append(OBJECT_ID.text)
        elif kind in (Kind.UNKNOWN, Kind.UNKNOWN_MANY, Kind.BOUNDED):
            exact = False
            many = many or (kind is Kind.UNKNOWN_MANY and split)
            glob = False
            lead = len(text) if lead < 0 else lead
            text.append("*")
        elif split and kind is not Kind.QUOTED and char in "*?[":
            glob = glob or exact
            globs = True
            exact = False
            lead = len(text) if lead < 0 else lead
            text.append(char)
        else:
            text.append(char)
    if exact:
        return Word("".join(text))
    plain_glob = glob and not any(k in (Kind.UNKNOWN, Kind.UNKNOWN_MANY) for _, k in chars)
    return Word("".join(text), False, max(lead, 0), many or globs, plain_glob)


def _braces(chars: list[_Char], room: int) -> list[list[_Char]] | None:
    """Brace expansion; None when it yields more than `room` words."""
    start = 0
    while True:
        opening = _find(chars, "{", start)
        if opening < 0:
            return [chars]
        closing, commas = _closing(chars, opening)
        if closing >= 0 and commas:
            edges = [opening, *commas, closing]
            inner = [chars[a + 1 : b] for a, b in pairwise(edges)]
            break
        sequence = _sequence(chars[opening + 1 : closing]) if closing >= 0 else None
        if sequence is not None:
            inner = sequence
            break
        start = opening + 1
    rests = _braces(chars[closing + 1 :], room)
    if rests is None:
        return None
    result: list[list[_Char]] = []
    for middle in inner:
        middles = _braces(middle, room)
        if middles is None:
            return None
        for each in middles:
            for rest in rests:
                result.append(chars[:opening] + each + rest)
                if len(result) > room:
                    return None
    return result


def _find(chars: list[_Char], wanted: str, start: int) -> int:
    for index in range(start, len(chars)):
        char, kind = chars[index]
        if char == wanted and kind is Kind.LITERAL:
            return index
    return -1


def _closing(chars: list[_Char], opening: int) -> tuple[int, list[int]]:
    depth = 0
    commas: list[int] = []
    for index in range(opening, len(chars)):
        char, kind = chars[index]
        if kind is not Kind.LITERAL:
            continue
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return index, commas
        elif char == "," and depth == 1:
            commas.append(index)
    return -1, []


def _sequence(inner: list[_Char]) -> list[list[_Char]] | None:
    if any(kind is not Kind.LITERAL for _, kind in inner):
        return None
    parts = "".join(char for char, _ in inner).split("..")
    if len(parts) not in (2, 3) or not all(parts):
        return None
    first, last = parts[0], parts[1]
    try:
        step = abs(int(parts[2])) or 1 if len(parts) == 3 else 1
        low, high = int(first), int(last)
        width = max(len(first.lstrip("-")), len(last.lstrip("-"))) if _padded(first) or _padded(last) else 0
        letters = False
    except ValueError:
        if len(first) != 1 or len(last) != 1 or not (first + last).isascii():
            return None
        low, high, step, width, letters = ord(first), ord(last), 1, 0, True
    if abs(high - low) // step > MOST_WORDS:
        return [[("", Kind.UNKNOWN_MANY)]]
    values = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
    shown = [chr(value) if letters else f"{value:0{width}d}" for value in values]
    return [[(char, Kind.QUOTED) for char in text] for text in shown]


def _padded(number: str) -> bool:
    digits = number.lstrip("-")
    return len(digits) > 1 and digits.startswith("0")
