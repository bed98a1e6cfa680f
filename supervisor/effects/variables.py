"""Setting a shell variable: some say what programs do, some evaluate what they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supervisor.effects.model import EffectKind
from supervisor.effects.vocabulary import names
from supervisor.effects.words import COUNT, NUMBER, UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine
    from supervisor.effects.state import State

SET_BY_BASH = names(
    """_ REPLY MAPFILE OPTARG OPTIND COPROC PIPESTATUS DIRSTACK FUNCNAME PWD OLDPWD LINENO RANDOM SRANDOM
    SECONDS HISTCMD GROUPS UID EUID PPID EPOCHSECONDS EPOCHREALTIME SHLVL SHELLOPTS HOSTNAME
    HOSTTYPE MACHTYPE OSTYPE IFS COMP_LINE COMP_WORDS READLINE_LINE TIMEFORMAT"""
)
"""Variables that bash sets itself: what was assigned to them is not what they hold."""
_NUMBERS = names(
    "OPTIND PIPESTATUS LINENO RANDOM SRANDOM SECONDS HISTCMD GROUPS UID EUID PPID EPOCHSECONDS SHLVL BASHPID"
)
_FIXED = names("BASHOPTS BASH_VERSINFO EUID PPID SHELLOPTS UID")
_DIGITS = re.compile(r"-?[0-9]+")


def held(state: State, name: str) -> Word | None:
    """What the variable `name` holds where its text is evaluated; None: only the environment gives it."""
    if name in state.variables:
        return state.variables[name]
    if name in _NUMBERS:
        return NUMBER
    return UNKNOWN if state.later or name in SET_BY_BASH or name.startswith("BASH") else None


def is_fixed(state: State, name: str) -> bool:
    """Whether the variable `name` may take no other value: to try is an error."""
    return name in state.fixed or name in _FIXED


def is_number(value: Word | None) -> bool:
    """Whether evaluating `value` can run nothing."""
    if value is None or value in (NUMBER, COUNT):
        return True
    return value.exact and bool(_DIGITS.fullmatch(value.text or "0"))


def evaluated(engine: Engine, state: State, name: str, value: Word) -> Word:
    """What the variable `name` holds once `value` is assigned to it: an integer evaluates it."""
    if name not in state.integers and not state.later:
        return value
    if not is_number(value):
        why = f"{name} may be an integer: its text is evaluated"
        engine.unknown(f"variable/{name}", "shell.variable", why, state.on)
    engine.abandoned.append(state.fork())
    return NUMBER  # `010` is 8, and `+=` adds: the text is not the value


def set_variable(engine: Engine, state: State, name: str, value: Word) -> None:
    """Set the shell variable `name` by any way there is to set one."""
    value = evaluated(engine, state, name, value)
    if is_fixed(state, name):
        engine.abandoned.append(state.fork())
    if name == "IFS":
        state.ifs_known = False
    elif engine.variable(name) is EffectKind.UNKNOWN:
        engine.unknown(
            f"environment/{name}", "shell.environment", f"{name} changes what programs do", state.on
        )
    state.assign(name, value)
