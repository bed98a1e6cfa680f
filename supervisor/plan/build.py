"""From a rehearsal to its plan. Pure: decisions and changes in, a plan out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import msgspec

from supervisor.effects import EffectKind, Scope
from supervisor.journal.events import CallDecided, CallSettled, TargetsSeen
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.policy import DecisionKind, Execution
from supervisor.shadow.changes import Change, ChangeSet

_SHELLS = frozenset({"Bash", "PowerShell"})
_CREATES = re.compile(
    r"(^|_)(id|key|name|path|file|filename|slug|uuid|url|uri|ref|branch|tag|bucket|object)$"
)
"""Arguments whose value names what a call makes."""

_NO_SERVERS: Mapping[str, str] = MappingProxyType({})

_SHORTEST = 3
"""Shorter values name too much to tell anything."""

_STARTS = re.compile(r"(?<![\w.-])(?=.)", re.DOTALL)
_ENDS = re.compile(r"(?![\w-])")
"""Where a name can begin, and what may not follow it."""

_NOT_NAMES = frozenset({"true", "false", "null", "none", "main", "master", "index", "default", "public"})


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
    found = _with_dependencies(items)
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


def _with_dependencies(items: list[Item]) -> tuple[Item, ...]:
    """Each item with the earlier ones that would create what it names."""
    made = _Names()
    found: list[Item] = []
    for item in items:
        depends: dict[int, str] = {}
        for text in _words(item):
            for n, name in made.named_in(text):
                if n != item.n and len(name) > len(depends.get(n, "")):
                    depends[n] = name
        ordered = dict(sorted(depends.items()))
        found.append(
            msgspec.structs.replace(item, depends_on=tuple(ordered), because=tuple(ordered.values()))
        )
        made.add(item.n, _created(item))
    return tuple(found)


class _Names:
    """Names by the item that would make them. Finding those in a text costs by the text, not by the names."""

    def __init__(self) -> None:
        self._makers: dict[str, dict[int, None]] = {}
        self._lengths: dict[str, set[int]] = {}

    def add(self, n: int, names: Iterable[str]) -> None:
        """Item `n` would make `names`."""
        for name in names:
            self._makers.setdefault(name, {})[n] = None
            self._lengths.setdefault(name[:_SHORTEST], set()).add(len(name))

    def named_in(self, text: str) -> Iterator[tuple[int, str]]:
        """Items and the names of theirs that `text` has as a whole: not as a part of a longer name."""
        for start in _STARTS.finditer(text):
            at = start.start()
            for length in range(1, _SHORTEST):
                yield from self._at(text, at, text[at : at + length], (length,))
            first = text[at : at + _SHORTEST]
            yield from self._at(text, at, first, self._lengths.get(first, ()))

    def _at(self, text: str, at: int, first: str, lengths: Iterable[int]) -> Iterator[tuple[int, str]]:
        if first not in self._lengths:
            return
        for length in lengths:
            name = text[at : at + length]
            if name in self._makers and _ENDS.match(text, at + length):
                for n in self._makers[name]:
                    yield n, name


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
