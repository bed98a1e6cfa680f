"""Claude Code without a terminal: `--print` with stream-json in both directions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from supervisor.session.transcript import ServerFailed

_LIMIT = 1 << 26
"""Longest line of stream-json that is accepted, in bytes."""


class Init(msgspec.Struct, frozen=True):
    """The session as Claude Code set it up.

    Attributes:
        plugins: those that are not built in.
        servers: MCP servers that did not start, and why, where that is said.
    """

    model: str
    plugins: tuple[str, ...]
    permission_mode: str
    servers: tuple[ServerFailed, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """No dialog is left: the hook of the handshake runs, or has run."""


class HookBroke(msgspec.Struct, frozen=True):
    """A hook has failed; `outcome` is Claude Code's own word for it."""

    event: str
    outcome: str


class TurnEnded(msgspec.Struct, frozen=True):
    """The result message of a turn."""

    text: str
    failed: bool


class NoVerdict(msgspec.Struct, frozen=True):
    """Claude Code says that no hook gave a verdict on these calls."""

    tool_use_ids: tuple[str, ...]


StreamItem = Init | Opened | HookBroke | TurnEnded | NoVerdict


class Headless:
    """A `claude --print` process behind its guard."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls, argv: Sequence[str], *, cwd: str, env: dict[str, str], keep_fds: list[int], errors: int
    ) -> Headless:
        """Start `argv`; its standard error goes to the descriptor `errors`."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            pass_fds=keep_fds,
            start_new_session=True,
            limit=_LIMIT,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._process.pid

    def send(self, text: str) -> None:
        """Send the agent a message."""
        line = json.dumps({"type": "user", "message": {"role": "user", "content": text}})
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(line.encode() + b"\n")

    def no_more(self) -> None:
        """No message will follow: Claude Code ends when the turn has."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def items(self) -> AsyncIterator[StreamItem]:
        """What the stream says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            try:
                data = json.loads(line)
            except ValueError:
                continue
            if isinstance(data, dict) and (item := _item(data)) is not None:
                yield item

    async def wait(self) -> int:
        """Exit code of the guard, which is that of Claude Code."""
        return await self._process.wait()


def _item(data: dict[str, Any]) -> StreamItem | None:
    match data.get("type"), data.get("subtype"):
        case "system", "init":
            plugins = tuple(
                str(plugin.get("name") or plugin.get("source"))
                for plugin in data.get("plugins") or []
                if isinstance(plugin, dict) and not str(plugin.get("source", "")).endswith("@builtin")
            )
            return Init(
                str(data.get("model", "")), plugins, str(data.get("permissionMode", "")), _servers(data)
            )
        case "system", "hook_started" if data.get("hook_event") == "SessionStart":
            return Opened()
        case "system", "hook_response" if data.get("hook_event") == "SessionStart":
            outcome = str(data.get("outcome", ""))
            return HookBroke("SessionStart", outcome) if outcome != "success" else None
        case "result", _:
            failed = bool(data.get("is_error")) or data.get("subtype") != "success"
            return TurnEnded(str(data.get("result") or ""), failed)
        case _:
            meta = data.get("tool_result_meta")
            if isinstance(meta, list):
                missing = [
                    str(m.get("tool_use_id"))
                    for m in meta
                    if isinstance(m, dict) and m.get("hook_no_verdict")
                ]
                return NoVerdict(tuple(missing)) if missing else None
            return None


def _servers(data: dict[str, Any]) -> tuple[ServerFailed, ...]:
    """MCP servers that the first message of a session calls failed or cannot read the configuration of."""
    listed = [entry for entry in data.get("mcp_servers") or [] if isinstance(entry, dict)]
    unread = [entry for entry in data.get("mcp_server_errors") or [] if isinstance(entry, dict)]
    return (
        *(ServerFailed(str(e.get("name", ""))) for e in listed if e.get("status") == "failed"),
        *(ServerFailed(str(e.get("name", "")), str(e.get("message", ""))) for e in unread),
    )
