"""From a rehearsal to its plan. Pure: decisions and changes in, a plan out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from supervisor.effects import EffectKind, Scope
from supervisor.journal.events import CallDecided, CallSettled, TargetsSeen
from supervisor.plan.dependencies import hung_together
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.policy import DecisionKind, Execution
from supervisor.shadow.changes import Change, ChangeSet

_SHELLS = frozenset({"Bash", "PowerShell"})
_NO_SERVERS: Mapping[str, str] = MappingProxyType({})


def build(
    run: str,
    workspace: str,
    calls: Iterable[CallDecided],
    settled: Iterable[CallSettled],
    changes: ChangeSet,
    seen: Iterable[TargetsSeen] = (),
    servers: Mapping[str, str] = _NO_SERVERS,
) -> Plan:
    """The plan of a rehearsal.

    Args:
        run: id of the run.
        workspace: absolute path of its folder.
        calls: its decisions, in order.
        settled: verdicts on held calls.
        changes: what differs in its shadow, attributed to `tool_use_id`s.
        seen: what was seen of the targets of its calls.
        servers: digest of how each MCP server of the run is reached, by name.
    """
    verdicts = {each.tool_use_id: each for each in settled}
    decided = list(calls)
    looks = {each.tool_use_id: each for each in seen}
    by_call: dict[str, list[Change]] = {}
    for change in changes.changes:
        by_call.setdefault(change.calls[-1] if change.calls else "", []).append(change)
    diverged_at = next((c.n for c in decided if _diverged(c, verdicts.get(c.tool_use_id))), 0)
    items: list[Item] = []
    if unknown := by_call.get(""):
        items.append(_files(0, "", tuple(unknown), "shadow.background"))
    for call in decided:
        verdict = verdicts.get(call.tool_use_id)
        kind = verdict.decision if verdict else call.decision
        execution = verdict.execution if verdict else call.execution
        guess = bool(diverged_at) and call.n > diverged_at
        mine = tuple(by_call.get(call.tool_use_id, ()))
        cut = any(each.kind is EffectKind.UNKNOWN for each in call.effects)
        command = cut and execution is Execution.SHADOW and call.tool in _SHELLS
        if mine or command:
            made = _files(call.n, call.tool, mine, call.rule, guess=guess, cut=cut)
            if command:
                made = msgspec.structs.replace(made, input=call.input, folder=_folder(call, workspace))
            items.append(made)
        if kind is DecisionKind.SIMULATED and execution is Execution.NOT_EXECUTED and _writes(call):
            items.append(_done_later(call, guess, workspace, looks.get(call.tool_use_id), servers))
    items.sort(key=lambda item: item.n)
    numbers = {call.tool_use_id: call.n for call in decided}
    found = hung_together(items, numbers)
    offered = tuple(item for item in found if item.has_choice and not item.changes)
    return Plan(run, workspace, tuple(i for i in found if i not in offered), diverged_at, offered)


def _diverged(call: CallDecided, verdict: CallSettled | None) -> bool:
    return call.diverged or (verdict is not None and verdict.diverged)


def _folder(call: CallDecided, workspace: str) -> str:
    """The folder its shell stood in, relative to the workspace; empty for that itself."""
    return call.cwd.removeprefix(workspace + "/") if call.cwd.startswith(workspace + "/") else ""


def _writes(call: CallDecided) -> bool:
    """A stale read is no part of a plan."""
    return any(effect.writes or effect.kind is EffectKind.UNKNOWN for effect in call.effects)


def _files(
    n: int, tool: str, changes: tuple[Change, ...], rule: str, *, guess: bool = False, cut: bool = False
) -> Item:
    target = f"file:{changes[0].path}" if changes else ""
    return Item(n, ItemKind.FILES, tool, target, {}, changes, (), (), rule, guess, cut)


def _done_later(
    call: CallDecided, guess: bool, workspace: str, look: TargetsSeen | None, servers: Mapping[str, str]
) -> Item:
    writes = [effect for effect in call.effects if effect.writes] or list(call.effects)
    kind = ItemKind.OTHER
    if call.tool in _SHELLS:
        kind = ItemKind.COMMAND
    elif call.tool.startswith("mcp__"):
        kind = ItemKind.MCP
    remote = next((e for e in writes if e.scope is Scope.REMOTE), writes[0])
    folder = _folder(call, workspace) if kind is ItemKind.COMMAND else ""
    return Item(
        n=call.n,
        kind=kind,
        tool=call.tool,
        target=remote.target,
        input=call.input,
        changes=(),
        depends_on=(),
        because=(),
        rule=call.rule,
        guess=guess,
        folder=folder,
        server=servers.get(call.tool.split("__")[1], "") if kind is ItemKind.MCP else "",
        probes=look.probes if look is not None else (),
        reverse=look.reverse if look is not None else (),
    )
