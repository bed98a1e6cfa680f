"""Which MCP servers of a run the operator trusts: a definition, never a mere name.

A repository brings servers of its own (`.mcp.json`), under any name. So a name in `[mcp] trusted` stands for
the server that the operator's own Claude configuration defines under it; one that anybody else defines is
trusted as `NAME@DIGEST`, which is that one definition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from supervisor.plan.servers import server_digest

_NOT_IN_TOOLS = re.compile(r"[^A-Za-z0-9_-]")
"""What Claude Code replaces in a server's name where it names its tools."""


class Trust(msgspec.Struct, frozen=True):
    """What the operator's trust comes to in one folder.

    Attributes:
        servers: names of the offered servers that are trusted.
        notes: one line for each that is not, although its name is.
    """

    servers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def trust(words: Iterable[str], offered: Mapping[str, Any], own: Mapping[str, Any]) -> Trust:
    """Who of `offered` is trusted.

    Args:
        words: `[mcp] trusted`: `NAME` or `NAME@DIGEST`.
        offered: the servers of the run, by name, as they are defined.
        own: those that the operator's own Claude configuration defines.
    """
    given = frozenset(words)
    shared = Counter(_in_tools(name) for name in offered)
    servers, notes = [], []
    for name, server in offered.items():
        exact = f"{name}@{server_digest(server)}"
        known = exact in given or (name in given and name in own and own[name] == server)
        if known and shared[_in_tools(name)] == 1:
            servers.append(name)
        elif known:
            notes.append(f"MCP server {name} is not trusted: another one's tools have the same names")
        elif name in given or any(word.startswith(f"{name}@") for word in given):
            notes.append(f"MCP server not trusted, as the folder defines it; you may trust {exact}")
    return Trust(tuple(servers), tuple(notes))


def _in_tools(name: str) -> str:
    return _NOT_IN_TOOLS.sub("_", name)
