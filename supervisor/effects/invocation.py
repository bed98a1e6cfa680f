"""One program call under judgement: its rule, its arguments, its targets, and how effects are noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from supervisor.effects.arguments import Arguments
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.rules import Rule
from supervisor.effects.state import State
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.words import UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

_HOLE = re.compile(r"\{([^{}]*)\}")
_NOT_KNOWN = "\0"
"""Stands in a template for a value that is not known, until the URI is made."""
_LOCAL_SCHEMES = frozenset(
    ("command", "process", "systemd", "launchd", "pkg", "unknown", "claude", "shell", "clipboard", "cron")
)


@dataclass
class Invocation:
    """A program call, and how effects of it are noted.

    Attributes:
        rule: the rule it falls under.
        path: the words of its sub-command.
        parsed: its other words, taken apart.
        state: the shell as it stands for the call.
        named: values that templates may name.
    """

    engine: Engine
    rule: Rule
    path: tuple[str, ...]
    parsed: Arguments
    state: State
    named: dict[str, Word] = field(default_factory=dict)

    def _emit(self, kind: EffectKind, target: Target, why: str, consumes: bool = False) -> None:
        self.engine.emit(kind, target, self.rule.id, why, on=self.state.on, consumes=consumes)

    def _emit_base(
        self,
        kind: EffectKind,
        why: str,
        *,
        targets: tuple[str, ...] | None = None,
        consumes: bool = False,
    ) -> None:
        templates = self.rule.targets if targets is None else targets
        if not templates:
            templates = ("command://" + "/".join((self.rule.program, *self.path)),)
        for template in templates:
            self._emit(kind, self._target(template), why, consumes)

    def _target(self, template: str) -> Target:
        uri = self._holes(template)
        known = _NOT_KNOWN not in uri
        uri = uri.replace(_NOT_KNOWN, "*")
        scheme = uri.partition(":")[0]
        if scheme == "file":
            path = uri[7:]
            # A `*` of the template itself stands for names below its folder, one not known for anything.
            word = Word(path, False, path.index("*"), known, known) if "*" in path else Word(path)
            target = file_targets(word, self.state.cwds, self.engine.around)[0]
            return target if target.uri else Target(uri, Scope.HOST)
        if self.rule.scope is not None:
            return Target(uri, self.rule.scope)
        return Target(uri, Scope.HOST if scheme in _LOCAL_SCHEMES else Scope.REMOTE)

    def _fill(self, template: str) -> str:
        return self._holes(template).replace(_NOT_KNOWN, "*")

    def _holes(self, template: str) -> str:
        return _HOLE.sub(self._hole, template) if "{" in template else template

    def _hole(self, match: re.Match[str]) -> str:
        for choice in match[1].split("|"):
            name, _, form = choice.partition("!")
            value = self._lookup(name)
            if value is None:
                continue
            if not value.text:
                return _NOT_KNOWN
            text = value.text
            if form == "path":
                found = file_targets(value, self.state.cwds, self.engine.around)
                text = found[0].uri.removeprefix("file://")
            elif form == "name":
                text = text.rstrip("/").rpartition("/")[2]
            elif form == "unscheme":
                text = text.partition("://")[2] or text
            text = text.replace(" ", "%20")
            return text if value.exact else text.replace("*", "") + _NOT_KNOWN
        return _NOT_KNOWN

    def _lookup(self, name: str) -> Word | None:
        """The value behind a name in a template; None: not given, try the next."""
        if name == "program":
            return Word(self.rule.program)
        if name == "cwd":
            return Word(self.state.cwds[0]) if self.state.cwds else UNKNOWN
        if name == "home":
            return Word(self.engine.around.home)
        kind, _, number = name.partition(":")
        if kind in ("arg", "path") and number.lstrip("-").isdigit():
            found = self.parsed.positionals if kind == "arg" else [Word(p) for p in self.path]
            index = int(number)
            return found[index] if -len(found) <= index < len(found) else None
        if name in self.named:
            return self.named[name]
        if name.startswith("-") or name in _option_names(self.rule):
            return None
        return Word(name)


def _option_names(rule: Rule) -> set[str]:
    names = {option.name for option in rule.options.values() if option.name}
    return names | {spec.name for spec in rule.args if spec.name}
