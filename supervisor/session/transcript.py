"""The transcript Claude Code keeps: read as it grows, as typed records.

Source: the JSONL of Claude Code 2.1.330. The main conversation lies at `transcript_path`; each subagent
has its own file below the folder of the same name without the suffix.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
from watchfiles import awatch

_POLL_S = 0.1
"""Longest time a grown file can go unseen when the file watch is late or deaf."""

_GATHER_MS = 100
"""Lines that are written close together are read together: whoever reads takes time from who decides."""


class Words(msgspec.Struct, frozen=True):
    """Text of the operator (`user`) or the agent (`assistant`)."""

    role: str
    text: str
    agent_id: str = ""


class Asked(msgspec.Struct, frozen=True):
    """The agent asked for a tool call."""

    tool_use_id: str
    tool: str
    input: dict[str, Any]
    agent_id: str = ""


class Result(msgspec.Struct, frozen=True):
    """What a call came to.

    Attributes:
        error: the agent was given it as an error.
        accepted: Claude Code let the call run; None when it does not say.
        source: who granted or refused it: `hook`, `config`, `rule`, `mode`, …
        reason: Claude Code's own code for it, e.g. `hook:PreToolUse`.
    """

    tool_use_id: str
    text: str
    error: bool
    accepted: bool | None = None
    source: str = ""
    reason: str = ""
    agent_id: str = ""


class HookRan(msgspec.Struct, frozen=True):
    """A hook ran and answered; `duration_ms` as Claude Code noted it."""

    event: str
    tool_use_id: str
    duration_ms: int


class HookFailed(msgspec.Struct, frozen=True):
    """A hook failed, was cancelled, or stopped the agent without the gate's word."""

    event: str
    tool_use_id: str
    kind: str
    detail: str


class ModeSeen(msgspec.Struct, frozen=True):
    """The permission mode a prompt was sent in."""

    permission_mode: str


class Cost(msgspec.Struct, frozen=True):
    """Running totals."""

    input_tokens: int
    output_tokens: int
    cost_usd: float


class ApiError(msgspec.Struct, frozen=True):
    """Claude Code gave up on the model."""

    text: str


class ServerFailed(msgspec.Struct, frozen=True):
    """An MCP server whose tools the agent does not have; `why` is empty where it is not said."""

    name: str
    why: str = ""


TranscriptRecord = Words | Asked | Result | HookRan | HookFailed | ModeSeen | Cost | ApiError | ServerFailed

_FAILED_HOOKS = frozenset(
    {"hook_non_blocking_error", "hook_cancelled", "hook_blocking_error", "hook_error_during_execution"}
)


_NONCE = re.compile(r"(client\.pl .{1,300}? \d+ )[0-9a-f]{32}(?= \d+)")
"""In the hook's command, which Claude Code repeats when a hook fails. It is a key to the gate."""


def read_line(line: str | bytes, agent_id: str = "") -> list[TranscriptRecord]:
    """What one line says; nothing for lines that are not about the conversation or not whole JSON.

    The nonce of the run's hooks is left out.
    """
    try:
        text = line.decode("utf-8", "surrogatepass") if isinstance(line, bytes) else line
        data = json.loads(_NONCE.sub(r"\1<nonce>", text))
    except ValueError:
        return []
    if not isinstance(data, dict):
        return []
    match data.get("type"):
        case "assistant":
            return list(_assistant(data, agent_id))
        case "user":
            return list(_user(data, agent_id))
        case "attachment":
            return list(_attachment(data.get("attachment")))
        case "cost-state":
            return [_cost(data)]
        case "permission-mode":
            return [ModeSeen(str(data.get("permissionMode", "")))]
        case _:
            return []


def _assistant(data: dict[str, Any], agent_id: str) -> Iterator[TranscriptRecord]:
    for block in _blocks(data):
        if block.get("type") == "text" and block.get("text"):
            yield (
                ApiError(str(block["text"]))
                if data.get("isApiErrorMessage")
                else Words("assistant", str(block["text"]), agent_id)
            )
        elif block.get("type") == "tool_use":
            given = block.get("input")
            yield Asked(
                str(block.get("id", "")),
                str(block.get("name", "")),
                given if isinstance(given, dict) else {},
                agent_id,
            )


