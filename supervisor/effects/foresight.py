"""What a rule knows of one program call beyond its effects: how to look at its target, how to take it back.

Pure: the command that looks is only put together here, word by word, and never through a shell.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable

import msgspec

from supervisor.effects.arguments import Arguments, Given
from supervisor.effects.model import EffectKind
from supervisor.effects.rules import Rule
from supervisor.effects.state import State
from supervisor.effects.words import Word

_HOLE = re.compile(r"\{([^{}]*)\}")
_SPREAD = re.compile(r"\{arg:(\d+)\.\.\.(?:!(\w+))?\}")
_ANY_REF = "*"
"""What `git ls-remote` takes for all refs."""


class Foreseen(msgspec.Struct, frozen=True):
    """What is known of one program call.

    Attributes:
        rule: id of the rule that knows it.
        probe: argv of the read-only command that looks at the target; empty if there is none.
        folder: absolute path of the folder it runs in.
        doubt: why the target cannot be looked at although the rule would know how; empty otherwise.
        reverse: what would take the call back, for a person to read; empty if the rule knows nothing.
    """

    rule: str
    probe: tuple[str, ...] = ()
    folder: str = ""
    doubt: str = ""
    reverse: str = ""


class _NotGiven(Exception):
    """A hole for which the call gives nothing: there is nothing to be looked at here."""


class _NotClear(Exception):
    """A value that is not known before the call runs, or that cannot be handed on."""


def foresee(rule: Rule, parsed: Arguments, state: State, lookup: Callable[[str], Word | None]) -> Foreseen:
    """What `rule` knows of the call.

    Args:
        parsed: the call's arguments.
        state: the shell as the call found it.
        lookup: the value behind a name in a template; None: not given.
    """
    holes = _Holes(parsed, state, lookup)
    reverse = holes.text(rule.reverse)
    probe: tuple[str, ...] = ()
    doubt = ""
    if rule.probe:
        try:
            words = [word for template in rule.probe[1:] for word in holes.words(template)]
            probe = (rule.probe[0], *_handed_on(rule, parsed.given), *words)
            doubt = _doubt(parsed, state)
        except _NotGiven:
            pass
        except _NotClear as cause:
            doubt = str(cause)
    if doubt:
        probe = ()
    return Foreseen(rule.id, probe, state.cwds[0] if probe else "", doubt, reverse)


def _doubt(parsed: Arguments, state: State) -> str:
    """Why the same command here and now might look at something else than the call would touch."""
    if state.on:
        return f"it runs on {state.on}"
    if len(state.cwds) != 1:
        return "the folder it runs in is not known"
    if named := sorted(state.environment | state.exported):
        return f"{named[0]} is set for it"
    for each in parsed.given:
        if each.option.effect not in (None, EffectKind.READ) and each.name not in parsed.rule.probe_options:
            return f"{each.name} may change what it reaches"
    if parsed.doubts:
        return parsed.doubts[0]
    return ""


def _handed_on(rule: Rule, given: list[Given]) -> list[str]:
    """The options that say where the target is, as the call gave them."""
    words: list[str] = []
    for each in given:
        if each.name not in rule.probe_options:
            continue
        if each.value is None:
            words.append(each.name)
            continue
        if not each.value.exact:
            raise _NotClear(f"the value of {each.name} is not known before it runs")
        joined = each.name.startswith("--") or each.value.text.startswith("-")
        words += [f"{each.name}={each.value.text}"] if joined else [each.name, each.value.text]
    return words


class _Holes:
    """Templates filled from one call."""

    def __init__(self, parsed: Arguments, state: State, lookup: Callable[[str], Word | None]) -> None:
        self._positionals = parsed.positionals
        self._folder = state.cwds[0] if len(state.cwds) == 1 else ""
        self._lookup = lookup

    def words(self, template: str) -> list[str]:
        """The argv words of one template: one, or for `{arg:N...}` one per argument from N on."""
        spread = _SPREAD.fullmatch(template)
        if spread is not None:
            given = self._positionals[int(spread[1]) :]
            return [self._safe(self._formed(word, spread[2] or "", "an argument")) for word in given]
        filled = _HOLE.sub(lambda match: self._value(match[1]), template)
        return [self._safe(filled) if template.startswith("{") else filled]

    def text(self, template: str) -> str:
        """A sentence for a person; empty if the call gives nothing for one of its holes."""

        def value(match: re.Match[str]) -> str:
            try:
                return shlex.quote(self._value(match[1]))
            except _NotClear:
                return "…"

        try:
            return _HOLE.sub(value, template)
        except _NotGiven:
            return ""

    def _value(self, hole: str) -> str:
        for choice in hole.split("|"):
            name, _, form = choice.partition("!")
            word = self._lookup(name)
            if word is not None:
                return self._formed(word, form, name)
        raise _NotGiven

    def _formed(self, word: Word, form: str, name: str) -> str:
        if not word.exact:
            raise _NotClear(f"{name} is not known before it runs")
        return FORMS[form](word.text, self._folder)

    @staticmethod
    def _safe(value: str) -> str:
        """A value never becomes an option of the command that looks."""
        if value.startswith("-"):
            raise _NotClear(f"{value} could be taken for an option")
        return value


def _path(text: str, folder: str) -> str:
    if not folder and not text.startswith("/"):
        raise _NotClear(f"the folder of {text} is not known")
    return posixpath.normpath(posixpath.join(folder, text))


def _host(text: str, _folder: str) -> str:
    if "://" not in text:
        raise _NotGiven
    return text.partition("://")[2].partition("/")[0]


def _rest(text: str, _folder: str) -> str:
    if "://" not in text:
        raise _NotGiven
    return text.partition("://")[2].partition("/")[2]


def _ref(text: str, _folder: str) -> str:
    """The remote side of a refspec; all refs where it is not spelled out."""
    source, colon, destination = text.removeprefix("+").partition(":")
    named = destination if colon else source
    return named if named not in ("", "HEAD", "@") else _ANY_REF


FORMS: dict[str, Callable[[str, str], str]] = {
    "": lambda text, _folder: text,
    "path": _path,
    "name": lambda text, _folder: text.rstrip("/").rpartition("/")[2],
    "unscheme": lambda text, _folder: text.partition("://")[2] or text,
    "host": _host,
    "rest": _rest,
    "ref": _ref,
}
"""What can stand behind `!` in a hole of a probe or a reverse."""


def sample(rule: Rule) -> tuple[str, ...]:
    """The probe of `rule` as some call would fill it: every hole, and every option that is handed on."""
    options: list[str] = []
    for name in rule.probe_options:
        takes = rule.options[name].takes.value != "nothing"
        options += [name, "/x"] if takes else [name]
    words = [_HOLE.sub("/x" if "!path" in word else "x", word) for word in rule.probe[1:]]
    return (rule.probe[0], *options, *words)
