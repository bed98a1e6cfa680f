"""Closed sets of names, written as they read best: words apart by blanks."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())
