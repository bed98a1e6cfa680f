"""How the shell's own commands are noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.state import State
from supervisor.effects.targets import Target
from supervisor.effects.vocabulary import names

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

OF_BASH_ALONE = names(
    """builtin caller compgen declare dirs help history let logout mapfile popd pushd readarray shopt source
    typeset"""
)
"""Built-ins that other shells may not have."""


def quiet(engine: Engine, name: str, state: State) -> None:
    """Note that the built-in `name` does nothing but what it does to the shell."""
    target = Target(f"command://{name}", Scope.HOST)
    engine.emit(
        EffectKind.READ, target, f"shell.{name}", f"{name} changes nothing outside the shell", on=state.on
    )


def unsure(engine: Engine, name: str, why: str, state: State) -> None:
    """Note that what the built-in `name` does here is not known."""
    target = Target(f"command://{name}", Scope.HOST)
    engine.emit(EffectKind.UNKNOWN, target, f"shell.{name}", why, on=state.on)
