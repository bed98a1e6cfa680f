"""The classifier: a tool call in, a judgement out."""

from __future__ import annotations

from supervisor.effects.engine import Engine, TooMuch
from supervisor.effects.model import Effect, EffectKind, Judgement, Scope, Surroundings, ToolCall
from supervisor.effects.rules import RuleBook
from supervisor.effects.shell import run_text
from supervisor.effects.state import State
from supervisor.effects.words import Word


class Classifier:
    """Judges tool calls under one rule book. Stateless: safe to share."""

    def __init__(self, rules: RuleBook) -> None:
        self.rules = rules

    def judge(self, call: ToolCall, around: Surroundings) -> Judgement:
        """What `call` would do. Never raises: what cannot be understood is unknown."""
        engine = Engine(self.rules, around)
        command = call.input.get("command")
        if isinstance(command, str):
            self._shell(engine, command)
        return Judgement(tuple(engine.effects), self.rules.digest)

    def _shell(self, engine: Engine, command: str) -> None:
        try:
            run_text(engine, Word(command), State(cwds=(engine.around.cwd,)), here=True)
        except (TooMuch, RecursionError) as error:
            engine.effects.append(
                Effect(
                    EffectKind.UNKNOWN,
                    Scope.HOST,
                    "unknown:command",
                    "shell.too-much",
                    f"not followed: {error}",
                )
            )
        if not engine.effects:
            engine.part = ""
            engine.effects.append(
                Effect(EffectKind.READ, Scope.HOST, "shell://", "shell.empty", "there is nothing to run")
            )
