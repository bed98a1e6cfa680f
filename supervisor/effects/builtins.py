"""The shell's own commands: what each would do, and what it changes in the shell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from supervisor.effects import shell
from supervisor.effects.arithmetic import reads_a_subscript
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.state import State
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.variables import held, is_number, set_variable
from supervisor.effects.vocabulary import names
from supervisor.effects.words import NUMBER, UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

_PLAIN_LIST = re.compile(r"\([\w ./,:-]*\)", re.ASCII)
"""Elements that stay what they are when they are expanded."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DECLARED = re.compile(r"-[AFIacfgilnprtux]*|\+[acfgilnrtux]+|--")
_QUIET = frozenset(
    (
        "echo",
        "true",
        "false",
        ":",
        "pwd",
        "type",
        "hash",
        "wait",
        "jobs",
        "shift",
        "times",
        "dirs",
        "test",
        "[",
    )
) | {"break", "continue", "return", "exit", "logout", "help", "caller", "compgen"}
_OF_BASH_ALONE = names(
    """builtin caller compgen declare dirs help history let logout mapfile popd pushd readarray shopt source
    typeset"""
)
_RESERVED = names(
    "if then else elif fi for while until do done case esac function select time coproc in { } ! [[ ]] (( ))"
)
_HARMLESS = {
    "hash": re.compile(r"-[lrt]+|[A-Za-z0-9_][A-Za-z0-9_.+-]*"),
    "jobs": re.compile(r"-[lnprs]+|%[%+-]|%?[0-9]+"),
    "wait": re.compile(r"-[nf]+|%[%+-]|%?[0-9]+"),
    "compgen": re.compile(r"-[abcdefgjksuv]+|[A-Za-z0-9_./][A-Za-z0-9_./-]*"),
}
"""The only words known to be harmless to built-ins that may run or evaluate what they are given."""
_ACTIONS = names(
    """alias arrayvar binding builtin command directory disabled enabled export file function group helptopic
    hostname job keyword running service setopt shopt signal stopped user variable"""
)
"""What `compgen -A` can list."""
_SET_LETTERS = re.compile(r"-[efuxvnCEhTBmo]+|\+[efuxvnCEhTmo]+")
"""Options of `set` that leave the meaning of the text as it is; `+B` does not, nor do `a`, `k`, `p`, `t`."""
_SET_NAMES = names("pipefail errexit nounset xtrace noglob verbose noclobber") | {""}
_SAFE_SHOPT = frozenset(
    ("nullglob", "globstar", "dotglob", "extglob", "nocaseglob", "nocasematch", "inherit_errexit")
)


def run(engine: Engine, name: str, words: list[Word], state: State) -> bool:
    """Judge the built-in `name`; False if there is none of that name."""
    if not state.bash and name in _OF_BASH_ALONE:
        _unsure(engine, name, f"{name} is not known to every shell", state)
    handler = _BUILTINS.get(name)
    if handler is not None:
        handler(engine, name, words, state)
        return True
    if name not in _QUIET:
        return False
    if name in ("test", "[") and reads_a_subscript(words):
        _unsure(engine, name, "a name that is not known is tested", state)
    if name in _HARMLESS and not _harmless(name, words):
        _unsure(engine, name, f"{name} may run or evaluate what it is given", state)
    if name in ("break", "continue", "return", "exit"):
        engine.jumps.append(state.fork())
    _quiet(engine, name, state)
    return True


def _harmless(name: str, words: list[Word]) -> bool:
    """Whether every word is one of those known to be harmless to the built-in `name`."""
    for index, word in enumerate(words):
        if name == "compgen" and word.exact and word.text == "-A" and index + 1 < len(words):
            # The word after it is looked at as any other: the name of an action is harmless by itself.
            if not words[index + 1].exact or words[index + 1].text not in _ACTIONS:
                return False
        elif not word.exact or not _HARMLESS[name].fullmatch(word.text):
            return False
    return True


def _quiet(engine: Engine, name: str, state: State) -> None:
    target = Target(f"command://{name}", Scope.HOST)
    engine.emit(
        EffectKind.READ, target, f"shell.{name}", f"{name} changes nothing outside the shell", on=state.on
    )


def _unsure(engine: Engine, name: str, why: str, state: State) -> None:
    target = Target(f"command://{name}", Scope.HOST)
    engine.emit(EffectKind.UNKNOWN, target, f"shell.{name}", why, on=state.on)


def _set(engine: Engine, word: Word, value: Word, state: State) -> None:
    """Set a variable whose name is `word`."""
    if not word.exact or not _NAME.fullmatch(word.text):
        _unsure(engine, "set", "sets a variable that is not known", state)
        state.variables = dict.fromkeys(state.variables, UNKNOWN)
        return
    set_variable(engine, state, word.text, value)


