"""Where each key of a TOML document stands. `tomllib` reads values but forgets lines; this remembers only
lines.

The text must be valid TOML: the scanner walks its structure (tables, arrays of tables, dotted keys, inline
tables, arrays, all four kinds of strings) and reads no values.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Keys and array positions from the top, e.g. `("reads", 0, "tool")`."""

_SPACE = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key, table header and array element of a valid TOML document."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest thing around it that has one; 1 if there is none."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


class _Scanner:
    """One walk over one document."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._elements: dict[Path, int] = {}

    def document(self) -> None:
        """Tables and their keys, to the end."""
        table: Path = ()
        self._skip(_GAP)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_GAP)

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: the path that the keys below it belong to."""
        line = self._here()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        path: Path = ()
        for key in self._key():
            path = (*self._within(path), key)
            self._note(path, line)
        self._at += 2 if is_array else 1
        if is_array:
            self._elements[path] = self._elements.get(path, -1) + 1
            path = self._within(path)
        self._note(path, line)
        return path

    def _within(self, path: Path) -> Path:
        """`path`, or its last element so far if it is an array of tables."""
        return (*path, self._elements[path]) if path in self._elements else path

    def _pair(self, table: Path) -> None:
        """`key = value`, in a table or an inline table."""
        line = self._here()
        path = table
        for key in self._key():
            path = (*path, key)
            self._note(path, line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> tuple[str, ...]:
        """A dotted key; afterwards the scanner stands behind it and the space that follows."""
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            bare = _BARE.match(self._text, self._at)
            if bare:
                keys.append(bare[0])
                self._at = bare.end()
            else:
                keys.append(_unquoted(self._string()))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return tuple(keys)
            self._at += 1

    def _value(self, path: Path) -> None:
        self._note(path, self._here())
        if self._text.startswith("[", self._at):
            self._array(path)
        elif self._text.startswith("{", self._at):
            self._inline_table(path)
        elif self._text[self._at : self._at + 1] in ('"', "'"):
            self._string()
        else:
            self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self._at += 1
        position = 0
        self._skip(_GAP)
        while self._at < len(self._text) and not self._text.startswith("]", self._at):
            self._value((*path, position))
            position += 1
            self._separator()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._skip(_GAP)
        while self._at < len(self._text) and not self._text.startswith("}", self._at):
            self._pair(path)
            self._separator()
        self._at += 1

    def _separator(self) -> None:
        self._skip(_GAP)
        if self._text.startswith(",", self._at):
            self._at += 1
            self._skip(_GAP)

    def _string(self) -> str:
        """The source of the string that begins here."""
        for kind in _STRINGS:
            found = kind.match(self._text, self._at)
            if found:
                self._at = found.end()
                return found[0]
        raise ValueError(f"no TOML string at offset {self._at}")

    def _skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _here(self) -> int:
        """The line the scanner stands on."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _note(self, path: Path, line: int) -> None:
        self.found.setdefault(path, line)


def _unquoted(source: str) -> str:
    """The text of a quoted key."""
    if source.startswith("'"):
        return source[1:-1]
    return _ESCAPE.sub(_unescaped, source[1:-1])


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if code[0] in "uU" else _ESCAPED.get(code, code)
