"""Questions of the agent to the person: asked on our screen, answered with a message. Pure.

In the permission mode that the floors need, Claude Code refuses its own dialog for `AskUserQuestion`; the
call goes through when the hook brings the answers along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOOL = "AskUserQuestion"

_ASKED_LIMIT = 300


@dataclass(frozen=True)
class Question:
    """One question, as the agent put it."""

    text: str
    options: tuple[str, ...]


def questions(arguments: Mapping[str, Any]) -> tuple[Question, ...]:
    """What the tool's input asks; empty if it is not understood: then Claude Code says what is wrong."""
    found = arguments.get("questions")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        return ()
    return tuple(Question(str(each.get("question", "")), _labels(each.get("options"))) for each in found)


def asked(wanted: tuple[Question, ...]) -> str:
    """The questions for the operator, in one line, with how to answer them."""
    each = (
        f"{question.text} {', '.join(f'{n} {label}' for n, label in enumerate(question.options, 1))}".strip()
        for question in wanted
    )
    how = "m answers" if len(wanted) == 1 else f"m answers, the {len(wanted)} answers apart by semicolons"
    return f"the agent asks ({how}): {' · '.join(each)}"[:_ASKED_LIMIT]


def answers(wanted: tuple[Question, ...], text: str) -> dict[str, str]:
    """`text` as the tool takes it: an option's number stands for its label, anything else for itself.

    Of several questions each takes its part of a text that semicolons or newlines divide; a text of fewer
    parts answers all of them.
    """
    parts = [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]
    if len(wanted) == 1 or len(parts) < len(wanted):
        parts = [text.strip()] * len(wanted)
    return {question.text: _option(question, part) for question, part in zip(wanted, parts, strict=False)}


def _option(question: Question, text: str) -> str:
    chosen = [part.strip() for part in text.split(",")]
    if all(part.isdecimal() and 1 <= int(part) <= len(question.options) for part in chosen):
        return ", ".join(question.options[int(part) - 1] for part in chosen)
    return text


def _labels(options: object) -> tuple[str, ...]:
    found = options if isinstance(options, list) else []
    return tuple(str(option.get("label", "")) for option in found if isinstance(option, dict))
