"""Compiled rules: what a rule pack says about a program, ready to be looked up. Plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from supervisor.effects.model import EffectKind, Scope


class Takes(StrEnum):
    """What an option takes along."""

    NOTHING = "nothing"
    VALUE = "value"
    TWO = "two"
    OPTIONAL = "optional"
    REST = "rest"
    UNTIL = "until"
    FIRST = "first"


class Role(StrEnum):
    """What the value of an option, or a positional argument, is to the program."""

    TEXT = "text"
    READ = "read"
    WRITE = "write"
    UPDATE = "update"
    OUT = "out"
    SOURCE = "source"
    DESTINATION = "destination"
    OUTPUT = "output"
    RUN = "run"
    URL = "url"
    CODE = "code"
    CODE_FILE = "code-file"
    COMMAND = "command"
    SHELL = "shell"
    ASSIGN = "assign"
    CWD = "cwd"
    METHOD = "method"
    BODY = "body"
    UPLOAD = "upload"
    GET = "get"
    HELP = "help"
    MODULE = "module"
    GRAPHQL = "graphql"


class Style(StrEnum):
    """How a program spells its options."""

    GNU = "gnu"
    LONG = "long"
    BUNDLE = "bundle"
    NONE = "none"


class Option(msgspec.Struct, frozen=True):
    """One option.

    Attributes:
        takes: nothing, a value (next word or attached), an optional attached value, the rest, until `;`, or
            the first positional argument.
        role: what the value is.
        lang: language of a `code` or `code-file` value, e.g. `sh`, `sql:postgres`.
        effect: what its presence makes of the call at least; None: it is harmless.
        makes: what its presence makes of the command's own effect (`--dry-run` makes a write a read).
        name: the value is kept under this name for target templates.
        harmless: globs; a value that matches one leaves the call alone, any other has `effect`.
        harmful: globs; only a value that matches one has `effect`.
        target: target template of `effect`.
        why: one sentence for the operator.
        in_place: the files that the call would read are changed.
        unless: beside one of these options `makes` does not count.
        dry: the files that the call would write are only looked at.
    """

    takes: Takes = Takes.NOTHING
    role: Role = Role.TEXT
    lang: str = ""
    effect: EffectKind | None = None
    makes: EffectKind | None = None
    name: str = ""
    harmless: tuple[str, ...] = ()
    harmful: tuple[str, ...] = ()
    target: str = ""
    why: str = ""
    in_place: bool = False
    dry: bool = False
    unless: frozenset[str] = frozenset()


class Positional(msgspec.Struct, frozen=True):
    """One place among the positional arguments.

    Attributes:
        role: what stands there.
        lang: language of a `code` or `code-file` argument.
        name: kept under this name for target templates.
        many: takes any number of arguments.
        glob: the argument must match (`A|B`: one, `!A|B`: none), else the call is unknown; empty: anything.
    """

    role: Role
    lang: str = ""
    name: str = ""
    many: bool = False
    glob: str = ""


class Step(msgspec.Struct, frozen=True):
    """One word of a sub-command: any of these.

    Attributes:
        words: as they are.
        globs: patterns.
        many: it stands for any number of words (`**`), and `words` and `globs` are empty.
    """

    words: frozenset[str] = frozenset()
    globs: tuple[str, ...] = ()
    many: bool = False


class Rule(msgspec.Struct, frozen=True):
    """What one program or sub-command does; see docs/profiles.md for each field.

    Attributes:
        id: dotted rule id, e.g. `git.push`; alternatives as the pack writes them, `git.tag|branch`.
        program: name of the program.
        path: the words of the sub-command; empty for the program itself.
        needs: of each of these sets a word must be there, which is quickly seen.
        options: every option by its exact spelling, inherited ones included.
        max_read_args: up to this many positionals the call is a read; -1: not so.
        heeds: files that, lying in the folder or above it, may make the call run or write anything.
        can_write: some option or operand could turn the call into more than a read.
        probe: templates of the words of a read-only command that looks at the target; empty: none is known.
        probe_options: options of the call that the probe takes over.
        reverse: template of what would take the call back.
    """

    id: str
    program: str
    path: tuple[Step, ...] = ()
    needs: tuple[frozenset[str], ...] = ()
    effect: EffectKind = EffectKind.UNKNOWN
    scope: Scope | None = None
    targets: tuple[str, ...] = ()
    consumes: bool = False
    why: str = ""
    args: tuple[Positional, ...] = ()
    bare: EffectKind | None = None
    max_read_args: int = -1
    options: Mapping[str, Option] = {}
    operands: Mapping[str, Option] = {}
    other_options: EffectKind = EffectKind.UNKNOWN
    other_env: EffectKind = EffectKind.UNKNOWN
    style: Style = Style.GNU
    number: bool = False
    stop_at_args: bool = False
    assignments: bool = False
    help: bool = True
    stdin: str = ""
    code_target: str = ""
    on: str = ""
    http: str = ""
    heeds: tuple[str, ...] = ()
    can_write: bool = False
    probe: tuple[str, ...] = ()
    probe_options: tuple[str, ...] = ()
    reverse: str = ""


class Program(msgspec.Struct, frozen=True):
    """A program: its own rule and those of its sub-commands.

    Attributes:
        rule: the program without sub-command; also the source of options before one.
        commands: rules of sub-commands by their first word, where that is no glob.
        patterns: rules of sub-commands whose first word may be a glob.
        own_args: the program's own rule judges calls whose first word is no known sub-command.
        depth: how many words a sub-command may span.
    """

    rule: Rule
    commands: Mapping[str, tuple[Rule, ...]] = {}
    patterns: tuple[Rule, ...] = ()
    own_args: bool = False
    depth: int = 0


class McpRule(msgspec.Struct, frozen=True):
    """What tools of an MCP server do.

    Attributes:
        server, tool: globs.
        trusted: it counts only for a server that the operator trusts.
        sql: argument that holds SQL; then the statements decide. `dialect` names the dialect.
        url: argument that holds the URL that is fetched.
        targets: templates with `{input:<key>|fallback}`, `{server}`, `{tool}`.
    """

    id: str
    server: str
    tool: str
    effect: EffectKind
    trusted: bool = False
    scope: Scope = Scope.REMOTE
    targets: tuple[str, ...] = ()
    consumes: bool = False
    sql: str = ""
    dialect: str = ""
    url: str = ""
    why: str = ""


class RuleBook(msgspec.Struct, frozen=True):
    """All rules in force.

    Attributes:
        digest: first 16 hex digits of the SHA-256 over every pack's name and text.
        programs: by name, aliases included.
        mcp: MCP rules, the most specific first.
        env_harmless: globs of environment variables that change nothing but language, colour and place.
        env_dangerous: globs of those that change what programs run or load.
        packs: (name, version, file) of every pack.
    """

    digest: str
    programs: Mapping[str, Program]
    mcp: tuple[McpRule, ...] = ()
    env_harmless: tuple[str, ...] = ()
    env_dangerous: tuple[str, ...] = ()
    packs: tuple[tuple[str, str, str], ...] = ()
