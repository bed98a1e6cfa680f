"""What a command substitution prints at most, where its command says so."""

from __future__ import annotations

import re

from tree_sitter import Node

_OPTION = re.compile(r"--verify|--quiet|-q|--short(=[0-9]+)?")
_REVISION = re.compile(r"[A-Za-z0-9@](?:[A-Za-z0-9_/-]|\.(?!\.))*(?:[~^][0-9]*)*")
"""One revision: where there is none of that name, git prints the word as it stands."""


def is_object_id(words: list[str]) -> bool:
    """Whether the command prints nothing, the id of one object of git, or a revision as it was given."""
    if len(words) < 3 or words[0] != "git" or not all(word.isascii() for word in words):
        return False
    rest = words[2:]
    if words[1] == "rev-parse":
        while rest and _OPTION.fullmatch(rest[0]):
            rest = rest[1:]
        return len(rest) == 1 and bool(_REVISION.fullmatch(rest[0]))
    return words[1] == "merge-base" and len(rest) == 2 and all(map(_REVISION.fullmatch, rest))


def command_of(substitution: Node) -> Node | None:
    """The one plain command in the substitution, its messages aside; None if there is more."""
    inner = [child for child in substitution.named_children if child.type != "comment"]
    only = inner[0] if len(inner) == 1 else None
    if only is not None and only.type == "redirected_statement":
        redirects = only.children_by_field_name("redirect")
        plain = all((each.text or b"") in (b"2>/dev/null", b"2> /dev/null") for each in redirects)
        only = only.child_by_field_name("body") if plain else None
    return only if only is not None and only.type == "command" else None
