"""One configuration file, read and checked: what it says, and on which line it says it."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from enum import EnumMeta, StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from supervisor.config.fields import AlertName, Config, RememberedRead, Table
from supervisor.config.lines import Path as KeyPath
from supervisor.config.lines import key_lines, line_of
from supervisor.errors import ConfigError

SIZE_LIMIT = 1 << 20
"""Bytes that a configuration file may have."""

SHELL_TOOLS = frozenset({"Bash", "PowerShell", "Monitor"})
"""Tools whose input is a command line."""

_SYNTAX = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_INSIDE = re.compile(r" - at `\$[^`]*`$")


class Source(msgspec.Struct, frozen=True):
    """A configuration file as it was read.

    Attributes:
        file: its absolute path, as text, for messages.
        text: the whole file.
        sha256: hash of its exact bytes, in hex.
        config: its values, on top of the built-in defaults.
        given: the tables and keys it really has, each as a path.
        lines: the line of each of them.
    """

    file: str
    text: str
    sha256: str
    config: Config
    given: frozenset[tuple[str, ...]]
    lines: dict[KeyPath, int]

    def line(self, *path: str | int) -> int:
        """The line on which `path` stands."""
        return line_of(self.lines, path)


def read_source(path: Path) -> Source | None:
    """The file at `path`, checked; None if there is none.

    Raises:
        ConfigError: it is no regular file of at most `SIZE_LIMIT` bytes, no UTF-8, no TOML, or says something
            that the configuration does not know. The message names file, line and field.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:  # Path.open has no opener
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{path}: is not a regular file")
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > SIZE_LIMIT:
        raise ConfigError(f"{path}: is larger than {SIZE_LIMIT} bytes")
    return parse_source(str(path), data)


def _open_at_once(name: str, flags: int) -> int:
    """Open without waiting: a FIFO of that name would otherwise hold the program up for ever."""
    return os.open(name, flags | os.O_NONBLOCK)


