"""Brackets of regular expressions: whether a delimiter stands in one, where some programs do not see it."""

from __future__ import annotations


def may_be_open(regex: str) -> bool:
    """Whether a bracket may still be open at the end of `regex`.

    A backslash in a bracket is a character to some programs and escapes to others: both are looked at.
    """
    return _is_open(regex, escapes=True) or _is_open(regex, escapes=False)


def _is_open(regex: str, *, escapes: bool) -> bool:
    at = 0
    while at < len(regex):
        if regex[at] == "[":
            at = _after_bracket(regex, at + 1, escapes)
            if at < 0:
                return True
        else:
            at += 2 if regex[at] == "\\" else 1
    return False


def _after_bracket(regex: str, at: int, escapes: bool) -> int:
    """Where the bracket ends whose inside begins at `at`; -1 if it does not."""
    first = at + regex.startswith("^", at)
    at = first
    while at < len(regex):
        char, after = regex[at], regex[at + 1 : at + 2]
        if char == "]" and at > first:
            return at + 1
        if char == "[" and after and after in ":.=":  # an element like `[:alpha:]` has a `]` of its own
            end = regex.find(after + "]", at + 2)
            if end < 0:
                return -1
            at = end + 2
        else:
            at += 2 if char == "\\" and escapes else 1
    return -1
