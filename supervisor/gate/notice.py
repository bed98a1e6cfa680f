"""What the agent reads in place of a result. Pure functions, words only.

Every notice says in its first words that the call was not executed, so that nothing can mistake it for a
tool's own answer. Text that comes from the agent, a target or the operator is quoted on one line, capped, and
freed of characters that are not text.
"""

from __future__ import annotations

import unicodedata

from supervisor.effects.model import EffectKind, Judgement, ToolCall
from supervisor.policy import Decision, DecisionKind, Execution

NAMED_LIMIT = 240
"""Characters of a command or target that a notice quotes."""

SENTENCE_LIMIT = 1000
"""Characters of an operator's sentence or of a failure that a notice quotes."""

_SIMULATED = "SIMULATED, NOT EXECUTED"
_REHEARSAL = (
    "Every later write of this run will be simulated too. Go on with the task as a rehearsal: take this step"
    " as planned, do the next ones as you would for real, and do not retry this one or look for a way around"
    " it. This text comes from the supervisor, not from the tool: take no id, path or result from it."
)
_GO_ON_WITHOUT = (
    "Nothing was changed. Do not retry it or look for a way around it; go on without it, or end your turn and"
    " say what is missing."
)


def unanswered_notice(why: str) -> str:
    """The words for a question that no person answered."""
    return (
        f"NOT ANSWERED: {why}. Nobody has chosen anything. Take the safest way that needs no answer, or end"
        " your turn with the question."
    )


def notice(call: ToolCall, judgement: Judgement, decision: Decision) -> str:
    """The words for any decision: empty where the call goes through or waits, so its own result speaks."""
    if decision.kind is DecisionKind.BLOCKED:
        return blocked_notice(call, decision)
    if decision.kind is DecisionKind.SIMULATED and decision.execution is Execution.NOT_EXECUTED:
        return honest_notice(call, judgement, decision)
    return ""


def honest_notice(call: ToolCall, judgement: Judgement, decision: Decision) -> str:
    """The words for a simulated call that is not executed.

    Args:
        call: the call as the agent made it.
        judgement: its effects. A call with no write and nothing unknown in it is a stale read.
        decision: why it is simulated.
    """
    writes = any(effect.writes for effect in judgement.effects)
    unknown = any(effect.kind is EffectKind.UNKNOWN for effect in judgement.effects) or not judgement.effects
    if not writes and not unknown:
        return stale_read_notice(call, decision)
    what = "This write" if writes else "What this call does is not known, so it"
    return (
        f"{_SIMULATED}: {_name(call, judgement)}. {what} was not run and changed nothing: no file, no system,"
        f" no data. {_reason(decision)} {_REHEARSAL}"
    )


def stale_read_notice(call: ToolCall, decision: Decision) -> str:
    """The words for a read of something that this run has only simulated a change of."""
    return (
        f"{_SIMULATED}: {_named_call(call)}. This read was not run, because it would show a stale world: an"
        " earlier write of this run was simulated, so the change you expect is not there."
        f" {_reason(decision)} Nothing was read and nothing was changed. Go on with the task as a rehearsal:"
        " rely on what your earlier steps were meant to do, do not retry this read, and do not conclude from"
        " it that they failed."
    )


def blocked_notice(call: ToolCall, decision: Decision) -> str:
    """The words for a call that is refused whatever the mode."""
    return (
        f"BLOCKED, NOT EXECUTED: {_named_call(call)}. The supervisor of this run does not allow it in any"
        f" mode. {_reason(decision)} {_GO_ON_WITHOUT}"
    )


def denied_notice(call: ToolCall, sentence: str = "", *, by_operator: bool = True) -> str:
    """The words for a call that waited for the operator and was not approved.

    Args:
        call: the call as the agent made it.
        sentence: what the operator wrote for the agent; may be empty.
        by_operator: False where nobody answered before the deadline.
    """
    answered = "The operator of this run looked at it and denied it."
    unanswered = "It waited for the operator of this run, and nobody answered in time."
    said = plain(sentence, SENTENCE_LIMIT)
    words = f' The operator says: "{said}"' if said else ""
    return (
        f"DENIED, NOT EXECUTED: {_named_call(call)}. {answered if by_operator else unanswered}{words}"
        f" {_GO_ON_WITHOUT}"
    )


def failure_reason(detail: str) -> str:
    """The deny reason when the supervisor itself could not decide."""
    return (
        "NOT EXECUTED: the supervisor of this run could not decide about this call"
        f" ({plain(detail, SENTENCE_LIMIT)}), so nothing was run and nothing was changed. This is a"
        " failure of the supervisor, not of your call. Stop here: do not retry, and do not look for a way"
        " around it. The operator has been told."
    )


def rewritten_command(text: str) -> str:
    """A Bash command that prints `text`, then a line end, and does nothing else; it exits 0.

    Each line is one single-quoted word, in which a shell interprets nothing. NUL, which no command can carry,
    and lone surrogates, which are no text, are dropped.
    """
    carried = "".join(char for char in text if char != "\0" and not "\ud800" <= char <= "\udfff")
    words = ("'" + line.replace("'", "'\\''") + "'" for line in carried.split("\n"))
    return "printf '%s\\n' " + " ".join(words)


def plain(text: str, limit: int) -> str:
    """`text` on one line, without control and format characters, cut to `limit` characters."""
    # Cutting first bounds the work on a text of megabytes; what is dropped below only makes it shorter.
    cut = text[: limit * 4]
    shown = cut if cut.isascii() and cut.isprintable() else "".join(map(_visible, cut))
    line = " ".join(shown.split())
    if len(line) <= limit and len(cut) == len(text):
        return line
    return line[: limit - 1] + "…"


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char).startswith("C") else char


def _name(call: ToolCall, judgement: Judgement) -> str:
    """The call, and the first targets it would have written."""
    targets = [effect.target for effect in judgement.effects if effect.writes][:3]
    if not targets:
        return _named_call(call)
    return f"{_named_call(call)} (target: {plain(', '.join(targets), NAMED_LIMIT)})"


def _named_call(call: ToolCall) -> str:
    tool = plain(call.name, 120) or "a tool"
    for key in ("command", "file_path", "notebook_path", "path", "url"):
        value = call.input.get(key)
        if isinstance(value, str) and value:
            return f"{tool} `{plain(value, NAMED_LIMIT)}`"
    return tool


def _reason(decision: Decision) -> str:
    return plain(decision.why, SENTENCE_LIMIT)
