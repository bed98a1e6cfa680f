"""What a program call would do, by its rule: sub-command, arguments, and from them effects and targets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from supervisor.effects import graphql, inline, shell
from supervisor.effects.arguments import Arguments, Given, take_apart
from supervisor.effects.foresight import Foreseen, foresee
from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.effects.rules import Option, Positional, Program, Role, Rule, Style, Takes
from supervisor.effects.state import State
from supervisor.effects.targets import Target, copy_target, fetches, file_targets, url_target
from supervisor.effects.words import UNKNOWN, UNKNOWN_MANY, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

READ, UNKNOWN_KIND, WRITE = EffectKind.READ, EffectKind.UNKNOWN, EffectKind.WRITE
_HOLE = re.compile(r"\{([^{}]*)\}")
_NOT_KNOWN = "\0"
"""Stands in a template for a value that is not known, until the URI is made."""
_OF_A_FILE = re.compile(r"[^=@]*=?@")
"""How data begin that are in a file: `@FILE`, `NAME@FILE`, `NAME=@FILE`."""
_READ_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
_LOCAL_SCHEMES = frozenset(
    ("command", "process", "systemd", "launchd", "pkg", "unknown", "claude", "shell", "clipboard", "cron")
)


def run_program(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """Note the effects of the program `name` with the arguments `words`."""
    engine.step(2)
    program = engine.rules.programs.get(name)
    if program is None:
        target = Target(f"command://{name}", Scope.HOST)
        engine.emit(UNKNOWN_KIND, target, "shell.program", f"no rule knows what {name} does", on=state.on)
        return
    rule, path, rest, given, doubts = _command(program, words)
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


def _command(
    program: Program, words: list[Word]
) -> tuple[Rule | None, tuple[str, ...], list[Word], list[Given], list[str]]:
    """The rule for the call, its sub-command words, the words after them, and what stood before them."""
    root = program.rule
    if not program.depth:
        return root, (), words, [], []
    lead = msgspec.structs.replace(root, stop_at_args=True)
    path: list[str] = []
    ends: list[tuple[int, list[Given], list[str]]] = []
    given: list[Given] = []
    doubts: list[str] = []
    rest = words
    helps = False
    while len(path) < program.depth:
        parsed = take_apart(lead, rest, given)
        if parsed.helps:
            helps = True
            if not path:
                return root, (), rest, given, doubts
            break
        if not parsed.positionals or not parsed.positionals[0].exact:
            break
        given, doubts = parsed.given, doubts + parsed.doubts
        path.append(parsed.positionals[0].text)
        rest = parsed.positionals[1:]
        ends.append((len(words) - len(rest), given, doubts))
    best: tuple[tuple[int, ...], Rule, int] | None = None
    present = frozenset(path)
    for rule in (*program.commands.get(path[0] if path else "", ()), *program.patterns):
        if not rule.needs <= present:
            continue
        match = _matches(rule.path, path)
        if match is not None and (best is None or match[0] > best[0]):
            best = (match[0], rule, match[1])
    if best is not None:
        end, given, doubts = ends[best[2] - 1]
        return best[1], tuple(path[: best[2]]), words[end:], given, doubts
    if helps and any(path[0] == word for word in program.commands):
        return root, tuple(path), rest, given, doubts
    if program.own_args or not path:
        return root, (), words, [], []
    return None, tuple(path[:2]), [], [], []


def _matches(patterns: tuple[str, ...], path: list[str]) -> tuple[tuple[int, ...], int] | None:
    """How well `patterns` match the beginning of `path` (more is better), and how many words they take."""
    if "**" in patterns:
        at = patterns.index("**")
        before, after = patterns[:at], patterns[at + 1 :]
        start = _matches(before, path) if before else ((), 0)
        if start is None:
            return None
        for skip in range(len(path) - start[1] - len(after) + 1):
            found = _matches(after, path[start[1] + skip :])
            if found is not None:
                # The leftmost verb is the verb: what follows it is its arguments.
                return (*start[0], -skip, *found[0]), start[1] + skip + found[1]
        return None
    if len(patterns) > len(path):
        return None
    score: list[int] = []
    for pattern, word in zip(patterns, path, strict=False):
        if pattern == word:
            score.append(1000)
        elif "*" in pattern and fnmatchcase(word, pattern):
            score.append(len(pattern))
        else:
            return None
    return tuple(score), len(patterns)


@dataclass
class _Call:
    """One program call being judged."""

    engine: Engine
    rule: Rule
    path: tuple[str, ...]
    parsed: Arguments
    state: State
    named: dict[str, Word] = field(default_factory=dict)
    http: dict[Role, Word] = field(default_factory=dict)
    urls: list[Word] = field(default_factory=list)
    given_on: set[str] = field(default_factory=set)
    ran_code: bool = False
    worst_file: EffectKind | None = None
    sends_file: bool = False
    base: EffectKind = READ

    def judge(self) -> None:
        """Note every effect of the call."""
        rule, parsed = self.rule, self.parsed
        self._environment()
        if parsed.helps:
            self._emit_base(READ, "only prints its help or version", targets=())
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
        elif rule.stdin not in ("", "none", "args") and not self.ran_code:
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
        decisive = [g for g in parsed.given if g.option.makes is not None]
        for given in decisive:
            if given.value is not None and not given.value.exact:
                parsed.doubts.append(f"the value of {given.name} is not known before it runs")
        makes = [given.option.makes for given in decisive if given.option.makes is not None]
        if makes:
            base = max(makes, key=lambda kind: kind.weight)
        if base is READ and rule.effect is not READ:
            # To a write no option makes a difference; whether one does to this read, nobody has said.
            parsed.doubts += [f"option {name} is not known to be harmless" for name in parsed.strangers]
        return base

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
        for name in self.state.exported:
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

    # -- options and positionals

    def _option(self, given: Given) -> None:
        option, value = given.option, given.value
        if option.role is Role.COMMAND:
            words = list(given.words)
            if option.takes is Takes.REST and self.rule.stdin == "args":
                words = self._with_places(words)
            self._run(words, option.takes is Takes.UNTIL)
        elif option.role is Role.MODULE:
            self._module(list(given.words))
        elif option.role is Role.GET:
            self.http[Role.GET] = Word("GET")
        elif value is not None:
            self._value(option.role, option.lang, value, given.name)
        elif option.takes is Takes.OPTIONAL and option.role in (Role.WRITE, Role.DESTINATION):
            self._emit_base(WRITE, option.why or f"{given.name} writes a file", targets=())
        if option.effect is not None and option.effect is not READ:
            why = option.why or f"{given.name} makes it more than a read"
            targets = (option.target,) if option.target else self.rule.targets
            self._emit_base(option.effect, why, targets=targets)
        elif option.target and option.effect is READ:
            self._emit_base(READ, option.why or "reads", targets=(option.target,))

    def _positional(self, spec: Positional, words: list[Word]) -> None:
        if any(given.option.dry for given in self.parsed.given):
            role = {Role.WRITE: Role.READ, Role.UPDATE: Role.READ}
            role |= dict.fromkeys((Role.DESTINATION, Role.OUTPUT), Role.SOURCE)
            spec = msgspec.structs.replace(spec, role=role.get(spec.role, spec.role))
        if spec.role is Role.COMMAND:
            if words:
                self._run(words, False)
        elif spec.role is Role.SHELL:
            if words:
                self._value(Role.SHELL, "", _joined(words), "")
        elif spec.role is Role.CODE and spec.many and not spec.lang.startswith("sql:"):
            if words:
                self._value(Role.CODE, spec.lang, _joined(words), "")
        else:
            for word in words:
                self._value(spec.role, spec.lang, word, "")

    def _value(self, role: Role, lang: str, value: Word, name: str) -> None:
        if role is Role.TEXT or role is Role.CWD or role is Role.HELP:
            return
        if role is Role.READ:
            if any(given.option.in_place for given in self.parsed.given):
                self._file(WRITE, value, "changes this file in place")
            else:
                self._file(READ, value, "reads this file")
        elif role is Role.WRITE or role is Role.UPDATE:
            own = self.rule.why or "writes this file"
            self._file(WRITE, value, f"{name} names a file it writes" if name else own)
        elif role is Role.OUT:
            if not (value.exact and value.text == "-"):
                self._file(WRITE, value, f"{name} names a file it writes" if name else "writes this file")
        elif role is Role.SOURCE:
            self._copy(READ, value, "copies from here")
        elif role is Role.DESTINATION or (role is Role.OUTPUT and not (value.exact and value.text == "-")):
            self._copy(WRITE, value, "copies to here")
        elif role is Role.RUN:
            self.ran_code = True
            for target in file_targets(value, self.state.cwds, self.engine.around, self.state.on):
                code = target if target.uri else Target("unknown:code", Scope.HOST)
                self._emit(UNKNOWN_KIND, code, "runs this file")
        elif role is Role.URL:
            self.urls.append(value)
        elif role in (Role.METHOD, Role.BODY, Role.UPLOAD):
            self.http.setdefault(role, value)
            self.sends_file |= role is Role.UPLOAD or (
                role is Role.BODY and bool(_OF_A_FILE.match(value.text))
            )
            if role is Role.BODY and value.prefix.startswith("@") and value.text != "@-":
                self._file(READ, value.tail(1), "sends this file")
            if role is Role.UPLOAD and value.text not in ("-", "."):
                self._file(READ, value, "uploads this file")
        elif role is Role.GRAPHQL:
            self._graphql(value)
        elif role is Role.CODE:
            self._code(lang, value)
        elif role is Role.CODE_FILE:
            self._code_file(lang, value)
        elif role is Role.SHELL:
            self.ran_code = True
            shell.run_text(self.engine, value, self._inner())
        elif role is Role.ASSIGN:
            variable = value.text.partition("=")[0]
            if not value.prefix.startswith(variable + "=") or self.engine.variable(variable) is not None:
                self.engine.unknown(
                    f"environment/{variable}", self.rule.id, f"{variable} may change what the program does"
                )

    def _file(self, kind: EffectKind, word: Word, why: str) -> None:
        if word.exact and word.text == "-" and kind is READ:
            return
        if self.worst_file is None or kind.weight > self.worst_file.weight:
            self.worst_file = kind
        for target in file_targets(word, self.state.cwds, self.engine.around, self.state.on):
            target = self._itself(kind, target, word)
            socket = kind is READ and target.uri.startswith(("tcp:", "udp:"))
            self._emit(UNKNOWN_KIND if socket else kind, target, why)

    def _copy(self, kind: EffectKind, word: Word, why: str) -> None:
        if self.worst_file is None or kind.weight > self.worst_file.weight:
            self.worst_file = kind
        scheme = self._fill(self.rule.code_target) or "ssh"
        for target in copy_target(word, self.state.cwds, self.engine.around, self.state.on, scheme):
            self._emit(kind, self._itself(kind, target, word), why)

    def _itself(self, kind: EffectKind, target: Target, word: Word) -> Target:
        """`rm /dev/null` does not write into nothing: what changes files changes this one."""
        if target.uri or kind is not WRITE or self.base is not WRITE:
            return target
        return Target(f"file://{word.text}", Scope.HOST)

    # -- code and commands inside

    def _code(self, lang: str, value: Word) -> None:
        self.ran_code = True
        target = self._fill(self.rule.code_target)
        makes = "readonly" not in self.named
        inline.judge(self.engine, lang, value, self.rule, target, self._inner(), makes=makes)

    def _code_from_input(self, lang: str) -> None:
        code = self.state.stdin or UNKNOWN
        if self.engine.reads_early:
            code = UNKNOWN
        if lang in ("sh", "bash") and code.exact and shell.shares_input(code.text):
            code = UNKNOWN
        self._code(lang, code)

    def _code_file(self, lang: str, value: Word) -> None:
        self.ran_code = True
        if value.exact and value.text in ("-", "/dev/stdin"):
            self._code_from_input(lang)
            return
        for target in file_targets(value, self.state.cwds, self.engine.around, self.state.on):
            files = self.engine.around.files
            text = None
            if files is not None and value.exact and not self.state.on:
                text = files.text(target.uri.removeprefix("file://"))
            if not target.uri:
                self._emit(UNKNOWN_KIND, Target("unknown:code", Scope.HOST), "runs code that is not known")
            elif text is None or not (lang.startswith("sql:") or lang in ("awk", "sed", "jq")):
                self._emit(UNKNOWN_KIND, target, "runs the code in this file")
            else:
                self._emit(READ, target, "reads code from this file")
                self._code(lang, Word(text))

    def _run(self, words: list[Word], braces: bool) -> None:
        """Judge `words` as the command they are; `{}` stands for a file found."""
        self.ran_code = True
        replace = self.named.get("replace")
        marker = "{}" if braces else (replace.text if replace is not None else "")
        if marker and "batch" in self.named:
            self.parsed.doubts.append("replacing and batching exclude each other")
        if marker:
            words = [_replaced(word, marker, self._found_below() if braces else "") for word in words]
        elif self.rule.stdin == "args":
            words = [*words, UNKNOWN_MANY]
        inner = self._inner()
        if braces:  # each file found starts it again, on what is left of the input
            inner = inner.fork()
            inner.read_from()
        shell.run_words(self.engine, words, inner, external=True)

    def _with_places(self, words: list[Word]) -> list[Word]:
        """The words of a command in which `{}`, `{/}` and the like stand for what is found; `;` ends it."""
        if any(word.text == ";" for word in words):
            self.parsed.doubts.append("which options follow the command is not known")
        return [_replaced(word, "{", "") if "}" in word.text else word for word in words]

    def _graphql(self, field: Word) -> None:
        """Judge one `NAME=VALUE` of a GraphQL request: `query` is the document, all others are variables."""
        key, equals, document = field.prefix.partition("=")
        if not equals:
            self._emit_base(WRITE, "which field is sent is not known before it runs")
        elif key == "query" and not (field.exact and graphql.only_asks(document)):
            self._emit_base(WRITE, "the GraphQL document may do more than ask")

    def _module(self, words: list[Word]) -> None:
        """Judge a Python module that is run: packs know it as the program `python -m NAME`."""
        self.ran_code = True
        name = f"python -m {words[0].text}" if words and words[0].exact else ""
        if name not in self.engine.rules.programs:
            self._emit_base(UNKNOWN_KIND, "a module that is run may do anything")
        elif not inline.from_library(self.engine, words[0].text, self.state):
            self._emit_base(UNKNOWN_KIND, f"{words[0].text} may come from the current folder")
        else:
            run_program(self.engine, name, words[1:], self.state)

    def _found_below(self) -> str:
        """What every file that is found begins with."""
        starts = self.parsed.positionals or [Word(".")]
        if "starts" in self.named:
            return ""
        if len(starts) > 1 or not starts[0].exact or starts[0].text.startswith("-"):
            return ""
        return starts[0].text.rstrip("/") + "/"

    def _inner(self) -> State:
        """The state in which code inside this call runs."""
        state = self.state
        if self.rule.on:
            state = state.fork()
            state.on = self._fill(self.rule.on)
            state.cwds = ()
            state.variables = {}
            state.functions = {}
        elif self.parsed.assignments:
            state = state.fork()
            state.exported |= self.given_on
            state.handed_on |= {word.text.partition("=")[0] for word in self.parsed.assignments}
        return state

    def _http(self) -> None:
        method = self.http.get(Role.METHOD)
        if method is not None:
            verb = method.text.upper() if method.exact else "*"
        elif Role.UPLOAD in self.http:
            verb = "PUT"
        elif Role.GET in self.http:
            verb = "GET"
        else:
            verb = "POST" if Role.BODY in self.http else "GET"
        kind = READ if verb in _READ_METHODS else UNKNOWN_KIND if verb == "*" else WRITE
        if self.rule.effect is WRITE and method is None:
            kind = WRITE
        for url in self.urls:
            target = url_target(url)
            if kind is READ and not fetches(url):
                self._emit(UNKNOWN_KIND, target, "what such a URL sends is not known")
                continue
            if kind is READ and self.sends_file and target.scope is Scope.REMOTE:
                self._emit(UNKNOWN_KIND, target, "sends what a file or the input holds along")
                continue
            self._emit(kind, target, f"sends a {verb} request", consumes=self.rule.consumes)

    # -- noting

    def _emit(self, kind: EffectKind, target: Target, why: str, consumes: bool = False) -> None:
        self.engine.emit(kind, target, self.rule.id, why, on=self.state.on, consumes=consumes)

    def _emit_base(
        self,
        kind: EffectKind,
        why: str,
        *,
        targets: tuple[str, ...] | None = None,
        consumes: bool = False,
    ) -> None:
        templates = self.rule.targets if targets is None else targets
        if not templates:
            templates = ("command://" + "/".join((self.rule.program, *self.path)),)
        for template in templates:
            self._emit(kind, self._target(template), why, consumes)

    def _target(self, template: str) -> Target:
        uri = self._holes(template)
        known = _NOT_KNOWN not in uri
        uri = uri.replace(_NOT_KNOWN, "*")
        scheme = uri.partition(":")[0]
        if scheme == "file":
            path = uri[7:]
            # A `*` of the template itself stands for names below its folder, one not known for anything.
            word = Word(path, False, path.index("*"), known, known) if "*" in path else Word(path)
            target = file_targets(word, self.state.cwds, self.engine.around)[0]
            return target if target.uri else Target(uri, Scope.HOST)
        if self.rule.scope is not None:
            return Target(uri, self.rule.scope)
        return Target(uri, Scope.HOST if scheme in _LOCAL_SCHEMES else Scope.REMOTE)

    def _fill(self, template: str) -> str:
        return self._holes(template).replace(_NOT_KNOWN, "*")

    def _holes(self, template: str) -> str:
        return _HOLE.sub(self._hole, template) if "{" in template else template

    def _hole(self, match: re.Match[str]) -> str:
        for choice in match[1].split("|"):
            name, _, form = choice.partition("!")
            value = self._lookup(name)
            if value is None:
                continue
            if not value.text:
                return _NOT_KNOWN
            text = value.text
            if form == "path":
                found = file_targets(value, self.state.cwds, self.engine.around)
                text = found[0].uri.removeprefix("file://")
            elif form == "name":
                text = text.rstrip("/").rpartition("/")[2]
            elif form == "unscheme":
                text = text.partition("://")[2] or text
            text = text.replace(" ", "%20")
            return text if value.exact else text.replace("*", "") + _NOT_KNOWN
        return _NOT_KNOWN

    def _lookup(self, name: str) -> Word | None:
        """The value behind a name in a template; None: not given, try the next."""
        if name == "program":
            return Word(self.rule.program)
        if name == "cwd":
            return Word(self.state.cwds[0]) if self.state.cwds else UNKNOWN
        if name == "home":
            return Word(self.engine.around.home)
        kind, _, number = name.partition(":")
        if kind in ("arg", "path") and number.lstrip("-").isdigit():
            found = self.parsed.positionals if kind == "arg" else [Word(p) for p in self.path]
            index = int(number)
            return found[index] if -len(found) <= index < len(found) else None
        if name in self.named:
            return self.named[name]
        if name.startswith("-") or name in _option_names(self.rule):
            return None
        return Word(name)


_WHY = {
    READ: "{} only reads",
    UNKNOWN_KIND: "what {} does is not known",
    WRITE: "{} changes something",
}


def _fits(word: Word, glob: str) -> bool:
    """Whether an argument is surely one that `glob` allows; `!GLOB` allows all others."""
    if glob.startswith("!"):
        return word.exact and not fnmatchcase(word.text, glob[1:])
    return fnmatchcase(word.text, glob) and (word.exact or bool(word.prefix))


def _option_names(rule: Rule) -> set[str]:
    names = {option.name for option in rule.options.values() if option.name}
    return names | {spec.name for spec in rule.args if spec.name}


def _joined(words: list[Word]) -> Word:
    if all(word.exact for word in words):
        return Word(" ".join(word.text for word in words))
    return Word(" ".join(word.text for word in words), exact=False)


def _replaced(word: Word, marker: str, lead: str) -> Word:
    at = word.text.find(marker)
    if at < 0:
        return word
    known = word.text[:at] + lead
    if word.exact or at < word.lead:
        text = known + "*" + word.text[at + len(marker) :]
        return Word(text, exact=False, lead=len(known), glob=bool(lead))
    return word


__all__ = ["Option", "Style", "run_program"]
