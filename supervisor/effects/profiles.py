"""Rule packs: read, checked and compiled once into a RuleBook. docs/profiles.md describes the format."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from supervisor.effects.foresight import FORMS
from supervisor.effects.model import EffectKind
from supervisor.effects.packfile import (
    CommandTable,
    EnvironmentTable,
    McpTable,
    OptionSetTable,
    OptionTable,
    PackHead,
    PackSource,
    nearest,
)
from supervisor.effects.rules import (
    McpRule,
    Option,
    Positional,
    Program,
    Role,
    Rule,
    RuleBook,
    Step,
    Style,
    Takes,
)
from supervisor.errors import ConfigError

LANGUAGES = frozenset(
    ("sh", "bash", "python", "awk", "sed", "jq", "node", "perl", "ruby", "php", "lua", "any")
)  # `sql:<dialect>` comes on top

_SHORT: Mapping[str, Option] = {
    "flag": Option(),
    "value": Option(takes=Takes.VALUE),
    "optional": Option(takes=Takes.OPTIONAL),
    "write": Option(effect=EffectKind.WRITE),
    "write-value": Option(takes=Takes.VALUE, effect=EffectKind.WRITE),
    "unknown": Option(effect=EffectKind.UNKNOWN),
    "unknown-value": Option(takes=Takes.VALUE, effect=EffectKind.UNKNOWN),
    "makes-read": Option(makes=EffectKind.READ),
    "dry-run": Option(makes=EffectKind.READ, dry=True),
    "makes-write": Option(makes=EffectKind.WRITE),
    "help": Option(role=Role.HELP),
    "get": Option(role=Role.GET),
    "read-file": Option(takes=Takes.VALUE, role=Role.READ),
    "write-file": Option(takes=Takes.VALUE, role=Role.WRITE),
    "out-file": Option(takes=Takes.VALUE, role=Role.OUT),
    "update-file": Option(takes=Takes.VALUE, role=Role.UPDATE),
    "run-file": Option(takes=Takes.VALUE, role=Role.RUN),
    "source": Option(takes=Takes.VALUE, role=Role.SOURCE),
    "destination": Option(takes=Takes.VALUE, role=Role.DESTINATION),
    "url": Option(takes=Takes.VALUE, role=Role.URL),
    "cwd": Option(takes=Takes.VALUE, role=Role.CWD),
    "assign": Option(takes=Takes.VALUE, role=Role.ASSIGN),
    "method": Option(takes=Takes.VALUE, role=Role.METHOD),
    "body": Option(takes=Takes.VALUE, role=Role.BODY),
    "upload": Option(takes=Takes.VALUE, role=Role.UPLOAD),
    "shell": Option(takes=Takes.VALUE, role=Role.SHELL),
    "command": Option(takes=Takes.REST, role=Role.COMMAND),
    "graphql-field": Option(takes=Takes.VALUE, role=Role.GRAPHQL),
    "module": Option(takes=Takes.REST, role=Role.MODULE),
    "command-until": Option(takes=Takes.UNTIL, role=Role.COMMAND),
}
_ARG_ROLES = {
    "text": Role.TEXT,
    "read": Role.READ,
    "write": Role.WRITE,
    "update": Role.UPDATE,
    "out": Role.OUT,
    "source": Role.SOURCE,
    "destination": Role.DESTINATION,
    "output": Role.OUTPUT,
    "run": Role.RUN,
    "url": Role.URL,
    "command": Role.COMMAND,
    "shell": Role.SHELL,
    "cwd": Role.CWD,
    "method": Role.METHOD,
}
_ARGUMENT = re.compile(r"([^(@]+?)(?:\((.*)\))?(?:@([\w-]+))?(\.\.\.)?")
_WRITING_ROLES = frozenset(
    (
        *(Role.WRITE, Role.UPDATE, Role.OUT, Role.DESTINATION, Role.OUTPUT, Role.RUN, Role.CODE),
        *(Role.CODE_FILE, Role.COMMAND, Role.MODULE, Role.GRAPHQL, Role.SHELL, Role.ASSIGN, Role.METHOD),
        *(Role.BODY, Role.UPLOAD),
    )
)


def load(*folders: Path) -> RuleBook:
    """The rule book of every `*.toml` in `folders`; a later folder's program replaces an earlier one's.

    Raises:
        ConfigError: a pack cannot be read or is wrong; the message names file, line and field.
    """
    layers: list[list[tuple[str, str]]] = []
    for folder in folders:
        layer = []
        for file in sorted(folder.glob("*.toml")):
            try:
                layer.append((str(file), file.read_text(encoding="utf-8")))
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{file}:1: cannot be read: {error}") from None
        layers.append(layer)
    return compile_packs(*layers)


def compile_packs(*layers: Iterable[tuple[str, str]]) -> RuleBook:
    """The rule book of packs given as (file name, text); a later layer replaces programs of earlier ones.

    Raises:
        ConfigError: a pack is wrong, or two packs of one layer define the same program.
    """
    programs: dict[str, Program] = {}
    mcp: list[McpRule] = []
    harmless: list[str] = []
    dangerous: list[str] = []
    packs: list[_Pack] = []
    given = [list(layer) for layer in layers]
    for layer in given:
        owner: dict[str, str] = {}
        for file, text in layer:
            pack = _Pack(file, text)
            packs.append(pack)
            harmless += pack.environment.harmless
            dangerous += pack.environment.dangerous
            mcp = pack.mcp + mcp
            for name, program in pack.programs.items():
                if name in owner:
                    raise pack.source.error(
                        ("program", name), "", f"already defined in {Path(owner[name]).name}"
                    )
                owner[name] = file
                programs[name] = program
    mcp.sort(key=lambda rule: -_literal(rule.server) * 1000 - _literal(rule.tool))
    book = RuleBook(
        digest=digest_of(given),
        programs=programs,
        mcp=tuple(mcp),
        env_harmless=tuple(harmless),
        env_dangerous=tuple(dangerous),
        packs=tuple((pack.head.name, str(pack.head.version), pack.source.file) for pack in packs),
    )
    _check_probes(book, packs)
    return book


def _check_probes(book: RuleBook, packs: Iterable[_Pack]) -> None:
    """A probe is run for real during a rehearsal: it must be a read under the very rules it stands in."""
    if not any(pack.probes for pack in packs):
        return
    from supervisor.effects.probe_check import more_than_a_read  # with the parsers, which few commands need

    for pack in packs:
        for where, rule in pack.probes:
            replaced = book.programs[rule.program] is not pack.programs[rule.program]  # by a later layer
            if not replaced and (problem := more_than_a_read(book, rule)):
                raise pack.source.error(where, "probe", problem)


def _spread(word: str) -> str:
    """`word` with `{arg:1...}` as `{arg:1}`: it stands for all arguments from there on."""
    return word.replace("...", "", 1) if word.startswith("{arg:") else word


def digest_of(layers: Iterable[Iterable[tuple[str, str]]]) -> str:
    """`RuleBook.digest` of the book that the packs make, known before they are compiled."""
    digest = hashlib.sha256()
    for layer in layers:
        for file, text in layer:
            digest.update(f"{Path(file).name}\0{len(text)}\0{text}".encode())
    return digest.hexdigest()[:16]


def _literal(glob: str) -> int:
    return len(glob.replace("*", "").replace("?", ""))


class _Pack:
    """One pack, compiled."""

    def __init__(self, file: str, text: str) -> None:
        self.source = PackSource(file, text)
        try:
            data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{file}: not TOML: {error}") from None
        known = ["pack", "environment", "options", "program", "mcp"]
        for key in data:
            if key not in known:
                raise self.source.error((key,), "", f"unknown table{nearest(key, known)}")
        if "pack" not in data:
            raise ConfigError(f"{file}:1: pack: the table [pack] with name and version is missing")
        self.head = self.source.convert(("pack",), data["pack"], PackHead)
        self.environment = self.source.convert(
            ("environment",), data.get("environment", {}), EnvironmentTable
        )
        self._sets: dict[str, dict[str, Option]] = {}
        for name, table in data.get("options", {}).items():
            where = ("options", name)
            self._sets[name] = self._options(where, self.source.convert(where, table, OptionSetTable))
        self.programs: dict[str, Program] = {}
        self._taken: dict[str, list[tuple[Step, ...]]] = {}  # of the program being compiled, by first word
        self.probes: list[tuple[tuple[str, ...], Rule]] = []
        for name, table in data.get("program", {}).items():
            self._program(name, table)
        self.mcp = self._mcp(data.get("mcp", []))

    # -- programs

    def _program(self, key: str, data: object) -> None:
        where = ("program", key)
        if not isinstance(data, dict):
            raise self.source.error(where, "", "must be a table")
        own = {k: v for k, v in data.items() if k != "commands"}
        table = self.source.convert(where, own, CommandTable)
        names = [key, *table.names]
        root = self._rule(where, key, table, None)
        rules: list[Rule] = []
        self._taken = {}
        self._commands(where, data.get("commands", {}), (), root, rules)
        spans = [6 if any(step.many for step in rule.path) else len(rule.path) for rule in rules]
        plain: dict[str, list[Rule]] = {}
        for rule in rules:
            for word in rule.path[0].words:
                plain.setdefault(word, []).append(rule)
        program = Program(
            rule=root,
            commands={first: tuple(found) for first, found in plain.items()},
            patterns=tuple(rule for rule in rules if rule.path[0].globs or rule.path[0].many),
            own_args=table.args is not None,
            depth=max(spans, default=0),
        )
        for name in names:
            if name in self.programs:
                raise self.source.error(where, "", f'"{name}" is defined twice')
            self.programs[name] = program

    def _commands(
        self, where: tuple[str, ...], data: object, prefix: tuple[Step, ...], parent: Rule, into: list[Rule]
    ) -> None:
        if not isinstance(data, dict):
            raise self.source.error((*where, "commands"), "", "must be a table of sub-commands")
        for key, value in data.items():
            here = (*where, "commands", key)
            if not isinstance(value, dict):
                raise self.source.error(
                    (*where, "commands"), key, "must be a table; a plain read is { effect = 'read' }"
                )
            own = {k: v for k, v in value.items() if k != "commands"}
            table = self.source.convert(here, own, CommandTable)
            template = self._rule(here, parent.program, table, parent)
            for name in table.names or [key]:
                words = name.split()
                path = (*prefix, *map(_step, words))
                if not words:
                    raise self.source.error((*where, "commands"), '""', "a sub-command needs a name")
                if any("**" in word and word != "**" for word in words) or sum(s.many for s in path) > 1:
                    raise self.source.error(here, "", "`**` stands alone, and once in a path")
                self._take(here, path)
                rule = msgspec.structs.replace(
                    template,
                    path=path,
                    id=".".join((parent.id, *words)),
                    needs=tuple(step.words for step in path if step.words and not step.globs),
                )
                into.append(rule)
                if "commands" in value:
                    self._commands(here, value["commands"], path, rule, into)

    def _take(self, where: tuple[str, ...], path: tuple[Step, ...]) -> None:
        """No two rules of a program are for the same words."""
        for first in _alternatives(path[0]):
            others = self._taken.setdefault(first, [])
            for other in others:
                if len(other) == len(path) and all(map(_meet, other, path)):
                    pairs = zip(map(_alternatives, other), map(_alternatives, path), strict=True)
                    shared = [min({*one} & {*two}) for one, two in pairs]
                    raise self.source.error(where, "", f'"{" ".join(shared)}" has a rule already')
            others.append(path)

    def _rule(
        self,
        where: tuple[str, ...],
        program: str,
        table: CommandTable,
        parent: Rule | None,
    ) -> Rule:
        options: dict[str, Option] = {}
        if parent is not None and table.inherit_options:
            # What prints the program's help (`docker -v`) may be an option of a command (`compose down -v`),
            # and what makes the program look (`brew --taps`) may make a command write (`bundle dump --taps`).
            handed = {k: o for k, o in parent.options.items() if o.role is not Role.HELP}
            options.update({k: o for k, o in handed.items() if parent.path or not _only_shows(o)})
        for name in table.use:
            if name not in self._sets:
                raise self.source.error(where, "use", f'no option set "{name}"{nearest(name, [*self._sets])}')
            options.update(self._sets[name])
        options.update(self._options(where, table))
        operands = {
            name: self._option((*where, "operands"), name, value) for name, value in table.operands.items()
        }
        args = table.args
        if args is None:
            args = "" if table.effect is EffectKind.READ else "text..."
        positionals = self._args(where, args)
        if table.stdin and table.stdin not in ("args", "none", "body"):
            self._language(where, "stdin", table.stdin)
        targets = tuple(([table.target] if table.target else []) + table.targets)
        for template in (*targets, table.code_target, table.on):
            self._template(where, "target", template)
        other_options = table.other_options or EffectKind.UNKNOWN
        can_write = (
            any(_may_write(o) for o in (*options.values(), *operands.values()))
            or any(p.role in _WRITING_ROLES for p in positionals)
            or bool(table.http)
            or table.stdin not in ("", "none")
        )
        http = table.http if isinstance(table.http, str) else ("{url}" if table.http else "")
        rule = Rule(
            id=program,
            program=program,
            effect=table.effect,
            scope=table.scope,
            targets=targets,
            consumes=table.consumes,
            why=table.why,
            args=positionals,
            bare=table.bare,
            max_read_args=table.max_read_args,
            options=options,
            operands=operands,
            other_options=other_options,
            other_env=table.other_env or (parent.other_env if parent else EffectKind.UNKNOWN),
            style=table.style or (parent.style if parent else Style.GNU),
            number=_inherit(table.number, parent.number if parent else False),
            stop_at_args=_inherit(table.stop_at_args, False),
            assignments=table.assignments,
            help=_inherit(table.help, True if parent is None else parent.help),
            stdin=table.stdin,
            code_target=table.code_target or (parent.code_target if parent else ""),
            on=table.on,
            http=http,
            heeds=tuple(table.heeds.split()) or (parent.heeds if parent else ()),
            can_write=can_write,
            probe=self._probe(where, table.probe),
            probe_options=self._probe_options(where, table, options),
            reverse=self._filled(where, "reverse", table.reverse),
        )
        if rule.probe:
            self.probes.append((where, rule))
        return rule

    # -- what else is known of a call

    def _probe(self, where: tuple[str, ...], words: list[str]) -> tuple[str, ...]:
        if words and "{" in words[0]:
            raise self.source.error(where, "probe", "its first word is the name of a program")
        for word in words:
            self._filled(where, "probe", _spread(word))
        return tuple(words)

    def _probe_options(
        self, where: tuple[str, ...], table: CommandTable, known: Mapping[str, Option]
    ) -> tuple[str, ...]:
        names = tuple(table.probe_options.split())
        for name in names:
            if name not in known:
                problem = f'no option "{name}" here{nearest(name, [*known])}'
                raise self.source.error(where, "probe-options", problem)
            if known[name].takes not in (Takes.NOTHING, Takes.VALUE):
                raise self.source.error(where, "probe-options", f'"{name}" cannot be handed on as it stands')
        if names and not table.probe:
            raise self.source.error(where, "probe-options", "there is no probe to hand them to")
        return names

    def _filled(self, where: tuple[str, ...], key: str, template: str) -> str:
        self._template(where, key, template)
        for hole in re.findall(r"\{([^{}]*)\}", template):
            for choice in hole.split("|"):
                name, _, form = choice.partition("!")
                if form not in FORMS:
                    raise self.source.error(where, key, f'unknown form "!{form}"{nearest(form, [*FORMS])}')
                kind, _, number = name.partition(":")
                if kind in ("arg", "path") and number and not number.lstrip("-").isdigit():
                    raise self.source.error(where, key, f'"{name}": a number stands behind the colon')
        return template

    # -- options and arguments

    def _options(self, where: tuple[str, ...], table: CommandTable | OptionSetTable) -> dict[str, Option]:
        options: dict[str, Option] = {}
        for field, spec in (
            (table.flags, _SHORT["flag"]),
            (table.values, _SHORT["value"]),
            (table.optionals, _SHORT["optional"]),
        ):
            options.update(dict.fromkeys(field.split(), spec))
        for names, value in table.options.items():
            option = self._option((*where, "options"), names, value)
            options.update(dict.fromkeys(names.split(), option))
        for name in options:
            if not name.startswith(("-", "+", "/")):
                raise self.source.error((*where, "options"), name, "an option begins with - or +")
        return options

    def _option(self, where: tuple[str, ...], names: str, value: object) -> Option:
        if isinstance(value, str):
            return self._role(where, names, value)
        table = self.source.convert((*where, names), value, OptionTable)
        base = self._role(where, names, table.is_) if table.is_ else Option()
        takes = table.takes or base.takes
        if not table.is_ and table.takes is None and (table.as_ or table.harmless or table.harmful):
            takes = Takes.VALUE
        self._template(where, names, table.target)
        return msgspec.structs.replace(
            base,
            takes=takes,
            effect=table.effect or base.effect,
            makes=table.makes or base.makes,
            name=table.as_ or base.name,
            harmless=tuple(table.harmless),
            harmful=tuple(table.harmful),
            target=table.target,
            why=table.why,
            in_place=table.in_place,
            unless=frozenset(table.unless.split()),
        )

    def _role(self, where: tuple[str, ...], names: str, role: str) -> Option:
        if role in _SHORT:
            return _SHORT[role]
        kind, _, rest = role.partition(":")
        if kind == "name" and rest:
            return Option(takes=Takes.VALUE, name=rest)
        if kind in ("code", "code-file"):
            self._language(where, names, rest)
            return Option(takes=Takes.VALUE, role=Role(kind), lang=rest)
        known = [*_SHORT, "name:<name>", "code:<language>", "code-file:<language>"]
        raise self.source.error(where, names, f'unknown option role "{role}"{nearest(role, known)}')

    def _args(self, where: tuple[str, ...], spec: str) -> tuple[Positional, ...]:
        found: list[Positional] = []
        for word in spec.split():
            match = _ARGUMENT.fullmatch(word)
            role, glob, name, many = match.groups(default="") if match else (word, "", "", "")
            kind, _, lang = role.partition(":")
            if kind in ("code", "code-file"):
                self._language(where, "args", lang)
                found.append(Positional(Role(kind), lang, name, bool(many)))
            elif role in _ARG_ROLES:
                found.append(Positional(_ARG_ROLES[role], "", name, bool(many), glob))
            else:
                known = [*_ARG_ROLES, "code:<language>", "code-file:<language>"]
                raise self.source.error(where, "args", f'unknown role "{role}"{nearest(role, known)}')
        if sum(p.many for p in found) > 1:
            raise self.source.error(where, "args", "only one `...` in args")
        return tuple(found)

    def _language(self, where: tuple[str, ...], key: str, lang: str) -> None:
        if lang not in LANGUAGES and not lang.startswith("sql:"):
            known = [*LANGUAGES, "sql:<dialect>"]
            raise self.source.error(where, key, f'unknown language "{lang}"{nearest(lang, known)}')

    def _template(self, where: tuple[str, ...], key: str, template: str) -> None:
        depth = 0
        for char in template:
            depth += (char == "{") - (char == "}")
            if depth not in (0, 1):
                break
        if depth:
            raise self.source.error(where, key, f"braces do not match, or stand in braces: {template!r}")

    # -- MCP

    def _mcp(self, tables: object) -> list[McpRule]:
        if not isinstance(tables, list):
            raise self.source.error(("mcp",), "", "must be an array of tables: [[mcp]]")
        rules = []
        for data in tables:
            table = self.source.convert(("mcp",), data, McpTable)
            targets = tuple(([table.target] if table.target else []) + table.targets)
            rules += [
                McpRule(
                    id=f"mcp.{table.server}.{tool}",
                    server=table.server,
                    tool=tool,
                    effect=table.effect,
                    trusted=table.trusted,
                    scope=table.scope,
                    targets=targets,
                    consumes=table.consumes,
                    sql=table.sql,
                    dialect=table.dialect,
                    url=table.url,
                    why=table.why,
                )
                for tool in table.tools
            ]
        return rules


def _inherit(own: bool | None, parent: bool | None) -> bool:
    return own if own is not None else bool(parent)


def _only_shows(option: Option) -> bool:
    return option.makes is EffectKind.READ and option.role is Role.TEXT


def _may_write(option: Option) -> bool:
    return (
        option.effect not in (None, EffectKind.READ)
        or option.in_place
        or option.role in _WRITING_ROLES
        or (option.makes not in (None, EffectKind.READ))
    )


def _step(word: str) -> Step:
    """A word of a path as packs write it: `a|b*`."""
    if word == "**":
        return Step(many=True)
    parts = dict.fromkeys(word.split("|"))
    globs = tuple(part for part in parts if "*" in part)
    return Step(frozenset(parts.keys() - globs), globs)


def _alternatives(step: Step) -> tuple[str, ...]:
    return ("**",) if step.many else (*step.words, *step.globs)


def _meet(one: Step, other: Step) -> bool:
    """Whether the two share an alternative."""
    if not one.words.isdisjoint(other.words) or not set(one.globs).isdisjoint(other.globs):
        return True
    return one.many and other.many
