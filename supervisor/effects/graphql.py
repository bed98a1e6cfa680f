"""Whether a GraphQL document only asks: by the language's rules a query has no side effect."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[A-Za-z_]\w*|[{}()\[\]]|"', re.DOTALL)
_OPENING, _CLOSING = frozenset("{(["), frozenset("})]")
_ACTS = frozenset(("mutation", "subscription"))
_STARTS = frozenset(("query", "fragment", "{"))


def only_asks(document: str) -> bool:
    """Whether every operation of `document` is a query. False where it is not understood."""
    depth, first = 0, ""
    for token in _TOKEN.findall(document):
        if token.startswith("#") or (len(token) > 1 and token.startswith('"')):
            continue
        if token == '"' or (depth == 0 and token in _ACTS):
            return False
        first = first or token
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth < 0:
            return False
    return depth == 0 and first in _STARTS
