"""Code and commands inside a program call: `bash -c`, `xargs`, `find -exec`, `ssh`, `psql -c`."""

from __future__ import annotations

from dataclasses import dataclass, field

from supervisor.effects import inline, programs, shell
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.requests import Requests
from supervisor.effects.state import State
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.words import UNKNOWN, UNKNOWN_MANY, Word

READ, UNKNOWN_KIND, WRITE = EffectKind.READ, EffectKind.UNKNOWN, EffectKind.WRITE


@dataclass
class Nesting(Requests):
    """A call that may run code or another command.

    Attributes:
        given_on: variables that the command inside gets.
        ran_code: something inside was judged.
    """

    given_on: set[str] = field(default_factory=set)
    ran_code: bool = False

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

    def _module(self, words: list[Word]) -> None:
        """Judge a Python module that is run: packs know it as the program `python -m NAME`."""
        self.ran_code = True
        name = f"python -m {words[0].text}" if words and words[0].exact else ""
        if name not in self.engine.rules.programs:
            self._emit_base(UNKNOWN_KIND, "a module that is run may do anything")
        elif not inline.from_library(self.engine, words[0].text, self.state):
            self._emit_base(UNKNOWN_KIND, f"{words[0].text} may come from the current folder")
        else:
            programs.run_program(self.engine, name, words[1:], self.state)

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


def _replaced(word: Word, marker: str, lead: str) -> Word:
    at = word.text.find(marker)
    if at < 0:
        return word
    known = word.text[:at] + lead
    if word.exact or at < word.lead:
        text = known + "*" + word.text[at + len(marker) :]
        return Word(text, exact=False, lead=len(known), glob=bool(lead))
    return word
