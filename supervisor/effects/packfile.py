"""The rule-pack format as written: one struct per TOML table, errors with file, line and nearest name."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar

import msgspec

from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.rules import Style, Takes
from supervisor.errors import ConfigError


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A TOML table: keys in kebab case, unknown keys are errors."""


class PackHead(_Table, frozen=True):
    """`[pack]`."""

    name: str
    version: int
    about: str = ""


class EnvironmentTable(_Table, frozen=True):
    """`[environment]`: globs of variables."""

    harmless: list[str] = []
    dangerous: list[str] = []


class OptionTable(_Table, frozen=True):
    """One option, written out."""

    is_: str = msgspec.field(default="", name="is")
    takes: Takes | None = None
    effect: EffectKind | None = None
    makes: EffectKind | None = None
    as_: str = msgspec.field(default="", name="as")
    harmless: list[str] = []
    harmful: list[str] = []
    target: str = ""
    why: str = ""
    in_place: bool = False
    unless: str = ""


class CommandTable(_Table, frozen=True):
    """A program or sub-command, without its `commands`."""

    names: list[str] = []
    effect: EffectKind = EffectKind.UNKNOWN
    scope: Scope | None = None
    target: str = ""
    targets: list[str] = []
    consumes: bool = False
    why: str = ""
    args: str | None = None
    bare: EffectKind | None = None
    max_read_args: int = -1
    use: list[str] = []
    flags: str = ""
    values: str = ""
    optionals: str = ""
    options: dict[str, Any] = {}
    operands: dict[str, Any] = {}
    other_options: EffectKind | None = None
    other_env: EffectKind | None = None
    inherit_options: bool = True
    style: Style | None = None
    number: bool | None = None
    stop_at_args: bool | None = None
    assignments: bool = False
    help: bool | None = None
    stdin: str = ""
    code_target: str = ""
    on: str = ""
    http: str | bool = False
    heeds: str = ""
    probe: list[str] = []
    probe_options: str = ""
    reverse: str = ""


class OptionSetTable(_Table, frozen=True):
    """`[options.<name>]`: a set of options that commands `use`."""

    flags: str = ""
    values: str = ""
    optionals: str = ""
    options: dict[str, Any] = {}


class McpTable(_Table, frozen=True):
    """`[[mcp]]`."""

    server: str
    tools: list[str]
    effect: EffectKind
    trusted: bool = False
    scope: Scope = Scope.REMOTE
    target: str = ""
    targets: list[str] = []
    consumes: bool = False
    sql: str = ""
    dialect: str = ""
    url: str = ""
    why: str = ""


_T = TypeVar("_T", bound=_Table)
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_AT = re.compile(r" - at `\$\.?([^`\[]*)[^`]*`$")


class PackSource:
    """One pack's text, to say where in it something stands.

    Attributes:
        file: name as shown to a person.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._lines = text.splitlines()

    def line(self, table: tuple[str, ...], key: str = "") -> int:
        """Line number (from 1) of `key` in `table`, else of the table's header, else 1."""
        header = 0
        inside = False
        for number, line in enumerate(self._lines, 1):
            bare = line.strip()
            if bare.startswith("["):
                names = tuple(_header_names(bare))
                inside = names == table
                if inside or (not header and names[: len(table)] == table):
                    header = number
                if not inside and table and names == table[:-1] and not header:
                    header = number
            elif inside and key and _key_of(bare) == key:
                return number
        return header or 1

    def error(self, table: tuple[str, ...], key: str, problem: str) -> ConfigError:
        """A ConfigError that names file, line and field."""
        field = ".".join((*table, key) if key else table)
        return ConfigError(f"{self.file}:{self.line(table, key)}: {field}: {problem}")

    def convert(self, table: tuple[str, ...], data: object, shape: type[_T]) -> _T:
        """`data` as a `shape`.

        Raises:
            ConfigError: unknown key (with the nearest known one) or wrong type.
        """
        try:
            return msgspec.convert(data, shape)
        except msgspec.ValidationError as error:
            message = str(error)
            unknown = _UNKNOWN.search(message)
            if unknown:
                name = unknown[1]
                known = [f.encode_name for f in msgspec.structs.fields(shape)]
                raise self.error(table, name, f"unknown field{nearest(name, known)}") from None
            at = _AT.search(message)
            key = at[1] if at else ""
            raise self.error(table, key, _AT.sub("", message)) from None


def nearest(name: str, known: list[str]) -> str:
    """`; did you mean "x"?` with the nearest known name, or nothing."""
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f'; did you mean "{close[0]}"?' if close else f" (one of: {', '.join(sorted(known))})"


def _header_names(header: str) -> list[str]:
    inner = header.strip("[] \t").split("#")[0].rstrip("] \t") if '"' not in header else header.strip("[] \t")
    return [m[1] or m[2] or m[3] for m in re.finditer(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)", inner)]


def _key_of(line: str) -> str:
    match = re.match(r"\"([^\"]*)\"\s*=|'([^']*)'\s*=|([A-Za-z0-9_-]+)\s*=", line)
    return (match[1] or match[2] or match[3] or "") if match else ""
