"""Code given to a program on its command line, in its input or in a file: judged by its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.effects import shell
from supervisor.effects.rules import Rule
from supervisor.effects.state import State
from supervisor.effects.words import Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine


def judge(engine: Engine, lang: str, code: Word, rule: Rule, target: str, state: State) -> None:
    """Note what `code` in `lang` would do.

    Args:
        target: URI that statements of a database act on.
    """
    if lang == "sh":
        shell.run_text(engine, code, state)
        return
    engine.unknown(f"{lang}-code", rule.id, f"what this {lang} code does is not known", state.on)
