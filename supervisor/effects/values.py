"""What the values of options and the positional arguments of a call are to its program, by their role."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from supervisor.effects import shell
from supervisor.effects.arguments import Given
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.nesting import Nesting
from supervisor.effects.rules import Positional, Role, Takes
from supervisor.effects.targets import Target, copy_target, file_targets
from supervisor.effects.words import Word

READ, UNKNOWN_KIND, WRITE = EffectKind.READ, EffectKind.UNKNOWN, EffectKind.WRITE
_OF_A_FILE = re.compile(r"[^=@]*=?@")
"""How data begin that are in a file: `@FILE`, `NAME@FILE`, `NAME=@FILE`."""


@dataclass
class Values(Nesting):
    """A call whose arguments act.

    Attributes:
        worst_file: the worst that happens to a file it names.
        base: what the call is before its arguments are looked at.
    """

    worst_file: EffectKind | None = None
    base: EffectKind = READ

    def _option(self, given: Given) -> None:
        option, value = given.option, given.value
        if option.role is Role.COMMAND:
            words = list(given.words)
            if option.takes is Takes.REST and self.rule.stdin == "args":
                words = self._with_places(words)
            self._run(words, option.takes is Takes.UNTIL)
        elif option.role is Role.MODULE:
            self._module(list(given.words))
        elif option.role is Role.GET:
            self.http[Role.GET] = Word("GET")
        elif value is not None:
            looks = option.role is Role.UPDATE and self._is_tried()
            self._value(Role.READ if looks else option.role, option.lang, value, given.name)
        elif option.takes is Takes.OPTIONAL and option.role in (Role.WRITE, Role.DESTINATION):
            self._emit_base(WRITE, option.why or f"{given.name} writes a file", targets=())
        if option.effect is not None and option.effect is not READ:
            why = option.why or f"{given.name} makes it more than a read"
            targets = (option.target,) if option.target else self.rule.targets
            self._emit_base(option.effect, why, targets=targets)
        elif option.target and option.effect is READ:
            self._emit_base(READ, option.why or "reads", targets=(option.target,))

    def _is_tried(self) -> bool:
        """Whether files that would be written are only looked at."""
        return any(given.option.dry for given in self.parsed.given)

    def _positional(self, spec: Positional, words: list[Word]) -> None:
        if self._is_tried():
            role = {Role.WRITE: Role.READ, Role.UPDATE: Role.READ}
            role |= dict.fromkeys((Role.DESTINATION, Role.OUTPUT), Role.SOURCE)
            spec = msgspec.structs.replace(spec, role=role.get(spec.role, spec.role))
        if spec.role is Role.COMMAND:
            if words:
                self._run(words, False)
        elif spec.role is Role.SHELL:
            if words:
                self._value(Role.SHELL, "", _joined(words), "")
        elif spec.role is Role.CODE and spec.many and not spec.lang.startswith("sql:"):
            if words:
                self._value(Role.CODE, spec.lang, _joined(words), "")
        else:
            for word in words:
                self._value(spec.role, spec.lang, word, "")

    def _value(self, role: Role, lang: str, value: Word, name: str) -> None:
        if role is Role.TEXT or role is Role.CWD or role is Role.HELP:
            return
        if role is Role.READ:
            if any(given.option.in_place for given in self.parsed.given):
                self._file(WRITE, value, "changes this file in place")
            else:
                self._file(READ, value, "reads this file")
        elif role is Role.WRITE or role is Role.UPDATE:
            own = self.rule.why or "writes this file"
            self._file(WRITE, value, f"{name} names a file it writes" if name else own)
        elif role is Role.OUT:
            if not (value.exact and value.text == "-"):
                self._file(WRITE, value, f"{name} names a file it writes" if name else "writes this file")
        elif role is Role.SOURCE:
            self._copy(READ, value, "copies from here")
        elif role is Role.DESTINATION or (role is Role.OUTPUT and not (value.exact and value.text == "-")):
            self._copy(WRITE, value, "copies to here")
        elif role is Role.RUN:
            self.ran_code = True
            for target in file_targets(value, self.state.cwds, self.engine.around, self.state.on):
                code = target if target.uri else Target("unknown:code", Scope.HOST)
                self._emit(UNKNOWN_KIND, code, "runs this file")
        elif role is Role.URL:
            self.urls.append(value)
        elif role in (Role.METHOD, Role.BODY, Role.UPLOAD):
            self.http.setdefault(role, value)
            self.sends_file |= role is Role.UPLOAD or (
                role is Role.BODY and bool(_OF_A_FILE.match(value.text))
            )
            if role is Role.BODY and value.prefix.startswith("@") and value.text != "@-":
                self._file(READ, value.tail(1), "sends this file")
            if role is Role.UPLOAD and value.text not in ("-", "."):
                self._file(READ, value, "uploads this file")
        elif role is Role.GRAPHQL:
            self._graphql(value)
        elif role is Role.CODE:
            self._code(lang, value)
        elif role is Role.CODE_FILE:
            self._code_file(lang, value)
        elif role is Role.SHELL:
            self.ran_code = True
            shell.run_text(self.engine, value, self._inner())
        elif role is Role.ASSIGN:
            variable = value.text.partition("=")[0]
            if not value.prefix.startswith(variable + "=") or self.engine.variable(variable) is not None:
                self.engine.unknown(
                    f"environment/{variable}", self.rule.id, f"{variable} may change what the program does"
                )

    def _file(self, kind: EffectKind, word: Word, why: str) -> None:
        if word.exact and word.text == "-" and kind is READ:
            return
        if self.worst_file is None or kind.weight > self.worst_file.weight:
            self.worst_file = kind
        for target in file_targets(word, self.state.cwds, self.engine.around, self.state.on):
            target = self._itself(kind, target, word)
            socket = kind is READ and target.uri.startswith(("tcp:", "udp:"))
            self._emit(UNKNOWN_KIND if socket else kind, target, why)

    def _copy(self, kind: EffectKind, word: Word, why: str) -> None:
        if self.worst_file is None or kind.weight > self.worst_file.weight:
            self.worst_file = kind
        scheme = self._fill(self.rule.code_target) or "ssh"
        for target in copy_target(word, self.state.cwds, self.engine.around, self.state.on, scheme):
            self._emit(kind, self._itself(kind, target, word), why)

    def _itself(self, kind: EffectKind, target: Target, word: Word) -> Target:
        """`rm /dev/null` does not write into nothing: what changes files changes this one."""
        if target.uri or kind is not WRITE or self.base is not WRITE:
            return target
        return Target(f"file://{word.text}", Scope.HOST)


def _joined(words: list[Word]) -> Word:
    if all(word.exact for word in words):
        return Word(" ".join(word.text for word in words))
    return Word(" ".join(word.text for word in words), exact=False)
