"""What a program call would do, by its rule: sub-command, arguments, and from them effects and targets."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from supervisor.effects.arguments import take_apart
from supervisor.effects.folder_files import lying
from supervisor.effects.foresight import Foreseen, foresee
from supervisor.effects.model import Effect, EffectKind, Listing, Scope
from supervisor.effects.rules import Positional, Role
from supervisor.effects.state import State
from supervisor.effects.subcommands import find_rule
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.values import Values
from supervisor.effects.words import UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

READ, UNKNOWN_KIND, WRITE = EffectKind.READ, EffectKind.UNKNOWN, EffectKind.WRITE


def run_program(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """Note the effects of the program `name` with the arguments `words`."""
    engine.step(2)
    program = engine.rules.programs.get(name)
    if program is None:
        target = Target(f"command://{name}", Scope.HOST)
        engine.emit(UNKNOWN_KIND, target, "shell.program", f"no rule knows what {name} does", on=state.on)
        return
    rule, path, rest, given, doubts = find_rule(program, words)
    if rule is None:
        what = " ".join((name, *path))
        target = Target(f"command://{name}/{'/'.join(path)}", Scope.HOST)
        engine.emit(UNKNOWN_KIND, target, program.rule.id, f"no rule knows what {what} does", on=state.on)
        return
    parsed = take_apart(rule, rest, given)
    parsed.doubts[:0] = doubts
    call = _Call(engine, rule, path, parsed, state)
    before = len(engine.effects)
    call.judge()
    if engine.foreseen is not None and (rule.probe or rule.reverse):
        call.foresee(engine.foreseen, engine.effects[before:], state)


class _Call(Values):
    """One program call being judged."""

    def judge(self) -> None:
        """Note every effect of the call."""
        rule, parsed = self.rule, self.parsed
        self._environment()
        if parsed.helps:
            doubt = next(self._heeded(), "")
            why = doubt or "only prints its help or version"
            self._emit_base(UNKNOWN_KIND if doubt else READ, why, targets=())
            return
        placed = self._place()
        self._names(placed)
        cwd = [g.value for g in parsed.given if g.option.role is Role.CWD and g.value is not None]
        cwd += [word for spec, words in placed if spec.role is Role.CWD for word in words]
        if cwd:
            self._enter(cwd)
        base = self.base = self._base()
        for given in parsed.given:
            self._option(given)
        for spec, words in placed:
            self._positional(spec, words)
        if rule.http and not self.urls:
            self.urls.append(Word(self._fill(rule.http)) if rule.http != "{url}" else UNKNOWN)
        if self.urls:
            self._http()
        elif rule.stdin not in ("", "none", "args", "body") and not self.ran_code:
            self._code_from_input(rule.stdin)
        if rule.on and not self.ran_code:
            parsed.doubts.append("without a command it starts a shell or a session")
        for doubt in parsed.doubts:
            self._emit_base(UNKNOWN_KIND, doubt)
        if self.urls and base is READ:
            return
        covered = self.worst_file is not None and self.worst_file.weight >= base.weight
        judged_inside = self.ran_code and base is READ
        if rule.targets or not (covered or judged_inside):
            why = rule.why or _WHY[base].format(" ".join((rule.program, *self.path)))
            self._emit_base(base, why, consumes=rule.consumes)

    def foresee(self, known: list[Foreseen], effects: list[Effect], found: State) -> None:
        """Note what the rule knows of the call, if that changes anything.

        Args:
            effects: what the call would do.
            found: the shell as the call found it.
        """
        if any(effect.writes or effect.kind is UNKNOWN_KIND for effect in effects):
            told = foresee(self.rule, self.parsed, found, self._lookup)
            if (told.probe or told.doubt or told.reverse) and told not in known:
                known.append(told)

    # -- what the call is

    def _base(self) -> EffectKind:
        rule, parsed = self.rule, self.parsed
        count = len(parsed.positionals)
        base = rule.effect
        if rule.bare is not None and count == 0:
            base = rule.bare
        elif count <= rule.max_read_args and not parsed.spread:
            base = READ
        names = {g.name for g in parsed.given}
        decisive = [g for g in parsed.given if g.option.makes is not None and not names & g.option.unless]
        for given in decisive:
            if given.value is not None and not given.value.exact:
                parsed.doubts.append(f"the value of {given.name} is not known before it runs")
        makes = [given.option.makes for given in decisive if given.option.makes is not None]
        if makes:
            base = max(makes, key=lambda kind: kind.weight)
        if base is READ and rule.effect is not READ:
            # To a write no option makes a difference; whether one does to this read, nobody has said.
            parsed.doubts += [f"option {name} is not known to be harmless" for name in parsed.strangers]
        if base is READ:
            parsed.doubts += self._heeded()
        return base

    def _heeded(self) -> Iterator[str]:
        """Why a file that lies here may make the call do more than its rule says."""
        files = self.engine.around.files
        if not self.rule.heeds or files is None:
            return
        if not self.state.cwds or not isinstance(files, Listing):  # as on another system
            yield "what lies in the folder it runs in is not known"
            return
        for cwd in self.state.cwds:
            for path in lying(files, cwd, self.engine.around.home, self.rule.heeds):
                yield f"{path} may make it run or write something"

    def _environment(self) -> None:
        engine = self.engine
        for word in self.parsed.assignments:
            name = word.text.partition("=")[0].rstrip("+")
            meaning = engine.variable(name)
            if meaning is UNKNOWN_KIND:
                engine.unknown(
                    f"environment/{name}",
                    "shell.environment",
                    f"{name} changes what programs do",
                    self.state.on,
                )
            elif meaning is WRITE:
                self.given_on.add(name)
        for name in sorted(self.state.exported):
            if self.rule.other_env.weight:
                engine.unknown(
                    f"environment/{name}",
                    "shell.environment",
                    f"{name} may change what {self.rule.program} does",
                )

    def _place(self) -> list[tuple[Positional, list[Word]]]:
        """Which positional stands where."""
        specs, words = self.rule.args, list(self.parsed.positionals)
        if any(given.option.role in (Role.CODE, Role.CODE_FILE) for given in self.parsed.given):
            # The code came as an option: it is not among the arguments; a script's place holds a mere name.
            specs = tuple(spec for spec in specs if spec.role not in (Role.CODE, Role.CODE_FILE))
            specs = tuple(
                msgspec.structs.replace(spec, role=Role.TEXT) if spec.role is Role.RUN else spec
                for spec in specs
            )
        at = next((i for i, spec in enumerate(specs) if spec.many), len(specs))
        front, back = specs[:at], specs[at + 1 :]
        placed: list[tuple[Positional, list[Word]]] = []
        mixed = len({spec.role for spec in specs}) > 1
        for spec in front:
            if words:
                if words[0].many and mixed:
                    self.parsed.doubts.append("which argument is which is not known before it runs")
                placed.append((spec, [words.pop(0)]))
        tail: list[tuple[Positional, list[Word]]] = []
        for spec in reversed(back):
            if words:
                if words[-1].many and mixed:
                    self.parsed.doubts.append("which argument is which is not known before it runs")
                tail.insert(0, (spec, [words.pop()]))
        if at < len(specs):
            placed.append((specs[at], words))
        elif words:
            self.parsed.doubts.append(f"more arguments than known: {words[0].text}")
        placed += tail
        for spec, given in placed:
            if spec.glob:
                for word in given:
                    if not _fits(word, spec.glob):
                        self.parsed.doubts.append(f"argument {word.text} is not one of {spec.glob}")
        return placed

    def _names(self, placed: list[tuple[Positional, list[Word]]]) -> None:
        for spec, words in placed:
            if spec.name and words:
                self.named[spec.name] = words[0]
        for given in self.parsed.given:
            value = given.value or Word("{}" if given.option.name == "replace" else "")
            if given.option.name:
                self.named[given.option.name] = value
            self.named.setdefault(given.name, value)

    def _enter(self, folders: list[Word]) -> None:
        self.state = self.state.fork()
        for word in folders:
            targets = file_targets(word, self.state.cwds, self.engine.around)
            paths = [target.uri.removeprefix("file://") for target in targets if word.exact]
            self.state.cwds = tuple(path for path in paths if path.startswith("/"))


_WHY = {
    READ: "{} only reads",
    UNKNOWN_KIND: "what {} does is not known",
    WRITE: "{} changes something",
}


def _fits(word: Word, glob: str) -> bool:
    """Whether an argument is surely one that `glob` allows: `A|B` one of them, `!A|B` none of them."""
    fits = any(fnmatchcase(word.text, each) for each in glob.removeprefix("!").split("|"))
    if glob.startswith("!"):
        return word.exact and not fits
    return fits and (word.exact or bool(word.prefix))
