"""From a rehearsal to its plan. Pure: decisions and changes in, a plan out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from supervisor.effects import EffectKind, Scope
from supervisor.journal.events import CallDecided, CallSettled
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.policy import DecisionKind, Execution
from supervisor.shadow.changes import Change, ChangeSet

_SHELLS = frozenset({"Bash", "PowerShell"})
_CREATES = re.compile(
    r"(^|_)(id|key|name|path|file|filename|slug|uuid|url|uri|ref|branch|tag|bucket|object)$"
)
"""Arguments whose value names what a call makes."""

_SHORTEST = 3
"""Shorter values name too much to tell anything."""

_NOT_NAMES = frozenset({"true", "false", "null", "none", "main", "master", "index", "default", "public"})


def build(
    run: str, workspace: str, calls: Iterable[CallDecided], settled: Iterable[CallSettled], changes: ChangeSet
) -> Plan:
    """The plan of a rehearsal.

    Args:
        run: id of the run.
        workspace: absolute path of its folder.
        calls: its decisions, in order.
        settled: verdicts on held calls.
        changes: what differs in its shadow, attributed to `tool_use_id`s.
    """
    verdicts = {each.tool_use_id: each for each in settled}
    decided = list(calls)
    by_call: dict[str, list[Change]] = {}
    for change in changes.changes:
        by_call.setdefault(change.calls[-1] if change.calls else "", []).append(change)
    diverged_at = next((c.n for c in decided if _diverged(c, verdicts.get(c.tool_use_id))), 0)
    items: list[Item] = []
    if unknown := by_call.get(""):
        items.append(_files(0, "", tuple(unknown), "shadow.background", guess=False, cut=False))
    for call in decided:
        verdict = verdicts.get(call.tool_use_id)
        kind = verdict.decision if verdict else call.decision
        execution = verdict.execution if verdict else call.execution
        guess = bool(diverged_at) and call.n > diverged_at
        if mine := by_call.get(call.tool_use_id):
            cut = any(each.kind is EffectKind.UNKNOWN for each in call.effects)
            items.append(_files(call.n, call.tool, tuple(mine), call.rule, guess=guess, cut=cut))
        if kind is DecisionKind.SIMULATED and execution is Execution.NOT_EXECUTED and _writes(call):
            items.append(_done_later(call, guess))
    items.sort(key=lambda item: item.n)
    return Plan(run, workspace, _with_dependencies(items), diverged_at)


def _diverged(call: CallDecided, verdict: CallSettled | None) -> bool:
    return call.diverged or (verdict is not None and verdict.diverged)


def _writes(call: CallDecided) -> bool:
    """A stale read is no part of a plan."""
    return any(effect.writes or effect.kind is EffectKind.UNKNOWN for effect in call.effects)


def _files(n: int, tool: str, changes: tuple[Change, ...], rule: str, *, guess: bool, cut: bool) -> Item:
    target = f"file:{changes[0].path}"
    return Item(n, ItemKind.FILES, tool, target, {}, changes, (), (), rule, guess, cut)


def _done_later(call: CallDecided, guess: bool) -> Item:
    writes = [effect for effect in call.effects if effect.writes] or list(call.effects)
    kind = ItemKind.OTHER
    if call.tool in _SHELLS:
        kind = ItemKind.COMMAND
    elif call.tool.startswith("mcp__"):
        kind = ItemKind.MCP
    remote = next((e for e in writes if e.scope is Scope.REMOTE), writes[0])
    return Item(call.n, kind, call.tool, remote.target, call.input, (), (), (), call.rule, guess)


def _with_dependencies(items: list[Item]) -> tuple[Item, ...]:
    """Each item with the earlier ones that would create what it names."""
    made: list[tuple[int, frozenset[str]]] = []
    found: list[Item] = []
    for item in items:
        words = tuple(_words(item))
        depends: dict[int, str] = {}
        for n, names in made:
            named = next((name for name in sorted(names, key=len, reverse=True) if _names(words, name)), "")
            if named and n != item.n:
                depends[n] = named
        fields = {"depends_on": tuple(depends), "because": tuple(depends.values())}
        found.append(Item(**{**{f: getattr(item, f) for f in item.__struct_fields__}, **fields}))
        made.append((item.n, frozenset(_created(item))))
    return tuple(found)


def _created(item: Item) -> Iterator[str]:
    """Names of what an item would make."""
    for change in item.changes:
        if change.after is not None:
            yield change.path
    for key, value in _values(item.input):
        if _CREATES.search(key.lower()) and _telling(value):
            yield value
    tail = unquote(item.target.rstrip("/").rpartition("/")[2])
    if item.kind is ItemKind.COMMAND and _telling(tail) and "://" in item.target:
        yield tail


def _telling(value: str) -> bool:
    plain = value.strip()
    return len(plain) >= _SHORTEST and not any(c.isspace() for c in plain) and plain.lower() not in _NOT_NAMES


def _words(item: Item) -> Iterator[str]:
    """Every text in which an item can name something."""
    for _key, value in _values(item.input):
        yield value


def _values(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from _values(value, str(name))
    elif isinstance(data, list):
        for value in data:
            yield from _values(value, key)


def _names(texts: tuple[str, ...], name: str) -> bool:
    """Whether a text has `name` as a whole: not as a part of a longer name."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(name in text and pattern.search(text) for text in texts)
