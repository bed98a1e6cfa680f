"""Bash quoting: what escapes and quotes stand for."""

from __future__ import annotations

import re

from supervisor.effects.words import Kind, Piece

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LIVE = re.compile(r"[\"'`$;&|<>() \t\n]")
_DOUBLE = re.compile(r"\\([\\\"$`\n])")
_HEREDOC = re.compile(r"\\([\\$`\n])")
_HIDDEN = re.compile(r"`|\$[({\[A-Za-z_0-9@*#?!$-]")
_ANSI = re.compile(
    r"\\(?:([abeEfnrtv\\'\"?])|x([0-9a-fA-F]{1,2}|\{)|([0-7]{1,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))",
    re.DOTALL,
)
_NAMED = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip


def unquoted_is_plain(text: str) -> bool:
    """Whether an unquoted word holds nothing that is live but braces, tildes and globs."""
    rest = _ESCAPED.sub("", text)
    return not rest.endswith("\\") and not _LIVE.search(rest.replace("\\\n", "").removesuffix("$"))


def unescape(text: str) -> list[Piece]:
    """The pieces of an unquoted word: what a backslash precedes is quoted."""
    pieces: list[Piece] = []
    at = 0
    for match in _ESCAPED.finditer(text):
        if match.start() > at:
            pieces.append((text[at : match.start()], Kind.LITERAL))
        if match[1] != "\n":
            pieces.append((match[1], Kind.QUOTED))
        at = match.end()
    if at < len(text):
        pieces.append((text[at:], Kind.LITERAL))
    return pieces


def double_quoted(text: str, *, heredoc: bool = False) -> str | None:
    """The value of text between double quotes, or in a here-document; None if it hides an expansion."""
    if "\\" not in text:
        return None if "`" in text or _HIDDEN.search(text) else text
    escapes = _HEREDOC if heredoc else _DOUBLE
    if _HIDDEN.search(escapes.sub("", text)):
        return None
    return escapes.sub(lambda match: "" if match[1] == "\n" else match[1], text)


def ansi_c(text: str) -> str | None:
    """The value of `$'text'`; None if a NUL cuts it off, it is not valid, or bashes differ (`\\x{…}`)."""

    def one(match: re.Match[str]) -> str:
        named, hexa, octal, short, long, control, other = match.groups()
        if named:
            return _NAMED[named]
        if hexa or octal:
            return chr(int(hexa, 16) if hexa else int(octal, 8) & 255)
        if short or long:
            return chr(int(short or long, 16))
        if control:
            return chr(ord(control) & 31)
        return f"\\{other}"

    try:
        value = _ANSI.sub(one, text)
        value.encode("utf-8")
    except (ValueError, OverflowError):
        return None
    return None if "\0" in value or any(128 <= ord(c) < 256 for c in value) else value