def declare(engine: Engine, name: str, words: list[Word], state: State) -> None:
    """`declare`, `export`, `local`, `readonly`, `typeset` with `NAME`, `NAME=VALUE` and options."""
    if not state.bash and name in _OF_BASH_ALONE:
        _unsure(engine, name, f"{name} is not known to every shell", state)
    given = [word for word in words if word.prefix.startswith(("-", "+"))]
    options = "".join(word.text[1:] for word in given)
    if any(not word.exact or not _DECLARED.fullmatch(word.text) for word in given):
        _unsure(engine, name, f"what these options make of a variable is not known: {options}", state)
    exports = name == "export" or "x" in options
    if "f" in options and exports:
        _unsure(engine, name, "exported functions replace programs", state)
    if "f" in options and (name == "readonly" or "r" in options):
        _unsure(engine, name, "a function that cannot be changed stays what it was", state)
    if "n" in options and name != "export":
        _unsure(engine, name, "a name reference stands for another variable", state)
    for word in words:
        if word.prefix.startswith(("-", "+")):
            continue
        variable, equals, _ = word.prefix.partition("=") if not word.exact else word.text.partition("=")
        if not _NAME.fullmatch(variable) or (not word.exact and not equals):
            _unsure(engine, name, "declares a variable that is not known", state)
            continue
        if equals:
            value = word.tail(len(variable) + 1)
            listed = "a" in options.lower() or variable in state.arrays or state.later
            again = value.prefix.startswith("(") and not (value.exact and _PLAIN_LIST.fullmatch(value.text))
            if again or (listed and not value.exact and not value.prefix):
                _unsure(engine, name, "the text of a list in parentheses is expanded again", state)
            if "a" in options.lower():
                state.arrays |= {variable}
            if "i" in options:
                state.integers |= {variable}
            if word.many:
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


def _declare(engine: Engine, name: str, words: list[Word], state: State) -> None:
    declare(engine, name, words, state)
    _quiet(engine, name, state)


def _cd(engine: Engine, name: str, words: list[Word], state: State) -> None:
    folders = [word for word in words if not (word.exact and word.text in ("-P", "-L", "-e", "-@", "--"))]
    if "CDPATH" in state.variables or "CDPATH" in state.exported:
        state.cwds = ()
    elif not folders:
        home = state.variables.get("HOME")
        state.cwds = (engine.around.home,) if home is None and not state.on else ()
    elif len(folders) == 1 and folders[0].exact and folders[0].text not in ("-", ""):
        enter(engine, folders[0], state)
    else:
        state.cwds = ()
    _quiet(engine, name, state)


def enter(engine: Engine, folder: Word, state: State) -> None:
    """Change to `folder`; if that fails, a shell that was further out is still there."""
    targets = file_targets(folder, state.cwds, engine.around, "")
    paths = [target.uri.removeprefix("file://") for target in targets if target.uri.startswith("file:///")]
    inside = all(target.scope is Scope.WORKSPACE for target in targets)
    outer = [cwd for cwd in state.cwds if not _within(cwd, engine.around.workspace)] if inside else []
    known = paths and "%" not in "".join(paths)
    state.cwds = tuple(dict.fromkeys([*paths, *outer]))[:8] if known else ()


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _popd(engine: Engine, name: str, words: list[Word], state: State) -> None:
    state.cwds = ()
    _quiet(engine, name, state)


