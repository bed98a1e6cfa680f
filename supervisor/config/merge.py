"""How one layer of configuration goes on top of another, field by field, and what of it loosens.

Scalars and `profiles` replace. Other lists add up; an empty one takes away what the layers below gave. Tables
of names and globs (`targets`, `notify`) are merged by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from supervisor.config.fields import AlertName, Backend, Config, RememberedRead, TargetMode
from supervisor.config.source import Source, printable
from supervisor.policy import Mode


class Loosening(msgspec.Struct, frozen=True):
    """One thing that a file would allow beyond the layers below it.

    Attributes:
        field: the field, e.g. `mcp.trusted`.
        line: the line of the file it stands on.
        sentence: what would be different, for the operator; it is printable whatever the file holds.
    """

    field: str
    line: int
    sentence: str


class Merged(msgspec.Struct, frozen=True):
    """One field of two layers made one.

    Attributes:
        full: its value if the upper layer counts as a whole.
        tight: its value if only what tightens counts.
        loosens: (key below the field, sentence) for every difference between the two that loosens.
    """

    full: Any
    tight: Any
    loosens: tuple[tuple[tuple[str | int, ...], str], ...] = ()


Rule = Callable[[Any, Any], Merged]


def fields_of(config: Config) -> dict[tuple[str, ...], Any]:
    """Every field and its value, by path."""
    found: dict[tuple[str, ...], Any] = {}
    for name in config.__struct_fields__:
        value = getattr(config, name)
        if isinstance(value, msgspec.Struct):
            found |= {(name, below): getattr(value, below) for below in value.__struct_fields__}
        else:
            found[(name,)] = value
    return found


def merge(base: Config, source: Source, *, whole: bool) -> tuple[Config, tuple[Loosening, ...]]:
    """`source` on top of `base`.

    Args:
        whole: everything in the file counts; else only what tightens.

    Returns:
        The merged configuration, and what in the file loosens, in the order of the fields.
    """
    below, above = fields_of(base), fields_of(source.config)
    merged = dict(below)
    loosens: list[Loosening] = []
    for path, rule in RULES.items():
        if path not in source.given:
            continue
        result = rule(below[path], above[path])
        merged[path] = result.full if whole else result.tight
        loosens += [
            Loosening(".".join(path), source.line(*path, *key), printable(sentence))
            for key, sentence in result.loosens
        ]
    return with_fields(base, merged), tuple(loosens)


def looseness(base: Config, source: Source) -> tuple[Loosening, ...]:
    """What the file would allow beyond `base`."""
    return merge(base, source, whole=True)[1]


def with_fields(config: Config, values: Mapping[tuple[str, ...], Any]) -> Config:
    """`config` with the given fields replaced."""
    top = {path[0]: value for path, value in values.items() if len(path) == 1}
    for name in {path[0] for path in values if len(path) == 2}:
        table = {path[1]: value for path, value in values.items() if path[0] == name}
        top[name] = msgspec.structs.replace(getattr(config, name), **table)
    return msgspec.structs.replace(config, **top)


def _replaced(is_looser: Callable[[Any, Any], bool], sentence: str) -> Rule:
    """A scalar. The sentence may name `{old}` and `{new}`."""

    def rule(old: Any, new: Any) -> Merged:
        if not is_looser(old, new):
            return Merged(full=new, tight=new)
        return Merged(full=new, tight=old, loosens=(((), sentence.format(old=_shown(old), new=_shown(new))),))

    return rule


def _ordered(*strict_to_loose: object) -> Callable[[Any, Any], bool]:
    return lambda old, new: strict_to_loose.index(new) > strict_to_loose.index(old)


def _larger(old: float, new: float) -> bool:
    return new > old


def _larger_or_none(old: int, new: int) -> bool:
    """A limit, of which 0 is none."""
    return old != 0 and (new == 0 or new > old)


def _different(old: object, new: object) -> bool:
    return old != new


def _rules_added(what: str) -> Rule:
    """A list whose entries tighten: taking them away loosens."""

    def rule(old: tuple[str, ...], new: tuple[str, ...]) -> Merged:
        added = _union(old, new)
        if new or not old:
            return Merged(full=added, tight=added)
        gone = f"{what} would be taken away: {', '.join(old)}."
        return Merged(full=(), tight=old, loosens=(((), gone),))

    return rule


def _grants_added(sentence: Callable[[Any], str]) -> Rule:
    """A list whose entries loosen: taking them away tightens."""

    def rule(old: tuple[Any, ...], new: tuple[Any, ...]) -> Merged:
        if not new:
            return Merged(full=(), tight=())
        loosens = tuple(((at,), sentence(entry)) for at, entry in enumerate(new) if entry not in old)
        return Merged(full=_union(old, new), tight=old, loosens=loosens)

    return rule


def _profiles(old: tuple[str, ...], new: tuple[str, ...]) -> Merged:
    """Leaving a pack out may drop a stricter rule as well as a read, so every difference loosens."""
    if set(old) == set(new):
        return Merged(full=old, tight=old)
    said = f"the rule packs in force would be {', '.join(new) or 'all'} instead of {', '.join(old) or 'all'}."
    return Merged(full=new, tight=old, loosens=(((), said),))


def _targets(old: Mapping[str, TargetMode], new: Mapping[str, TargetMode]) -> Merged:
    live = [glob for glob, mode in new.items() if mode is TargetMode.LIVE and old.get(glob) is not mode]
    tight = {glob: mode for glob, mode in new.items() if mode is TargetMode.DRY_RUN}
    return Merged(
        full={**old, **new},
        tight={**old, **tight},
        loosens=tuple(((glob,), f'writes to "{glob}" would be real in mixed mode.') for glob in live),
    )


def _notify(old: Mapping[AlertName, tuple[str, ...]], new: Mapping[AlertName, tuple[str, ...]]) -> Merged:
    """Whatever a file says here, it runs a program or keeps one from running."""
    loosens = []
    for alert, command in new.items():
        before = old.get(alert, ())
        if command and command != before:
            loosens.append(((alert.value,), f"an alert {alert.value} would run: {' '.join(command)}."))
        elif before and not command:
            loosens.append(
                ((alert.value,), f"an alert {alert.value} would no longer run: {' '.join(before)}.")
            )
    full = {alert: command for alert, command in {**old, **new}.items() if command}
    return Merged(full=full, tight=dict(old), loosens=tuple(loosens))


def _read_added(read: RememberedRead) -> str:
    if read.command:
        return f"the {read.tool} command `{read.command}` would count as a read."
    return f"{read.tool} {f'on {read.target} ' if read.target else ''}would count as a read."


RULES: Mapping[tuple[str, ...], Rule] = {
    ("mode",): _replaced(
        _ordered(Mode.DRY_RUN, Mode.MIXED, Mode.LIVE), "runs would be {new} instead of {old}."
    ),
    ("profiles",): _profiles,
    ("targets",): _targets,
    ("policy", "block"): _rules_added("block rules"),
    ("policy", "hold"): _rules_added("hold rules"),
    ("gate", "deadline_s"): _replaced(_larger, "the gate could be silent for {new} s instead of {old} s."),
    ("gate", "hold_deadline_s"): _replaced(_larger, "a held call would wait for {new} s instead of {old} s."),
    ("notify",): _notify,
    ("mcp", "trusted"): _grants_added(
        lambda server: (
            f'the MCP server "{server}" would be believed about which of its tools only read, and keep its '
            "network in a dry run."
        )
    ),
    ("network", "hosts"): _grants_added(lambda host: f'commands could reach the host "{host}".'),
    ("shadow", "backend"): _replaced(
        _ordered(Backend.OVERLAY, Backend.AUTO, Backend.CLONE, Backend.OFF),
        "the shadow would be {new} instead of {old}.",
    ),
    ("shadow", "size_limit_mb"): _replaced(
        _larger_or_none, "a shadow could take {new} MB instead of {old} MB (0 is no limit)."
    ),
    ("shadow", "include_ignored_giants"): _replaced(
        _ordered(False, True), "a clone would also copy big folders that .gitignore names."
    ),
    ("approval", "expires_minutes"): _replaced(
        _larger, "an approval would be valid for {new} minutes instead of {old}."
    ),
    ("screen", "attach_key"): _replaced(
        _different, "the key that leaves the agent's terminal would be {new} instead of {old}."
    ),
    ("screen", "bell"): _replaced(_ordered(True, False), "alerts would not ring the terminal's bell."),
    ("alerts", "disabled"): _grants_added(lambda alert: f"{alert.value} alerts would not be shown."),
    ("reads",): _grants_added(_read_added),
}
"""How each field is merged. Every field has its rule here."""


def _union(old: Iterable[Any], new: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*old, *new)))


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
