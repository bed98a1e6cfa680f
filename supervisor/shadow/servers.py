"""The MCP servers of a run, which the sandbox around Bash does not cover: what they can reach.

In a dry run a server that Claude Code starts is a program of the run. It gets no network, unless the operator
trusts it: the reads of a trusted one pass, and need its system. A server elsewhere is reached by Claude Code
itself; there only decisions count. In the other modes servers must reach their systems; what is the
supervisor's, its keys above all, is not there for them.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from supervisor.shadow.shell import without_network, without_supervisor


@dataclass(frozen=True)
class Claudes:
    """What Claude Code writes for itself.

    Attributes:
        transcripts: the folder of this folder's conversations, which outcomes are read from.
        beginnings: the folder of what every command begins with, those that have the network too.
    """

    transcripts: Path
    beginnings: Path


def without_networks(
    offered: Mapping[str, Any], trusted: Collection[str], keep: Claudes, *, able: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The servers as a dry run starts them, and what the operator should know of them, one line each.

    Args:
        offered: entries of an MCP configuration, by name.
        trusted: names of those that keep their network.
        keep: what Claude Code itself writes and they may not.
        able: this machine can cut a program's network.
    """
    programs = [name for name, server in offered.items() if _is_program(server) and name not in trusted]
    elsewhere = [name for name in offered if name not in programs and name not in trusted]
    start = partial(_alone, keep=keep)
    given = {
        name: _started_by(server, start) if able and name not in trusted else server
        for name, server in offered.items()
    }
    cut = (
        "without network; trust one to give it its network ([mcp] trusted)"
        if able
        else "with network, as nothing here can cut it"
    )
    lines = (
        (programs, cut),
        (elsewhere, "elsewhere, which Claude Code itself reaches; their writes are not executed"),
        ([name for name in offered if name in trusted], "with network, as you trust them"),
    )
    return given, tuple(f"MCP servers {what}: {', '.join(names)}" for names, what in lines if names)


def _alone(argv: Sequence[str], keep: Claudes) -> list[str]:
    """What to start instead of a server, inside a shadow: it has no network, and is kept from what is Claude
    Code's. What commands begin with may not be there yet as it starts, so for it they never are."""
    return without_network(argv, kept=[keep.transcripts], away=[keep.beginnings])


def missing_programs(offered: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """What to say of servers whose program is nowhere on `path`: a sandbox that starts one only fails."""
    return tuple(
        f"MCP server {name}: no such program: {server['command']}"
        for name, server in offered.items()
        if _is_program(server) and shutil.which(server["command"], path=path) is None
    )


def without_sight(
    offered: Mapping[str, Any], hidden: Iterable[Path], shown: Iterable[Path]
) -> dict[str, Any]:
    """The servers as the other modes start them: they cannot look into the supervisor.

    Args:
        hidden, shown: as of `without_supervisor`.
    """
    start = partial(without_supervisor, hidden=tuple(hidden), shown=tuple(shown))
    return {name: _started_by(server, start) for name, server in offered.items()}


def _is_program(server: object) -> bool:
    """Whether an entry names a program that Claude Code starts."""
    if not isinstance(server, dict):
        return False
    return server.get("type", "stdio") == "stdio" and isinstance(server.get("command"), str)


def _started_by(server: Any, start: Callable[[list[str]], list[str]]) -> Any:
    """An entry changed so that `start` says what Claude Code starts for it."""
    if _is_program(server):
        words = [str(word) for word in server.get("args") or ()]
        program, *arguments = start([server["command"], *words])
        return {**server, "command": program, "args": arguments}
    if isinstance(server, dict) and isinstance(helper := server.get("headersHelper"), str):
        return {**server, "headersHelper": shlex.join(start(["/bin/sh", "-c", helper]))}
    return server
