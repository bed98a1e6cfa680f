"""The annotated `supervisor.toml`, rendered from the fields and the docstrings under them."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from supervisor.config.fields import Config, Table

WIDTH = 100
"""Columns of the rendered file."""

_HEAD = """
supervisor.toml: the configuration of `supervise`. Every value here is the built-in default.

Your own file lies in the configuration folder (`~/.config/supervise/supervisor.toml`) and is your word. A
supervisor.toml in the folder of a run is the repository's word: what tightens counts at once, what loosens
only after you have allowed that exact file with `supervise allow`. The command line outweighs all of them.

Lists add up from file to file, and an empty list takes away what came before it. Only `profiles` is
replaced as a whole.

Targets are URIs: file:///path, git+origin#branch, s3://bucket/key, d1://database/table, https://host/path,
mcp://server/tool. Globs know * (any characters), ? (one) and [...].
"""


@cache
def field_docs(table: type[Table]) -> dict[str, str]:
    """The documentation of each field of a table: the docstring right below it.

    Raises:
        OSError: the source of the module is not there.
    """
    body = ast.parse(textwrap.dedent(inspect.getsource(table))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = below.value if isinstance(below, ast.Expr) else None
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                docs[field.target.id] = inspect.cleandoc(said.value)
    return docs


def annotated(config: Config | None = None) -> str:
    """A whole `supervisor.toml` with every field, its documentation and its value; the defaults if none is
    given."""
    shown = config or Config()
    blocks = [_comment(_HEAD.strip())]
    scalars, tables = [], []
    for name in shown.__struct_fields__:
        value = getattr(shown, name)
        if isinstance(value, Table):
            blocks_of_table = [_comment(inspect.cleandoc(type(value).__doc__ or "")) + f"\n[{name}]"]
            blocks_of_table += [_field(type(value), value, below) for below in value.__struct_fields__]
            tables.append("\n\n".join(blocks_of_table))
        elif isinstance(value, dict):
            entries = "".join(f"\n{_quoted(key)} = {_toml(entry)}" for key, entry in value.items())
            tables.append(f"{_comment(field_docs(Config)[name])}\n[{name}]{entries}")
        elif name == "reads":
            rows = "".join(f"\n\n[[reads]]\n{read_rows(read)}" for read in value)
            tables.append(_comment(field_docs(Config)[name]) + rows)
        else:
            scalars.append(_field(Config, shown, name))
    return "\n\n".join((*blocks, *scalars, "\n" + "\n\n\n".join(tables))) + "\n"


def read_rows(read: Table) -> str:
    """The lines of one entry of `[[reads]]`, without those that say nothing."""
    given = {name: getattr(read, name) for name in read.__struct_fields__ if getattr(read, name)}
    return "\n".join(f"{name} = {_toml(value)}" for name, value in given.items())


def _field(table: type[Table], holder: msgspec.Struct, name: str) -> str:
    return f"{_comment(field_docs(table)[name])}\n{name} = {_toml(getattr(holder, name))}"


def _comment(text: str) -> str:
    """Paragraphs wrapped, indented examples as they are."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("    "):
            lines += [*paragraph.split("\n"), ""]
        else:
            lines += [*textwrap.wrap(paragraph, WIDTH - 2, break_on_hyphens=False), ""]
    return "\n".join(f"# {line}".rstrip() for line in lines[:-1])


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Enum):
        return _quoted(str(value.value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if value == int(value) else repr(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    """A basic TOML string. JSON writes one, but for DEL and the escape of a slash it never uses."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