def _pushd(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if len(words) == 1 and words[0].exact and not words[0].text.startswith(("-", "+")):
        enter(engine, words[0], state)
    else:
        state.cwds = ()
    _quiet(engine, name, state)


def _printf(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if words and words[0].many and any(word.may_be_option for word in words[1:]):
        _unsure(engine, name, "its first argument may become none, and the next one -v", state)
    if words and words[0].may_be_option and not (words[0].exact and words[0].text == "--"):
        if words[0].exact and words[0].text == "-v" and len(words) > 1:
            _set(engine, words[1], UNKNOWN, state)
        elif not words[0].exact:
            # `printf "$x"`: -v would need a second word that names a variable.
            if len(words) > 1 or words[0].many:
                _unsure(engine, name, "its first argument may be -v, which sets a variable", state)
        elif words[0].text.startswith("-v"):
            _set(engine, Word(words[0].text[2:]), UNKNOWN, state)
    _quiet(engine, name, state)


def _read(engine: Engine, name: str, words: list[Word], state: State) -> None:
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
                _unsure(engine, name, "-C runs a command for each line", state)
            listed = listed or letter == "a"
            attached = word.text[word.text.index(letter) + 1 :] if letter else ""
            if attached and letter == "a":
                given.append(Word(attached))
            elif letter and not attached and index < len(words):
                if letter == "a":
                    given.append(words[index])
                elif words[index].many:
                    _unsure(engine, name, f"the value of -{letter} may be several words", state)
                index += 1
            if name != "read" and not letter and word.text != "-t":
                given.append(UNKNOWN)
        else:
            given.append(word)
    for each in given or [Word("REPLY" if name == "read" else "MAPFILE")]:
        if listed:
            state.arrays |= {each.text}
        _set(engine, each, UNKNOWN, state)
    state.stdin = UNKNOWN if state.stdin is not None else None
    _quiet(engine, name, state)


def _eval(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if words and words[0].exact and words[0].text == "--":
        words = words[1:]
    if not all(word.exact for word in words):
        shell.run_text(engine, UNKNOWN, state)
        _forget(state)
        return
    shell.run_text(engine, Word(" ".join(word.text for word in words)), state, here=True)
    if not words:
        _quiet(engine, name, state)


def _forget(state: State) -> None:
    """After code that is not known ran in this shell, nothing in it is known."""
    state.variables = dict.fromkeys(state.variables, UNKNOWN)
    state.cwds = ()
    state.ifs_known = False


def _source(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if (
        words
        and words[0].exact
        and words[0].text in ("/dev/stdin", "/dev/fd/0", "-")
        and state.stdin is not None
    ):
        if len(words) > 1:
            state.params = None
        shell.run_text(engine, state.stdin, state, here=True)
        _forget(state)
        return
    for target in file_targets(words[0] if words else UNKNOWN, state.cwds, engine.around, state.on):
        target = target if target.uri else Target("unknown:shell-code", Scope.HOST)
        engine.emit(EffectKind.UNKNOWN, target, "shell.source", "runs the code in this file", on=state.on)
    _forget(state)


def _exec(engine: Engine, name: str, words: list[Word], state: State) -> None:
    while words and words[0].exact and words[0].text in ("-c", "-l", "-cl", "-a"):
        if words[0].text == "-a" and any(word.many for word in words[1:2]):
            _unsure(engine, name, "the name after -a may be several words", state)
        words = words[2:] if words[0].text == "-a" else words[1:]
    if not words:
        _quiet(engine, name, state)
        return
    shell.run_words(engine, words, state, external=True)


def _command(engine: Engine, name: str, words: list[Word], state: State) -> None:
    while words and words[0].exact and words[0].text.startswith("-"):
        option = words[0].text
        words = words[1:]
        if option == "--":
            break
        if option in ("-v", "-V"):
            _quiet(engine, name, state)
            return
        if option != "-p":
            _unsure(engine, name, f"option {option} of command is not known", state)
            return
    if not words:
        _quiet(engine, name, state)
        return
    shell.run_words(engine, words, state, functions=False)


def _builtin(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if words and words[0].exact and run(engine, words[0].text, words[1:], state):
        return
    _unsure(engine, name, "which built-in runs is not known", state)


def _trap(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if any(word.many for word in words):
        _unsure(engine, name, "the code that runs later is not known", state)
    if words and words[0].exact and words[0].text in ("-p", "-l"):
        _quiet(engine, name, state)
        return
    if words and words[0].exact and words[0].text == "--":
        words = words[1:]
    if len(words) < 2 or (words[0].exact and words[0].text in ("-", "")):
        _quiet(engine, name, state)
        return
    # The code runs later, whatever the shell knows by then.
    later = State(
        cwds=("/",),
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
        _unsure(engine, name, "the code runs later, when aliases may have changed", state)
    shell.run_text(engine, words[0], later, here=True)
    for variable in later.variables:
        state.fixed.add(variable)
        state.assign(variable, UNKNOWN)
    if later.cwds != ("/",):
        state.cwds = ()
    state.ifs_known = state.ifs_known and later.ifs_known
    _quiet(engine, name, state)


def _alias(engine: Engine, name: str, words: list[Word], state: State) -> None:
    for word in words:
        if word.may_be_option and word.text != "-p":
            _unsure(engine, name, "an alias of this kind may stand for any word", state)
        if "=" in word.prefix:
            if not state.bash:
                _unsure(engine, name, "other shells than bash use an alias at once", state)
            alias = word.prefix.partition("=")[0]
            state.aliases.add(alias)
            if alias in _RESERVED or not alias.replace("-", "").replace("_", "").replace(".", "").isalnum():
                _unsure(engine, name, f"an alias of {alias} changes how the text is read", state)
        elif not word.exact:
            _unsure(engine, name, "which alias is made is not known", state)
    _quiet(engine, name, state)


def _unset(engine: Engine, name: str, words: list[Word], state: State) -> None:
    for word in words:
        if word.exact and word.text in ("-v", "-n"):
            continue
        if word.exact and word.text == "-f":
            continue
        if not word.exact or not _NAME.fullmatch(word.text):
            _unsure(engine, name, "what is unset is not known", state)
            continue
        if word.text == "IFS":
            state.ifs_known = False
        if word.text == "PATH":
            _unsure(engine, name, "PATH says which programs run", state)
        state.variables[word.text] = UNKNOWN
        if word.text in state.functions:
            state.functions[word.text] = None
    _quiet(engine, name, state)


def _set_options(engine: Engine, name: str, words: list[Word], state: State) -> None:
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if word.exact and word.text in ("--", "-"):
            state.params = None
            break
        if word.exact and _SET_LETTERS.fullmatch(word.text):
            # Each `o` takes one of the words that follow.
            for _ in range(word.text.count("o")):
                option = words[index] if index < len(words) else Word("")
                index += 1
                if not option.exact or option.text not in _SET_NAMES:
                    _unsure(engine, name, f"shell option {option.text} is not known", state)
        else:
            state.params = None
            if word.may_be_option or word.prefix.startswith("+"):
                _unsure(engine, name, f"shell option {word.text} is not known", state)
            break
    _quiet(engine, name, state)


def _shift(engine: Engine, name: str, words: list[Word], state: State) -> None:
    known = state.params is not None and len(words) <= 1
    count = 1
    if words:
        known = known and words[0].exact and words[0].text.isdigit()
        count = int(words[0].text) if known else 0
    if state.params is not None and known and count <= len(state.params):
        state.params = state.params[count:]
    elif state.params:
        state.params = None
    _quiet(engine, name, state)


def _shopt(engine: Engine, name: str, words: list[Word], state: State) -> None:
    for word in words:
        if not word.exact or (not word.text.startswith("-") and word.text not in _SAFE_SHOPT):
            _unsure(engine, name, f"shell option {word.text} may change what the text means", state)
    if any(word.text == "extglob" for word in words):
        _unsure(engine, name, "extglob changes how the text is read", state)
    _quiet(engine, name, state)


def _let(engine: Engine, name: str, words: list[Word], state: State) -> None:
    for word in words:
        match = (
            re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)(?:([-+*/%]?=)-?[0-9]+|\+\+|--)", word.text)
            if word.exact
            else None
        )
        if match is None:
            _unsure(engine, name, "evaluates an expression that is not understood", state)
        else:
            if match[2] != "=" and not is_number(held(state, match[1])):
                _unsure(engine, name, f"the value of {match[1]} is evaluated", state)
            _set(engine, Word(match[1]), NUMBER, state)
    _quiet(engine, name, state)


def _getopts(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if words and words[0].exact and words[0].text == "--":
        words = words[1:]
    if any(word.many for word in words[:2]):
        _unsure(engine, name, "which variable is set is not known", state)
    for word in words[1:2]:
        _set(engine, word, UNKNOWN, state)
    state.variables["OPTARG"] = UNKNOWN
    _quiet(engine, name, state)


def _umask(engine: Engine, name: str, words: list[Word], state: State) -> None:
    _quiet(engine, name, state)


def _kill(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if words and words[0].exact and words[0].text in ("-l", "-L"):
        _quiet(engine, name, state)
        return
    for word in words:
        if not word.prefix.startswith("-"):
            target = Target(f"process://{word.text}", Scope.HOST)
            engine.emit(EffectKind.WRITE, target, "shell.kill", "sends a signal to a process", on=state.on)
    if not words:
        _unsure(engine, name, "what is signalled is not known", state)
    elif all(word.prefix.startswith("-") for word in words):
        target = Target("process://*", Scope.HOST)
        engine.emit(EffectKind.WRITE, target, "shell.kill", "sends a signal", on=state.on)


def _history(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if any(not word.exact or word.text.startswith("-") for word in words):
        _unsure(engine, name, "may change the shell's history file", state)
    _quiet(engine, name, state)


def _ulimit(engine: Engine, name: str, words: list[Word], state: State) -> None:
    _quiet(engine, name, state)


_BUILTINS: dict[str, Callable[[Engine, str, list[Word], State], None]] = {
    "cd": _cd,
    "chdir": _cd,
    "pushd": _pushd,
    "popd": _popd,
    "printf": _printf,
    "read": _read,
    "mapfile": _read,
    "readarray": _read,
    "eval": _eval,
    "source": _source,
    ".": _source,
    "exec": _exec,
    "command": _command,
    "builtin": _builtin,
    "trap": _trap,
    "alias": _alias,
    "unset": _unset,
    "set": _set_options,
    "shift": _shift,
    "shopt": _shopt,
    "let": _let,
    "getopts": _getopts,
    "umask": _umask,
    "ulimit": _ulimit,
    "kill": _kill,
    "history": _history,
    "declare": _declare,
    "typeset": _declare,
    "local": _declare,
    "readonly": _declare,
    "export": _declare,
}
