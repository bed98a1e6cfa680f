"""Setting a shell variable: some say what programs do, some evaluate what they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supervisor.effects.model import EffectKind
from supervisor.effects.words import NUMBER, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine
    from supervisor.effects.state import State

_DIGITS = re.compile(r"-?[0-9]+")


def set_variable(engine: Engine, state: State, name: str, value: Word) -> None:
    """Set the shell variable `name` by any way there is to set one."""
    if name in state.integers:
        if not (value == NUMBER or (value.exact and _DIGITS.fullmatch(value.text or "0"))):
            engine.unknown(
                f"variable/{name}", "shell.variable", f"{name} is an integer: its text is evaluated", state.on
            )
        # `010` is 8, and `+=` adds: the text is not the value.
        value = NUMBER
    if name == "IFS":
        state.ifs_known = False
    elif engine.variable(name) is EffectKind.UNKNOWN:
        engine.unknown(
            f"environment/{name}", "shell.environment", f"{name} changes what programs do", state.on
        )
    state.assign(name, value)
