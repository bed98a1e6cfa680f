"""What the scripted model answers to a request of the Messages API. Pure: a request in, an answer out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from supervisor.session.script import Script, Turn, fill_cwd

PAST_THE_END = "Done."
SIDE_ANSWER = "Scripted run"
SUBAGENT_MARK = "cc_is_subagent=true"
"""Stands in the first system block of a subagent's requests (Claude Code 2.1.330)."""

_MOST_TOKENS = 50_000
"""Said of one request or answer. Claude Code sums up near the end of a window of 200,000."""

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)


class Asker(msgspec.Struct, frozen=True):
    """Who sends a request, as its headers say.

    Attributes:
        session: Claude Code's session id; empty when the request does not come from Claude Code.
        agent: id of the subagent; empty for the main agent.
    """

    session: str = ""
    agent: str = ""


class ToolUse(msgspec.Struct, frozen=True):
    """One tool call of an answer, with the id that its result will name."""

    id: str
    name: str
    input: dict[str, Any]


class Answer(msgspec.Struct, frozen=True):
    """What the model answers.

    Attributes:
        id: message id, the same for the same request.
        text: may be empty when there are calls.
        wait_s: seconds to let pass before the answer is given.
        input_tokens, output_tokens: a quarter of the characters, so that costs move as they would; but never
            so many that Claude Code would sum up the conversation, after which a script would start anew.
    """

    id: str
    model: str
    text: str
    calls: tuple[ToolUse, ...]
    wait_s: float
    input_tokens: int
    output_tokens: int

    @property
    def stop_reason(self) -> str:
        """Why the model stopped, in the API's words."""
        return "tool_use" if self.calls else "end_turn"


def first_words(request: dict[str, Any]) -> str:
    """Text of the first user message of `request`, without the reminders that Claude Code puts into it."""
    for message in request.get("messages", []):
        if message.get("role") == "user":
            return _REMINDER.sub("", "\n".join(_texts(message.get("content")))).strip()
    return ""


def turns_for(script: Script, request: dict[str, Any], asker: Asker) -> tuple[Turn, ...]:
    """What the asking agent plays: the main agent `turns`, a subagent the first entry that its task matches.

    A request that is not Claude Code's own, and so says nothing about who asks, plays a matching entry if
    there is one.
    """
    subagent = bool(asker.agent) or any(SUBAGENT_MARK in text for text in _texts(request.get("system")))
    if asker.session and not subagent:
        return script.turns
    words = first_words(request)
    for part in script.agents:
        if part.pattern.search(words):
            return part.turns
    return () if subagent else script.turns


def answer(script: Script, request: dict[str, Any], asker: Asker, *, cwd: str, twin: int = 0) -> Answer:
    """The answer to `request`: the turn whose number is that of the assistant messages already in it.

    Args:
        cwd: replaces `{cwd}` in the inputs of calls.
        twin: tells apart conversations that began with the same words, so that no id is given twice.
    """
    played = sum(message.get("role") == "assistant" for message in request.get("messages", []))
    key = f"{twin}\0{first_words(request)}\0{played}"
    if request.get("tools"):
        turns = turns_for(script, request, asker)
        turn = turns[played] if played < len(turns) else Turn(PAST_THE_END, ())
    else:  # a side request: a title, a summary
        turn = Turn(SIDE_ANSWER, ())
        key += "\0side"
    calls = tuple(
        ToolUse(f"toolu_{_digest(f'{key}{index}')}", call.tool, fill_cwd(call.input, cwd))
        for index, call in enumerate(turn.calls)
    )
    said = turn.say if turn.say.strip() else ""
    return Answer(
        id=f"msg_{_digest(key)}",
        model=str(request.get("model", "scripted")),
        text=said,
        calls=calls,
        wait_s=turn.wait_s,
        input_tokens=tokens(request),
        output_tokens=_quarter(len(said) + sum(len(json.dumps(call.input)) for call in calls)),
    )


def tokens(request: dict[str, Any]) -> int:
    """A plain count for `request`."""
    return _quarter(len(json.dumps(request)))


def _quarter(characters: int) -> int:
    return min(1 + characters // 4, _MOST_TOKENS)


def as_message(given: Answer) -> dict[str, Any]:
    """`given` as the API's message object, for a request that does not stream."""
    content: list[dict[str, Any]] = [{"type": "text", "text": given.text}] if given.text else []
    content += [
        {"type": "tool_use", "id": use.id, "name": use.name, "input": use.input} for use in given.calls
    ]
    return {
        "id": given.id,
        "type": "message",
        "role": "assistant",
        "model": given.model,
        "content": content,
        "stop_reason": given.stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": given.input_tokens, "output_tokens": given.output_tokens},
    }


def as_events(given: Answer) -> Iterator[dict[str, Any]]:
    """`given` as the events of the API's stream, in order. Each one's `type` is also its SSE event name."""
    message = as_message(given)
    opening = {**message, "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": {**opening, "usage": {**message["usage"], "output_tokens": 1}}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            start = {**block, "text": ""}
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": given.stop_reason, "stop_sequence": None},
        "usage": {"output_tokens": given.output_tokens},
    }
    yield {"type": "message_stop"}


def _texts(content: Any) -> Iterator[str]:
    """The texts of an API content field: a string, or a list of blocks; nothing for anything else."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for block in content:
            if isinstance(block, dict) and block.get("type") == "text":
                yield str(block.get("text", ""))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
