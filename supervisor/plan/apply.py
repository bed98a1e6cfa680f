"""Applying an approved plan: files in one pass, then what was not executed in the rehearsal, in its order."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from supervisor.errors import SuperviseError
from supervisor.journal.events import Outcome
from supervisor.plan.files import apply_files
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.plan.servers import configured_servers, server_digest
from supervisor.shadow.changes import Change

_RESULT_LIMIT = 8_192
_MCP_TIMEOUT_S = 120.0


class Applied(msgspec.Struct, frozen=True):
    """What became of one item."""

    item: Item
    outcome: Outcome
    result: str


def apply_plan(
    plan: Plan,
    content: Callable[[str], bytes],
    keep: Path,
    mcp_config: Path,
    environment: Mapping[str, str],
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Applied]:
    """Do what `plan` says, yielding each item as it is done; the first failure is the last item yielded.

    Args:
        content: path of a changed file as the run left it.
        keep: private folder of this apply, for its intent record and backup.
        mcp_config: the MCP configuration of the run.
        environment: that of the run's agent, for its commands and its MCP servers.

    Raises:
        DriftError: the world has moved on; nothing was applied.
        SuperviseError, OSError: the files could not be put in place; the old state is restored.
    """
    files = [item for item in plan.items if item.kind is ItemKind.FILES]
    changes: dict[str, Change] = {change.path: change for item in files for change in item.changes}
    if changes:
        apply_files(Path(plan.workspace), list(changes.values()), content, keep, progress)
    for item in files:
        yield Applied(item, Outcome.EXECUTED, f"{len(item.changes)} file changes")
    for item in plan.items:
        if item.kind is ItemKind.FILES:
            continue
        applied = _do(item, plan.workspace, mcp_config, environment)
        yield applied
        if applied.outcome is not Outcome.EXECUTED:
            return


def _do(item: Item, workspace: str, mcp_config: Path, environment: Mapping[str, str]) -> Applied:
    try:
        match item.kind:
            case ItemKind.COMMAND:
                return _command(item, workspace, environment)
            case ItemKind.MCP:
                return asyncio.run(_mcp_call(item, mcp_config, environment))
            case _:
                return Applied(
                    item, Outcome.NOT_EXECUTED, f"only Claude Code itself can make a {item.tool} call"
                )
    except (OSError, SuperviseError, TimeoutError) as cause:
        return Applied(item, Outcome.FAILED, str(cause))


def _command(item: Item, workspace: str, environment: Mapping[str, str]) -> Applied:
    """Run a command as the agent's shell would have."""
    done = subprocess.run(
        ["/bin/bash", "-c", str(item.input.get("command", ""))],
        cwd=Path(workspace) / item.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env={**environment, "CLAUDECODE": "1"},
    )
    said = done.stdout.decode("utf-8", "replace")[-_RESULT_LIMIT:]
    if done.returncode != 0:
        return Applied(item, Outcome.FAILED, f"exit {done.returncode}: {said}")
    return Applied(item, Outcome.EXECUTED, said)


async def _mcp_call(item: Item, config: Path, environment: Mapping[str, str]) -> Applied:
    """Make the call, through the official client, to the server the run was configured with."""
    from mcp import Client, StdioServerParameters

    _prefix, server, tool = item.tool.split("__", 2)
    known = configured_servers(config)
    if server not in known:
        raise SuperviseError(f"the run had no MCP server {server!r}")
    if server_digest(known[server]) != item.server:
        raise SuperviseError(f"the MCP server {server!r} is not the one that was approved")
    where: StdioServerParameters | str = str(known[server].get("url", ""))
    if known[server].get("command"):
        where = StdioServerParameters(
            command=str(known[server]["command"]),
            args=[str(word) for word in known[server].get("args") or ()],
            env={**environment, **{str(k): str(v) for k, v in (known[server].get("env") or {}).items()}},
        )
    async with asyncio.timeout(_MCP_TIMEOUT_S), Client(where) as client:
        answer = await client.call_tool(tool, item.input)
    said = "\n".join(getattr(block, "text", "") for block in answer.content)[:_RESULT_LIMIT]
    return Applied(item, Outcome.FAILED if answer.is_error else Outcome.EXECUTED, said)
