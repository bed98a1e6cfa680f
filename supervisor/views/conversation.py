"""What was said in a run, as plain data."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """Who a piece of the conversation comes from."""

    OPERATOR = "operator"
    AGENT = "agent"
    CALL = "call"
    RESULT = "result"
    NOTE = "note"  # the supervisor's own words


class ConversationItem(msgspec.Struct, frozen=True):
    """One piece of the conversation.

    Attributes:
        role: who it comes from.
        text: the words; of a call its input, of a result what the agent read.
        tool: name of the tool, for calls and results.
        tool_use_id: the call it belongs to, for calls and results.
        agent_id: empty for the main agent.
        error: a result that Claude Code marked as an error.
    """

    role: Role
    text: str
    tool: str = ""
    tool_use_id: str = ""
    agent_id: str = ""
    error: bool = False
