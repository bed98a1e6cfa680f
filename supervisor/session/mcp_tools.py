"""Which of their tools MCP servers call read-only. Asked in a process of its own, only of trusted servers.

    python -P -m supervisor.session.mcp_tools CONFIG SERVER…     prints {"server": ["tool", …], …}

A server that does not answer is left out: its tools then stay writes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_SERVER_TIMEOUT_S = 10.0
_TIMEOUT_S = 15.0


async def read_only_tools(
    config: Path, servers: Sequence[str], *, cwd: str, env: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """Per server of `servers` the tools it calls read-only; empty where none answers in time.

    Args:
        config: the MCP configuration of the run, as Claude Code gets it.
        servers: names of trusted servers.
        cwd: folder the servers start in.
        env: their environment.
    """
    if not servers:
        return {}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "supervisor.session.mcp_tools",
        str(config),
        *servers,
        cwd=cwd,
        env={**env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            out, _ = await process.communicate()
        told = json.loads(out)
    except (TimeoutError, ValueError):
        if process.returncode is None:
            process.kill()
            await process.wait()
        return {}
    return {server: frozenset(tools) for server, tools in told.items()}


async def _ask(server: Mapping[str, Any]) -> list[str]:
    """Tools of one server that carry `readOnlyHint: true`."""
    from mcp import Client, StdioServerParameters

    where: StdioServerParameters | str
    if server.get("command"):
        where = StdioServerParameters(
            command=str(server["command"]),
            args=[str(word) for word in server.get("args") or ()],
            env={str(key): str(value) for key, value in (server.get("env") or {}).items()} or None,
        )
    else:
        where = str(server["url"])
    async with asyncio.timeout(_SERVER_TIMEOUT_S), Client(where) as client:
        tools = (await client.list_tools()).tools
    return [tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint]


async def _main(config: Path, names: Sequence[str]) -> None:
    servers = json.loads(config.read_text(encoding="utf-8")).get("mcpServers", {})
    present = [name for name in names if name in servers]
    answers = await asyncio.gather(*(_ask(servers[name]) for name in present), return_exceptions=True)
    told = {name: answer for name, answer in zip(present, answers, strict=True) if isinstance(answer, list)}
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), sys.argv[2:]))
