"""Claude Code's hook JSON, in and out, and the frame that carries it between hook client and gate."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from supervisor.errors import GateError

EVENTS = (
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "SessionStart",
    "UserPromptSubmit",
    "SubagentStart",
    "SubagentStop",
    "PermissionRequest",
    "ConfigChange",
    "SessionEnd",
    "Stop",
    "StopFailure",
    "Notification",
)
"""Hook events the gate answers. The last three only tell where the run stands."""


class HookEvent(msgspec.Struct, frozen=True):
    """One hook event as Claude Code sends it; fields that an event does not have are empty.

    Source: the hook input of Claude Code 2.1.330, read off the wire.
    """

    hook_event_name: str
    session_id: str = ""
    transcript_path: str = ""
    cwd: str = ""
    permission_mode: str = ""
    tool_name: str = ""
    tool_input: dict[str, Any] = {}
    tool_use_id: str = ""
    tool_response: Any = None
    tool_calls: list[dict[str, Any]] = []
    duration_ms: int = 0
    error: Any = None
    agent_id: str = ""
    agent_type: str = ""
    source: str = ""
    model: str = ""
    prompt: str = ""
    message: str = ""
    notification_type: str = ""
    reason: str = ""
    last_assistant_message: str = ""


_decoder = msgspec.json.Decoder(HookEvent)


def parse(raw: bytes) -> HookEvent:
    """The event in `raw`.

    Raises:
        GateError: it is not one JSON object with an event name.
    """
    try:
        return _decoder.decode(raw)
    except msgspec.DecodeError as cause:
        first = cause
    try:  # lone surrogates and NaN: legal for Claude Code's JSON writer, not for msgspec
        return msgspec.convert(json.loads(raw.decode("utf-8", "replace")), HookEvent)
    except (ValueError, msgspec.ValidationError):
        raise GateError(f"hook event not understood: {first}") from first


def frame(nonce: str, decision: dict[str, Any]) -> bytes:
    """`decision` as the hook client accepts it."""
    body = json.dumps(decision).encode("ascii")
    return b"supervise %s %d\n%s" % (nonce.encode(), len(body), body)


def go_on(event: str) -> dict[str, Any]:
    """Answer to an event that asks nothing: explicit, because an empty answer counts as a failure."""
    del event
    return {"continue": True, "suppressOutput": True}


def allow(*, updated_input: dict[str, Any] | None = None, context: str = "") -> dict[str, Any]:
    """Let a call through, with its input replaced as a whole if `updated_input` is given."""
    out: dict[str, Any] = {
        "hookEventName": "PreToolUse",
        "permissionDecision": "allow",
        "permissionDecisionReason": "decided by the supervisor",
    }
    if updated_input is not None:
        out["updatedInput"] = updated_input
    if context:
        out["additionalContext"] = context
    return {"hookSpecificOutput": out, "suppressOutput": True}


def deny(reason: str) -> dict[str, Any]:
    """Keep a call from running; the agent reads `reason`."""
    return {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        },
        "suppressOutput": True,
    }


def deny_permission(message: str) -> dict[str, Any]:
    """Answer a permission dialog with no."""
    return {
        "hookSpecificOutput": {
            "hookEventName": "PermissionRequest",
            "decision": {"behavior": "deny", "message": message},
        }
    }


def block(reason: str) -> dict[str, Any]:
    """Stop a prompt or a configuration change."""
    return {"decision": "block", "reason": reason}
