"""The MCP servers of a dry run, which the sandbox around Bash does not cover: whom the network is left to.

A server that Claude Code starts is a program of the run. It gets no network, unless the operator trusts it:
the reads of a trusted one pass, and need its system. A server elsewhere is reached by Claude Code itself;
there only decisions count.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from typing import Any

from supervisor.shadow.shell import without_network


def without_networks(
    offered: Mapping[str, Any], trusted: Collection[str], *, able: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The servers as a dry run starts them, and what the operator should know of them, one line each.

    Args:
        offered: entries of an MCP configuration, by name.
        trusted: names of those that keep their network.
        able: this machine can cut a program's network.
    """
    programs = [name for name, server in offered.items() if _is_program(server) and name not in trusted]
    elsewhere = [name for name in offered if name not in programs and name not in trusted]
    given = {
        name: _cut_off(server) if able and name not in trusted else server for name, server in offered.items()
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


def _is_program(server: object) -> bool:
    """Whether an entry names a program that Claude Code starts."""
    if not isinstance(server, dict):
        return False
    return server.get("type", "stdio") == "stdio" and isinstance(server.get("command"), str)


def _cut_off(server: Any) -> Any:
    """An entry changed so that what Claude Code starts for it has no network."""
    if _is_program(server):
        words = [str(word) for word in server.get("args") or ()]
        program, *arguments = without_network([server["command"], *words])
        return {**server, "command": program, "args": arguments}
    if isinstance(server, dict) and isinstance(helper := server.get("headersHelper"), str):
        return {**server, "headersHelper": shlex.join(without_network(["/bin/sh", "-c", helper]))}
    return server
