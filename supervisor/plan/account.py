"""What the agent is told when its conversation goes on live: which of its writes are real now. Words only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from supervisor.gate.notice import NAMED_LIMIT, plain
from supervisor.journal.events import ItemApplied, Outcome
from supervisor.plan.model import Item, ItemKind, Plan

_PATHS = 20
"""File changes that are named per item; the rest is counted."""

_RESULT = 600
"""Characters of a real result that are quoted."""

_BEGIN = (
    "THE REHEARSAL IS OVER. This message comes from the supervisor of this run. The operator has reviewed"
    " what you rehearsed and had it applied as listed here. You now work in the real folder, and what you"
    " write is real."
)
_END = (
    "Nothing else of the rehearsal exists: what you were told was SIMULATED is real only where it is listed"
    " as done, with the result given here; files you wrote outside the folder are gone. Do not do again what"
    " is done, and do not make up for what was left out. Look before you rely on anything, then go on with"
    " the task from here; if all of it is done, say so and end your turn."
)


def account(plan: Plan, left_out: Collection[int], applied: Mapping[int, ItemApplied]) -> str:
    """The first message of the live conversation.

    Args:
        plan: the whole plan, with what was left out.
        left_out: numbers of the items that were left out.
        applied: what became of the others, by number; one that is missing was not reached.
    """
    done = [item for item in plan.items if _outcome(item, applied) is Outcome.EXECUTED]
    left = [item for item in plan.items if item.n in left_out]
    tried = [item for item in plan.items if item.n in applied and item not in done]
    never = [item for item in plan.items if item.n not in left_out and item.n not in applied]
    parts = (
        ("DONE, real now", [_line(item, applied[item.n].result) for item in done]),
        ("LEFT OUT by the operator, not done", [_line(item) for item in left]),
        ("FAILED, not done", [_line(item, applied[item.n].result) for item in tried]),
        ("NOT REACHED after the failure, not done", [_line(item) for item in never]),
    )
    return "\n\n".join([_BEGIN, *(_part(title, lines) for title, lines in parts if lines), _END])


def _outcome(item: Item, applied: Mapping[int, ItemApplied]) -> Outcome | None:
    return applied[item.n].outcome if item.n in applied else None


def _part(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{title}:", *lines])


def _line(item: Item, result: str = "") -> str:
    if item.kind is ItemKind.FILES:
        named = ", ".join(plain(f"{c.kind.value} {c.path}", NAMED_LIMIT) for c in item.changes[:_PATHS])
        more = f" and {len(item.changes) - _PATHS} more" if len(item.changes) > _PATHS else ""
        by = item.tool or "a background process"
        return f"- #{item.n} files by {plain(by, 120)}: {named}{more}"
    command = item.input.get("command")
    what = f"`{plain(command, NAMED_LIMIT)}`" if isinstance(command, str) else plain(item.target, NAMED_LIMIT)
    said = f'; result: "{plain(result, _RESULT)}"' if result.strip() else ""
    return f"- #{item.n} {plain(item.tool, 120)} {what}{said}"
