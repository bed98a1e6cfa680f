"""Built-ins that run other code in this shell, now or later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.effects import shell
from supervisor.effects.builtin_notes import quiet, unsure
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.state import State
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.words import UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine


def evaluate(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`eval`."""
    if words and words[0].exact and words[0].text == "--":
        words = words[1:]
    if not all(word.exact for word in words):
        shell.run_text(engine, UNKNOWN, state)
        _forget(state)
        return
    shell.run_text(engine, Word(" ".join(word.text for word in words)), state, here=True)
    if not words:
        quiet(engine, name, state)


def _forget(state: State) -> None:
    """After code that is not known ran in this shell, nothing in it is known."""
    state.variables = dict.fromkeys(state.variables, UNKNOWN)
    state.cwds = ()
    state.ifs_known = False


def source(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`source` and `.`."""
    if (
        words
        and words[0].exact
        and words[0].text in ("/dev/stdin", "/dev/fd/0", "-")
        and state.stdin is not None
    ):
        if len(words) > 1:
            state.params = None
        shell.run_text(engine, UNKNOWN if engine.reads_early else state.stdin, state, here=True)
        _forget(state)
        return
    for target in file_targets(words[0] if words else UNKNOWN, state.cwds, engine.around, state.on):
        target = target if target.uri else Target("unknown:shell-code", Scope.HOST)
        engine.emit(EffectKind.UNKNOWN, target, "shell.source", "runs the code in this file", on=state.on)
    _forget(state)


def replace(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`exec`."""
    while words and words[0].exact and words[0].text in ("-c", "-l", "-cl", "-a"):
        if words[0].text == "-a" and any(word.many for word in words[1:2]):
            unsure(engine, name, "the name after -a may be several words", state)
        words = words[2:] if words[0].text == "-a" else words[1:]
    if not words:
        quiet(engine, name, state)
        return
    shell.run_words(engine, words, state, external=True)


def command(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`command`: functions are passed by."""
    while words and words[0].exact and words[0].text.startswith("-"):
        option = words[0].text
        words = words[1:]
        if option == "--":
            break
        if option in ("-v", "-V"):
            quiet(engine, name, state)
            return
        if option != "-p":
            unsure(engine, name, f"option {option} of command is not known", state)
            return
    if not words:
        quiet(engine, name, state)
        return
    shell.run_words(engine, words, state, functions=False)


def trap(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`trap`: the code runs later, whatever the shell knows by then."""
    if any(word.many for word in words):
        unsure(engine, name, "the code that runs later is not known", state)
    if words and words[0].exact and words[0].text in ("-p", "-l"):
        quiet(engine, name, state)
        return
    if words and words[0].exact and words[0].text == "--":
        words = words[1:]
    if len(words) < 2 or (words[0].exact and words[0].text in ("-", "")):
        quiet(engine, name, state)
        return
    later = State(
        cwds=(),
        exported=set(state.exported),
        handed_on=state.environment,
        on=state.on,
        bash=state.bash,
        later=True,
        integers=state.integers,
        arrays=state.arrays,
    )
    engine.traps = True
    if state.aliases:
        unsure(engine, name, "the code runs later, when aliases may have changed", state)
    shell.run_text(engine, words[0], later, here=True)
    for variable in later.variables:
        state.fixed.add(variable)
        state.assign(variable, UNKNOWN)
    if not all(word.exact and word.text in ("EXIT", "0") for word in words[1:]):
        # It may run before any command, change the folder and the parameters, and read a part of the input.
        state.cwds, state.params = (), None
        engine.reads_early = True
    state.integers |= later.integers
    state.arrays |= later.arrays
    state.exported |= later.exported
    state.handed_on |= later.handed_on
    state.aliases |= later.aliases
    state.ifs_known = state.ifs_known and later.ifs_known
    quiet(engine, name, state)
