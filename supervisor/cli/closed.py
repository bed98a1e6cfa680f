"""An option whose values are a closed set, and which names the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _Type = click.ParamType[str]
else:
    _Type = click.ParamType  # older versions of click cannot be given the type at run time


class OneOf(_Type):
    """One of `names`; a value that is none of them is answered with the nearest."""

    name = "name"

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """`value`, if it is one of the names."""
        if value not in self.names:
            near = difflib.get_close_matches(str(value), self.names, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            self.fail(f"{value!r} is not one of {', '.join(map(repr, self.names))}.{hint}", param, ctx)
        return str(value)
