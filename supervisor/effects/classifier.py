"""The classifier: a tool call in, a judgement out."""

from __future__ import annotations

from supervisor.effects.engine import Engine, TooMuch
from supervisor.effects.foresight import Foreseen
from supervisor.effects.mcp import judge_mcp, split_name
from supervisor.effects.model import Effect, EffectKind, Judgement, Scope, Surroundings, ToolCall
from supervisor.effects.rules import RuleBook
from supervisor.effects.shell import run_text
from supervisor.effects.state import State
from supervisor.effects.tools import SHELL_TOOLS, judge_tool
from supervisor.effects.words import Word


class Classifier:
    """Judges tool calls under one rule book. Holds no state: safe to share."""

    def __init__(self, rules: RuleBook) -> None:
        self.rules = rules

    def foresee(self, call: ToolCall, around: Surroundings) -> tuple[Foreseen, ...]:
        """What the rules know of the programs that `call` would run, beyond their effects. Never raises."""
        engine = Engine(self.rules, around, foreseen=[])
        self._judge(engine, call)
        return tuple(engine.foreseen or ())

    def judge(self, call: ToolCall, around: Surroundings) -> Judgement:
        """What `call` would do. Never raises: what cannot be understood is unknown."""
        return self._judge(Engine(self.rules, around), call)

    def _judge(self, engine: Engine, call: ToolCall) -> Judgement:
        try:
            self._call(engine, call)
        except (TooMuch, RecursionError) as error:
            _give_up(engine, "shell.too-much", f"not followed to its end: {error}")
        except Exception as error:  # a fault of ours must end in `unknown`, never in a read or a dead gate
            _give_up(engine, "engine.fault", f"the classifier failed: {type(error).__name__}: {error}"[:200])
        if not engine.effects:
            nothing = Effect(
                EffectKind.READ, Scope.HOST, "shell://", "shell.empty", "there is nothing to run"
            )
            engine.effects.append(nothing)
        return Judgement(tuple(dict.fromkeys(engine.effects)), self.rules.digest)

    def _call(self, engine: Engine, call: ToolCall) -> None:
        server = split_name(call.name)
        if server is not None:
            judge_mcp(engine, *server, call.input)
        elif call.name in SHELL_TOOLS:
            command = call.input.get("command")
            if not isinstance(command, str):
                engine.unknown("command", f"tool.{call.name}", "there is no command in the call")
            else:
                run_text(engine, Word(command), State(cwds=(engine.around.cwd,), params=()), here=True)
                if engine.traps and engine.defines_functions:
                    engine.unknown("trap", "shell.trap", "a trap may run a function that is made later")
                if engine.reopens and engine.moves_outputs:
                    why = "which file the output stands for, and is written, is not known"
                    engine.unknown("descriptor/1", "shell.descriptor", why)
        else:
            judge_tool(engine, call.name, call.input)


def _give_up(engine: Engine, rule: str, why: str) -> None:
    engine.effects.append(Effect(EffectKind.UNKNOWN, Scope.HOST, "unknown:command", rule, why))
