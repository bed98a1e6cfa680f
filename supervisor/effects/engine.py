"""One judgement under way: the rules, the surroundings, the effects found so far, the work that is left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from supervisor.effects.foresight import Foreseen
from supervisor.effects.model import Effect, EffectKind, Scope, Surroundings
from supervisor.effects.rules import RuleBook
from supervisor.effects.state import State
from supervisor.effects.targets import Target
from supervisor.effects.words import Word

MOST_STEPS = 4000
MOST_DEPTH = 24
MOST_TEXT = 30_000
MOST_TIME_S = 1.0
MOST_EFFECTS = 400


class TooMuch(Exception):
    """The command is too big or too deep to be followed; it stays unknown."""


@dataclass
class Engine:
    """Collects the effects of one call.

    Attributes:
        rules: the rule book in force.
        around: where the call happens.
        effects: what was found, in order.
        part: source of the sub-command being judged.
        depth: how deep commands are nested now.
        steps: work done so far; above `MOST_STEPS` the rest is unknown.
        jumps: what the shell knew at each `break`, `continue`, `return` and `exit`.
        abandoned: what the shell knew where an error may have made it give up the rest of the line.
        defines_functions: a function was defined somewhere in the text.
        traps: a trap was set somewhere in the text.
        reads_early: a trap may read from the standard input of a command before it runs.
        functions: how many function calls are open.
        reopens: an output is opened again by its name, `/dev/stdout` or `/dev/stderr`, to write.
        moves_outputs: an output may stand for a file that was opened to read.
        foreseen: what rules know of its program calls beyond effects; None: nobody asks.
        end_s: processor time of this thread at which the judgement is given up, in seconds.
    """

    rules: RuleBook
    around: Surroundings
    effects: list[Effect] = field(default_factory=list)
    part: str = ""
    depth: int = 0
    steps: int = 0
    jumps: list[State] = field(default_factory=list)
    abandoned: list[State] = field(default_factory=list)
    defines_functions: bool = False
    traps: bool = False
    reads_early: bool = False
    functions: int = 0
    reopens: bool = False
    moves_outputs: bool = False
    foreseen: list[Foreseen] | None = None
    end_s: float = field(default_factory=lambda: time.thread_time() + MOST_TIME_S)

    def step(self, cost: int = 1) -> None:
        """Count work.

        Raises:
            TooMuch: more than a command deserves.
        """
        self.steps += cost
        if self.steps > MOST_STEPS or (self.steps & 31 == 0 and time.thread_time() > self.end_s):
            raise TooMuch("it takes too long")

    def descend(self) -> None:
        """Go one level down.

        Raises:
            TooMuch: nested too deep.
        """
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise TooMuch("nested too deep")

    def emit(
        self,
        kind: EffectKind,
        target: Target,
        rule: str,
        why: str,
        *,
        on: str = "",
        consumes: bool = False,
    ) -> None:
        """Note one effect; with `on` it happens on that other system."""
        if not target.uri:
            if kind is not EffectKind.READ:
                self._reopen(target.descriptor, on)
            return
        scope = Scope.REMOTE if on else target.scope
        uri = target.uri
        if on and not uri.startswith(on):
            uri = f"{on}#{uri}"
        effect = Effect(kind, scope, uri, rule, why, consumes, self.part, target.loose and not on)
        if effect not in self.effects[-8:]:
            self.effects.append(effect)
            if len(self.effects) > MOST_EFFECTS:
                raise TooMuch("too many effects")

    def _reopen(self, descriptor: int, on: str) -> None:
        """Note that an open file is opened again to write: `> /dev/stdin` writes what `<` opened to read."""
        if descriptor in (1, 2):
            self.reopens = True
        elif descriptor >= 0:
            why = "which file is open there, and is written, is not known"
            self.unknown(f"descriptor/{descriptor}", "shell.descriptor", why, on)

    def unknown(self, what: str, rule: str, why: str, on: str = "") -> None:
        """Note that something is not understood."""
        self.emit(EffectKind.UNKNOWN, Target(f"unknown:{what}", Scope.HOST), rule, why, on=on)

    def variable(self, name: str) -> EffectKind | None:
        """What setting an environment variable means: None harmless, UNKNOWN dangerous, WRITE not listed."""
        return _variable(self.rules.env_harmless, self.rules.env_dangerous, name)


@lru_cache(maxsize=4096)
def _variable(harmless: tuple[str, ...], dangerous: tuple[str, ...], name: str) -> EffectKind | None:
    if any(fnmatchcase(name, glob) for glob in dangerous):
        return EffectKind.UNKNOWN
    if any(fnmatchcase(name, glob) for glob in harmless):
        return None
    return EffectKind.WRITE


def quoted(words: list[Word]) -> str:
    """Words for a person to read."""
    return " ".join(word.text for word in words)
