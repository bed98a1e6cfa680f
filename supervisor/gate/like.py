"""«Allow the like for this run»: what a later call must share with one that the operator allowed. Pure.

The like of a call is a pattern: of its tool, of every word or argument, of every effect. Another call is like
it exactly if it has the same pattern. What may differ is little: the last part of an object's or URL's path
below the same prefix, which file of the same folder is read, and an MCP call's texts. Everything else is
literal: program, sub-command, options, the folder, a git remote and its ref, an MCP tool and its other
arguments.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from supervisor import targets
from supervisor.effects import Effect, EffectKind, Judgement, Scope, ToolCall
from supervisor.gate.expected import ASIDE
from supervisor.policy import Decision, DecisionKind, Execution

RULE = "operator.like"
"""The rule of a decision that such a pattern made."""

ANY = "‹any›"

LONGEST = 600
"""Characters of words that an operator can be asked about."""

EFFECTS = 6
"""And lines of effects."""

_STORES = frozenset({"s3", "r2", "gs", "az", "http", "https"})
"""Schemes whose last part may differ below the same prefix."""

_TEXTS = frozenset(
    ("content", "contents", "text", "message", "title", "description", "values", "row", "rows")
)
"""Arguments that say what is written, not where."""

_LEAVES = re.compile(r"(^|_)(key|path|name|file|filename|object)$")
"""Arguments whose last part names one thing among others in the same place."""

_NOT_PLAIN = re.compile(r"[;&|<>$`\n\r(){}*?\[\]~!\\]|(^|\s)#")
"""What makes a command more than one program with fixed words."""

_LOOSE = re.compile(r"[*?\[\]#\\%\s]")


class Like(msgspec.Struct, frozen=True):
    """A pattern.

    Attributes:
        words: for the operator; what may differ is marked in it. Two patterns of the same words are the same
            only if their effects are, too.
        effects: what calls of it do, one line each.
        folder: the folder a command must be run in; empty for MCP calls.
    """

    words: str
    effects: tuple[str, ...]
    folder: str = ""

    @property
    def shown(self) -> str:
        """The whole rule, as the operator is asked and the journal keeps it."""
        where = f" in {self.folder}" if self.folder else ""
        return f"{self.words}{where}: {'; '.join(self.effects)}"


class AllowedLikes:
    """The patterns that the operator allowed in one run. They end with it."""

    def __init__(self) -> None:
        self._allowed: dict[Like, str] = {}

    def add(self, like: Like, n: int, by: str) -> None:
        """Calls of this pattern are real from here on, as call `n` was."""
        self._allowed.setdefault(like, f"Like #{n}, allowed for this run by {by}.")

    def weigh(self, like: Like | str, decision: Decision) -> Decision:
        """The decision on a call of that pattern. Only what is held, and nothing else, becomes real."""
        if decision.kind is not DecisionKind.HELD or isinstance(like, str) or like not in self._allowed:
            return decision
        return msgspec.structs.replace(
            decision, kind=DecisionKind.REAL, execution=Execution.AS_IS, rule=RULE, why=self._allowed[like]
        )


def like_of(call: ToolCall, judgement: Judgement, cwd: str) -> Like | str:
    """The pattern of a call, or why there is none that is narrow enough."""
    written = [each for each in judgement.effects if each.kind is not EffectKind.READ or each.consumes]
    if any(each.kind is EffectKind.UNKNOWN for each in judgement.effects):
        return "nobody knows all that it does"
    if not written or any(targets.local_paths(each.target) for each in written):
        return "it writes files on this machine, where each write is asked for"
    if any(targets.climbs(each.target) for each in written):
        return "where it writes is for the other system to say"
    effects = tuple(sorted({_effect(each) for each in judgement.effects}))
    if call.name.startswith("mcp__"):
        given = json.dumps(_arguments(call.input), ensure_ascii=False, sort_keys=True)
        return _readable(Like(f"{call.name} {given}", effects))
    command = call.input.get("command")
    if call.name != "Bash" or not isinstance(command, str):
        return f"{call.name} calls are allowed one by one"
    if call.input.get("run_in_background"):
        return "it runs in the background"
    if set(call.input) - ASIDE - {"command", "run_in_background"}:
        return "it has arguments that are not known"
    words = _plain_words(command)
    if not words:
        return "it is more than one program with fixed words"
    shown = [words[0], *(_word(word, judgement.effects) for word in words[1:])]
    return _readable(Like(f"Bash: {' '.join(map(_shown, shown))}", effects, cwd))


def _readable(like: Like) -> Like | str:
    """Nobody allows what they could not read."""
    long = len(like.words) > LONGEST or len(like.effects) > EFFECTS or any(len(e) > 300 for e in like.effects)
    return "its rule would be too long to read" if long else like


def _plain_words(command: str) -> list[str]:
    """The words of a command that is one program, its words fixed; none for any other."""
    if _NOT_PLAIN.search(command):
        return []
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _word(word: str, effects: tuple[Effect, ...]) -> str:
    """A word as the pattern has it: literal unless it names a target that may differ."""
    if word.startswith("-"):
        return word
    for effect in effects:
        if word == effect.target:
            return _place(effect)
        if _is_file(effect) and effect.target.endswith("/" + word.removeprefix("./")):
            return _open_end(word, effect.target)
    return word


def _effect(effect: Effect) -> str:
    what = "reads and takes from" if effect.consumes else f"{effect.kind.value}s"
    return f"{what} {_place(effect)} ({effect.rule})"


def _place(effect: Effect) -> str:
    """A target with its last part left open, where that is one among others in the same place."""
    scheme, _, rest = effect.target.partition("://")
    if _is_file(effect) or (scheme in _STORES and "/" in rest.rpartition("/")[0]):
        return _open_end(effect.target, effect.target)
    return effect.target


def _is_file(effect: Effect) -> bool:
    """A plain read of a file of the workspace."""
    is_read = effect.kind is EffectKind.READ and not effect.consumes
    return is_read and effect.scope is Scope.WORKSPACE and effect.target.startswith("file://")


def _open_end(text: str, target: str) -> str:
    """`text` with its last part open; literal where the target is odd, or hidden."""
    above, slash, last = text.rpartition("/")
    odd = not last or last.startswith(".") or bool(_LOOSE.search(target)) or targets.climbs(target)
    return text if odd else f"{above}{slash}{ANY}"


def _shown(word: str) -> str:
    return word if re.fullmatch(r"[^\s'\"]+", word) else shlex.quote(word)


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_open(given))


def _open(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arguments with those left open that say what is written, and the last part of where."""
    for name, value in given.items():
        known = str(name).lower()
        if known in _TEXTS:
            yield name, ANY
        elif isinstance(value, Mapping):
            yield name, dict(_open(value))
        elif isinstance(value, str) and _LEAVES.search(known) and "://" not in value:
            yield name, _open_end(value, value) if "/" in value.strip("/") else value
        else:
            yield name, value
