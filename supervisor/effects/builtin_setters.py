"""Built-ins that set variables: what they evaluate on the way, and what the shell knows afterwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supervisor.effects.builtin_notes import OF_BASH_ALONE, quiet, unsure
from supervisor.effects.model import EffectKind
from supervisor.effects.state import State
from supervisor.effects.variables import held, is_number, set_variable
from supervisor.effects.words import NUMBER, UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

_PLAIN_LIST = re.compile(r"\([\w ./,:-]*\)", re.ASCII)
"""Elements that stay what they are when they are expanded."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COUNTS_PRINTED = re.compile(r"%[-+ #'0-9.*]*[hjlLqtz]*n")
_DECLARED = re.compile(r"-[AFIacfgilnprtux]*|\+[acfgilnrtux]+|--")


def _set(engine: Engine, word: Word, value: Word, state: State) -> None:
    """Set a variable whose name is `word`."""
    if not word.exact or not _NAME.fullmatch(word.text):
        unsure(engine, "set", "sets a variable that is not known", state)
        state.variables = dict.fromkeys(state.variables, UNKNOWN)
        return
    set_variable(engine, state, word.text, value)


def declare(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`declare`, `export`, `local`, `readonly`, `typeset` with `NAME`, `NAME=VALUE` and options."""
    if not state.bash and name in OF_BASH_ALONE:
        unsure(engine, name, f"{name} is not known to every shell", state)
    given = [word for word in words if word.prefix.startswith(("-", "+"))]
    options = "".join(word.text[1:] for word in given)
    if any(not word.exact or not _DECLARED.fullmatch(word.text) for word in given):
        unsure(engine, name, f"what these options make of a variable is not known: {options}", state)
    if given != words[: len(given)]:
        unsure(engine, name, "what looks like an option behind a name is none", state)
    exports = name == "export" or "x" in options
    if "f" in options and exports:
        unsure(engine, name, "exported functions replace programs", state)
    if "f" in options and (name == "readonly" or "r" in options):
        unsure(engine, name, "a function that cannot be changed stays what it was", state)
    if "n" in options and name != "export":
        unsure(engine, name, "a name reference stands for another variable", state)
    for word in words:
        if word.prefix.startswith(("-", "+")):
            continue
        variable, equals, _ = word.prefix.partition("=") if not word.exact else word.text.partition("=")
        if not _NAME.fullmatch(variable) or (not word.exact and not equals):
            unsure(engine, name, "declares a variable that is not known", state)
            continue
        if equals:
            value = word.tail(len(variable) + 1)
            listed = "a" in options.lower() or variable in state.arrays or state.later
            again = value.prefix.startswith("(") and not (value.exact and _PLAIN_LIST.fullmatch(value.text))
            if again or (listed and not value.exact and not value.prefix):
                unsure(engine, name, "the text of a list in parentheses is expanded again", state)
            if "a" in options.lower():
                state.arrays |= {variable}
            if "i" in options:
                state.integers |= {variable}
            if word.many or (name == "local" and not engine.functions):  # outside of functions: an error
                value = UNKNOWN
            _set(engine, Word(variable), value, state)
        elif engine.variable(variable) is EffectKind.UNKNOWN:
            _set(engine, Word(variable), UNKNOWN, state)
        if "a" in options.lower() and not equals:
            state.arrays |= {variable}
        if "i" in options and not equals:
            # What it holds already is evaluated when it is added to.
            state.integers |= {variable}
            _set(engine, Word(variable), held(state, variable) or NUMBER, state)
        if engine.functions and name not in ("export", "readonly") and "g" not in options:
            state.locals.add(variable)
            if not equals:
                state.assign(variable, UNKNOWN)
        if name == "readonly" or any(letter in options for letter in "rluc"):
            if any(letter in options for letter in "luc"):
                state.assign(variable, UNKNOWN)
            state.fixed.add(variable)
        if exports:
            state.handed_on |= {variable}
        if exports and engine.variable(variable) is EffectKind.WRITE:
            state.exported.add(variable)


def printf(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`printf`: with `-v` it sets a variable."""
    if words and words[0].many and any(word.may_be_option for word in words[1:]):
        unsure(engine, name, "its first argument may become none, and the next one -v", state)
    if words and words[0].may_be_option and not (words[0].exact and words[0].text == "--"):
        if words[0].exact and words[0].text == "-v" and len(words) > 1:
            _set(engine, words[1], UNKNOWN, state)
            printf(engine, name, words[2:], state)  # another -v may follow, which then counts
            return
        if not words[0].exact:
            # `printf "$x"`: -v would need a second word that names a variable.
            if len(words) > 1 or words[0].many:
                unsure(engine, name, "its first argument may be -v, which sets a variable", state)
        elif words[0].text.startswith("-v"):
            _set(engine, Word(words[0].text[2:]), UNKNOWN, state)
            printf(engine, name, words[1:], state)
            return
    _count_printed(engine, words, state)
    quiet(engine, name, state)


def _count_printed(engine: Engine, words: list[Word], state: State) -> None:
    """`%n` in a format sets the variable that an argument names to how much was printed so far."""
    while words and words[0].exact and words[0].text.startswith("-"):
        words = words[1:]
    if not words or (words[0].exact and not _COUNTS_PRINTED.search(words[0].text.replace("%%", ""))):
        return
    for word in words[1:]:
        if not word.exact or _NAME.fullmatch(word.text):
            _set(engine, word, UNKNOWN, state)


def read(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`read`, `mapfile`, `readarray`."""
    takes = "adinNptu" if name == "read" else "dnOsuCc"
    index = 0
    given: list[Word] = []
    listed = name != "read"
    while index < len(words):
        word = words[index]
        index += 1
        if word.exact and word.text.startswith("-") and len(word.text) > 1:
            letter = next((c for c in word.text[1:] if c in takes), "")
            if letter in ("C", "c") and letter:
                unsure(engine, name, "-C runs a command for each line", state)
            listed = listed or letter == "a"
            attached = word.text[word.text.index(letter) + 1 :] if letter else ""
            if attached and letter == "a":
                given.append(Word(attached))
            elif letter and not attached and index < len(words):
                if letter == "a":
                    given.append(words[index])
                elif words[index].many:
                    unsure(engine, name, f"the value of -{letter} may be several words", state)
                index += 1
            if name != "read" and not letter and word.text != "-t":
                given.append(UNKNOWN)
        else:
            given.append(word)
    for each in given or [Word("REPLY" if name == "read" else "MAPFILE")]:
        if listed:
            state.arrays |= {each.text}
        _set(engine, each, UNKNOWN, state)
    state.read_from()
    quiet(engine, name, state)


def unset(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`unset`."""
    for word in words:
        if word.exact and word.text in ("-v", "-n"):
            continue
        if word.exact and word.text == "-f":
            continue
        if not word.exact or not _NAME.fullmatch(word.text):
            unsure(engine, name, "what is unset is not known", state)
            continue
        if word.text == "IFS":
            state.ifs_known = False
        if word.text == "PATH":
            unsure(engine, name, "PATH says which programs run", state)
        state.variables[word.text] = UNKNOWN
        if word.text in state.functions:
            state.functions[word.text] = None
    quiet(engine, name, state)


def let(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`let`: it evaluates."""
    for word in words:
        match = (
            re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)(?:([-+*/%]?=)-?[0-9]+|\+\+|--)", word.text)
            if word.exact
            else None
        )
        if match is None:
            unsure(engine, name, "evaluates an expression that is not understood", state)
        else:
            if match[2] != "=" and not is_number(held(state, match[1])):
                unsure(engine, name, f"the value of {match[1]} is evaluated", state)
            _set(engine, Word(match[1]), NUMBER, state)
    quiet(engine, name, state)


def getopts(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`getopts`."""
    if words and words[0].exact and words[0].text == "--":
        words = words[1:]
    if any(word.many for word in words[:2]):
        unsure(engine, name, "which variable is set is not known", state)
    for word in words[1:2]:
        _set(engine, word, UNKNOWN, state)
    state.variables["OPTARG"] = UNKNOWN
    quiet(engine, name, state)