def parse_source(file: str, data: bytes) -> Source:
    """The content of a configuration file, checked.

    Raises:
        ConfigError: as `read_source`.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8 text") from error
    try:
        values = tomllib.loads(text)
        lines = key_lines(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(file, text, error) from None
    except RecursionError as error:
        raise ConfigError(f"{file}:1: is nested too deeply") from error
    checker = _Checker(file, lines)
    checker.table(Config, values, ())
    config = msgspec.convert(values, Config)
    checker.reads(config.reads)
    checker.globs(config)
    return Source(
        file=file,
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        config=config,
        given=frozenset(_given(values)),
        lines=lines,
    )


def printable(text: str) -> str:
    """`text` for a terminal: what does not print is escaped, what is very long is cut."""
    cut = text if len(text) <= 500 else text[:499] + "…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean "x"?` for the nearest known name, else all that are known."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1, 0.5)
    return f'did you mean "{close[0]}"?' if close else f"known are: {', '.join(names)}"


def _syntax_error(file: str, text: str, error: tomllib.TOMLDecodeError) -> ConfigError:
    found = _SYNTAX.fullmatch(str(error))
    if not found:
        return ConfigError(f"{file}:1: is not TOML: {error}")
    line = found[2] or text.count("\n") + 1
    return ConfigError(f"{file}:{line}: is not TOML: {found[1]}")


def _given(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    for key, value in values.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _given(value, (*above, key))


class _Checker:
    """Walks the values of one file against the fields, so that every complaint has its line and full path."""

    def __init__(self, file: str, lines: dict[KeyPath, int]) -> None:
        self._file = file
        self._lines = lines

    def error(self, path: KeyPath, problem: str) -> ConfigError:
        """The complaint about what stands at `path`."""
        line = line_of(self._lines, path)
        return ConfigError(printable(f"{self._file}:{line}: {_dotted(path)}: {problem}"))

    def table(self, shape: type[Table], values: object, path: KeyPath) -> None:
        """A table: known keys only, no required one missing, each value of its type."""
        if not isinstance(values, dict):
            raise self.error(path, f"expected a table, got {_kind(values)}")
        fields = {field.name: field for field in msgspec.structs.fields(shape)}
        for key in values:
            if key not in fields:
                raise self.error((*path, key), f"unknown key; {nearest(key, fields)}")
        for name, field in fields.items():
            if name in values:
                self.value(field.type, values[name], (*path, name))
            elif field.required:
                raise self.error(path, f'"{name}" is missing')

    def value(self, shape: Any, value: object, path: KeyPath) -> None:
        """A value of any of the types that fields have."""
        if isinstance(shape, type) and issubclass(shape, Table):
            self.table(shape, value, path)
        elif get_origin(shape) is tuple:
            if not isinstance(value, list):
                raise self.error(path, f"expected a list, got {_kind(value)}")
            for position, element in enumerate(value):
                self.value(get_args(shape)[0], element, (*path, position))
        elif get_origin(shape) is dict:
            self._named(shape, value, path)
        elif isinstance(shape, EnumMeta):
            self._choice(shape, value, path)
        else:
            self._plain(shape, value, path)

    def _named(self, shape: Any, value: object, path: KeyPath) -> None:
        """A table whose keys are names or globs of the user's."""
        if not isinstance(value, dict):
            raise self.error(path, f"expected a table, got {_kind(value)}")
        key_shape, value_shape = get_args(shape)
        for key, element in value.items():
            if isinstance(key_shape, EnumMeta):
                self._choice(key_shape, key, (*path, key))
            self.value(value_shape, element, (*path, key))

    def _choice(self, shape: EnumMeta, value: object, path: KeyPath) -> None:
        known = [str(member.value) for member in shape]  # type: ignore[var-annotated]
        if not isinstance(value, str):
            raise self.error(path, f"expected one of {', '.join(known)}, got {_kind(value)}")
        if value not in known:
            raise self.error(path, f'"{value}" is not one of {", ".join(known)}; {nearest(value, known)}')

    def _plain(self, shape: Any, value: object, path: KeyPath) -> None:
        try:
            msgspec.convert(value, shape)
        except msgspec.ValidationError as error:
            raise self.error(path, _INSIDE.sub("", str(error)).replace("`", "")) from None

    def reads(self, reads: tuple[RememberedRead, ...]) -> None:
        """Remembered reads must be narrow."""
        for position, read in enumerate(reads):
            problem = too_wide(read)
            if problem:
                raise self.error(("reads", position), problem)

    def globs(self, config: Config) -> None:
        """What no type can say: no empty glob, no empty command, and no silence about hook failures."""
        for name, globs in (("block", config.policy.block), ("hold", config.policy.hold)):
            for position, glob in enumerate(globs):
                if not glob.strip():
                    raise self.error(("policy", name, position), "an empty glob matches nothing")
        for glob in config.targets:
            if not glob.strip():
                raise self.error(("targets", glob), "an empty glob matches nothing")
        for alert, command in config.notify.items():
            if command and not command[0].strip():
                raise self.error(("notify", alert.value, 0), "the program is empty")
        for position, alert in enumerate(config.alerts.disabled):
            if alert is AlertName.HOOK_FAILURE:
                raise self.error(("alerts", "disabled", position), "a hook failure is always shown")


def too_wide(read: RememberedRead) -> str:
    """Why a remembered read is wider than one call or one target; empty if it is narrow."""
    if read.tool in SHELL_TOOLS:
        if not read.command.strip():
            return f'a read of {read.tool} needs the exact "command"'
        return 'a shell command is remembered as a whole, without "target"' if read.target else ""
    if read.command:
        return f'{read.tool} takes no "command"'
    scheme, mark, rest = read.target.partition("://")
    if read.target and (not mark or re.search(r"[*?\[]", scheme) or not re.match(r"[^*?\[]", rest)):
        return f'the target "{read.target}" would match other systems too: name one, as in "s3://bucket/*"'
    return ""


def _dotted(path: KeyPath) -> str:
    """A path as TOML would write it, list positions in brackets."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", key)
            text += ("." if text else "") + (key if bare else '"' + key.replace('"', '\\"') + '"')
    return text or "file"


def _kind(value: object) -> str:
    """What a TOML value is called."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "a boolean"),
        (StrEnum, "a string"),
        (str, "a string"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "a table"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "a date or time")
