"""A live run held to an approved plan: a call that matches an item passes once, other writes wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from supervisor.effects import ToolCall
from supervisor.policy import Decision, DecisionKind, Execution

ITEM, FRESH = "plan.item", "plan.fresh"
"""Rules that a decision of a guarded run can carry."""

ASIDE = frozenset({"description", "timeout", "dangerouslyDisableSandbox"})
"""What an agent may word differently each time without changing what a command does."""


class Expectation(msgspec.Struct, frozen=True):
    """One item of the plan, as the call that made it.

    Attributes:
        n: number of the call in the rehearsal.
        input: the tool input exactly as the agent gave it there.
        cwd: the folder its shell stood in; empty where that is not known.
        server: digest of how the server of an MCP call was reached.
    """

    n: int
    tool: str
    input: dict[str, Any]
    cwd: str = ""
    server: str = ""


class Expected:
    """What is left of the plan of one guarded run.

    Args:
        rehearsal: name of the run whose plan it is.
        items: what was approved.
    """

    def __init__(self, rehearsal: str, items: Sequence[Expectation]) -> None:
        self._rehearsal = rehearsal
        self._left = list(items)

    @property
    def left(self) -> tuple[int, ...]:
        """Numbers of the items that have not come up yet."""
        return tuple(item.n for item in self._left)

    def weigh(self, call: ToolCall, decision: Decision, cwd: str) -> tuple[Decision, Expectation | None]:
        """The decision on a call of this run, and the item it is; pure.

        Only a write that would be real or held is touched: what is blocked or simulated stays so. The same
        command in another folder is another call.
        """
        if decision.kind not in (DecisionKind.REAL, DecisionKind.HELD):
            return decision, None
        said = _said(call.name, call.input)
        same = (item for item in self._left if _said(item.tool, item.input) == said)
        item = next((item for item in same if "command" not in item.input or item.cwd in ("", cwd)), None)
        if item is None:
            why = f"A fresh path: the approved plan of {self._rehearsal} has no such call (any more)."
            return _as(decision, DecisionKind.HELD, Execution.WAITS, FRESH, why), None
        why = f"Item #{item.n} of the approved plan of {self._rehearsal}."
        return _as(decision, DecisionKind.REAL, Execution.AS_IS, ITEM, why), item

    def came_up(self, item: Expectation) -> None:
        """The item was let through; it is not a second time."""
        self._left.remove(item)


def _as(decision: Decision, kind: DecisionKind, execution: Execution, rule: str, why: str) -> Decision:
    return msgspec.structs.replace(decision, kind=kind, execution=execution, rule=rule, why=why)


def _said(tool: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    aside = ASIDE if "command" in given else frozenset()
    return tool, {key: value for key, value in given.items() if key not in aside}