def _user(data: dict[str, Any], agent_id: str) -> Iterator[TranscriptRecord]:
    granted = data.get("permissionDecision")
    granted = granted if isinstance(granted, dict) else {}
    if mode := data.get("permissionMode"):
        yield ModeSeen(str(mode))
    for block in _blocks(data):
        if block.get("type") == "tool_result":
            decision = granted.get("decision")
            yield Result(
                tool_use_id=str(block.get("tool_use_id", "")),
                text=_text(block.get("content")),
                error=bool(block.get("is_error")),
                accepted=None if decision is None else decision == "accept",
                source=str(granted.get("source", "")),
                reason=str(granted.get("reasonCode") or granted.get("reasonType") or ""),
                agent_id=agent_id,
            )
        elif block.get("type") == "text" and not data.get("isMeta"):
            yield Words("user", str(block.get("text", "")), agent_id)


def _attachment(attachment: object) -> Iterator[TranscriptRecord]:
    if not isinstance(attachment, dict):
        return
    kind = str(attachment.get("type", ""))
    event = str(attachment.get("hookEvent", ""))
    call = str(attachment.get("toolUseID", ""))
    if kind == "hook_success":
        yield HookRan(event, call, int(attachment.get("durationMs") or 0))
    elif kind in _FAILED_HOOKS or kind == "hook_stopped_continuation":
        said = attachment.get("stderr") or attachment.get("message") or attachment.get("blockingError") or ""
        timed_out = " (timed out)" if attachment.get("timedOut") else ""
        yield HookFailed(event, call, kind, f"{_text(said)[:500]}{timed_out}")
    elif kind == "async_hook_response" and attachment.get("exitCode"):
        said = _text(attachment.get("stderr"))[:500]
        yield HookFailed(event, call, kind, f"exit {attachment.get('exitCode')}: {said}")
    elif (
        kind == "deferred_tools_delta"
    ):  # before a request to the model, as soon as one is known to have failed
        for server in attachment.get("failedMcpServers") or ():
            if isinstance(server, dict):
                yield ServerFailed(str(server.get("name", "")), str(server.get("error") or "")[:500])
        for name in attachment.get("needsAuthMcpServers") or ():
            yield ServerFailed(str(name), "it needs a login")


def _cost(data: dict[str, Any]) -> Cost:
    used = data.get("modelUsage")
    models = [model for model in used.values() if isinstance(model, dict)] if isinstance(used, dict) else []
    return Cost(
        sum(int(model.get("inputTokens") or 0) for model in models),
        sum(int(model.get("outputTokens") or 0) for model in models),
        float(data.get("totalCostUSD") or 0.0),
    )


def _blocks(data: dict[str, Any]) -> list[dict[str, Any]]:
    message = data.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [block.get("text", "") for block in content if isinstance(block, dict)]
        return "\n".join(str(part) for part in parts if part)
    if isinstance(content, dict):
        return json.dumps(content)
    return ""


class Transcript:
    """One conversation's files, read from where the last read ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = path.with_suffix("")
        self._offsets: dict[Path, int] = {}

    def read_new(self) -> list[TranscriptRecord]:
        """Everything that was appended since the last call, each file's lines in their order."""
        records: list[TranscriptRecord] = []
        for path in self._files():
            agent_id = "" if path == self.path else path.stem.removeprefix("agent-")
            for line in self._new_lines(path):
                records += read_line(line, agent_id)
        return records

    async def follow(self, stop: asyncio.Event) -> AsyncIterator[list[TranscriptRecord]]:
        """Batches of records as the files grow, until `stop` is set; then what is left."""
        hint = asyncio.Event()
        watching = asyncio.create_task(self._watch(hint, stop))
        stopped = asyncio.create_task(stop.wait())
        stopped.add_done_callback(lambda _: hint.set())
        try:
            while not stop.is_set():
                if records := self.read_new():
                    yield records
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(hint.wait(), _POLL_S)
                hint.clear()
            if records := self.read_new():
                yield records
        finally:
            for task in (watching, stopped):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _watch(self, hint: asyncio.Event, stop: asyncio.Event) -> None:
        while not self.path.parent.is_dir():
            await asyncio.sleep(_POLL_S)
        async for _changes in awatch(
            self.path.parent,
            stop_event=stop,
            debounce=_GATHER_MS,
            step=_GATHER_MS // 2,
            rust_timeout=1000,
            ignore_permission_denied=True,
        ):
            hint.set()

    def _files(self) -> list[Path]:
        below = sorted(self._folder.rglob("agent-*.jsonl")) if self._folder.is_dir() else []
        return [self.path, *below]

    def _new_lines(self, path: Path) -> list[bytes]:
        offset = self._offsets.get(path, 0)
        try:
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
        except OSError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offsets[path] = offset + whole
        return data[:whole].splitlines()
