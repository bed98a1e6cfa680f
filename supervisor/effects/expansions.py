"""Expansions and assignments as they stand in the syntax tree, whatever the shell knows."""

from __future__ import annotations

import re
from itertools import pairwise

from tree_sitter import Node

_BEGINS = frozenset(("variable_name", "special_variable_name", "subscript", "#", "!"))
_LIVE_QUOTED = re.compile(rb"[$`\"}\\].")


def is_error(expansion: Node, kinds: list[str]) -> bool:
    """Whether bash finds nothing to expand (`${}`, `${1x}`, `${x!}`), and gives up the rest of the line."""
    if expansion.type != "expansion":
        return False
    if not kinds or "!" in kinds[1:] or (kinds[0] == "#" and "variable_name" in kinds[:-1]):
        return True
    if kinds[0] not in _BEGINS or _stands_apart(expansion.children):
        return True
    name = next((child for child in expansion.named_children if child.type == "variable_name"), None)
    text = (name.text or b"").decode("utf-8", "replace") if name is not None else "x"
    return not ((text.isidentifier() and text.isascii()) or text.isdigit())


def appends_to(assignment: Node) -> bool:
    """Whether the assignment adds to what a variable holds: `+=`."""
    return any(child.type == "+=" for child in assignment.children)


def _stands_apart(parts: list[Node]) -> bool:
    """Whether there is a blank before or after the name: `${x }`."""
    for (before, name), after in zip(pairwise(parts), parts[2:], strict=False):
        if name.type in ("variable_name", "special_variable_name", "subscript"):
            return before.end_byte != name.start_byte or name.end_byte != after.start_byte
    return False


def quotes_nothing(expansion: Node) -> bool:
    """Whether `'…'` in an expansion that is itself quoted holds something live: it quotes nothing there."""
    pending = list(expansion.named_children)
    while pending:
        node = pending.pop()
        if node.type in ("raw_string", "ansi_c_string") and _LIVE_QUOTED.search(node.text or b""):
            return True
        if node.type not in ("command_substitution", "process_substitution", "string"):
            pending += node.named_children
    return False
