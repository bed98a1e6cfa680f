"""The shell's own commands: what each would do, and what it changes in the shell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from supervisor.effects import builtin_runners, builtin_setters
from supervisor.effects.arithmetic import reads_a_subscript
from supervisor.effects.builtin_notes import OF_BASH_ALONE, quiet, unsure
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.state import State
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.vocabulary import names
from supervisor.effects.words import Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

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
    if not state.bash and name in OF_BASH_ALONE:
        unsure(engine, name, f"{name} is not known to every shell", state)
    handler = _BUILTINS.get(name)
    if handler is not None:
        handler(engine, name, words, state)
        return True
    if name not in _QUIET:
        return False
    if name in ("test", "[") and reads_a_subscript(words):
        unsure(engine, name, "a name that is not known is tested", state)
    if name in _HARMLESS and not _harmless(name, words):
        unsure(engine, name, f"{name} may run or evaluate what it is given", state)
    if name in ("break", "continue", "return", "exit"):
        engine.jumps.append(state.fork())
    quiet(engine, name, state)
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


def _declare(engine: Engine, name: str, words: list[Word], state: State) -> None:
    builtin_setters.declare(engine, name, words, state)
    quiet(engine, name, state)


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
    quiet(engine, name, state)


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
    quiet(engine, name, state)


def _pushd(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if len(words) == 1 and words[0].exact and not words[0].text.startswith(("-", "+")):
        enter(engine, words[0], state)
    else:
        state.cwds = ()
    quiet(engine, name, state)


def _builtin(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if words and words[0].exact and run(engine, words[0].text, words[1:], state):
        return
    unsure(engine, name, "which built-in runs is not known", state)


def _alias(engine: Engine, name: str, words: list[Word], state: State) -> None:
    for word in words:
        if word.may_be_option and word.text != "-p":
            unsure(engine, name, "an alias of this kind may stand for any word", state)
        if "=" in word.prefix:
            if not state.bash:
                unsure(engine, name, "other shells than bash use an alias at once", state)
            alias = word.prefix.partition("=")[0]
            state.aliases.add(alias)
            if alias in _RESERVED or not alias.replace("-", "").replace("_", "").replace(".", "").isalnum():
                unsure(engine, name, f"an alias of {alias} changes how the text is read", state)
        elif not word.exact:
            unsure(engine, name, "which alias is made is not known", state)
    quiet(engine, name, state)


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
                    unsure(engine, name, f"shell option {option.text} is not known", state)
        else:
            state.params = None
            if word.may_be_option or word.prefix.startswith("+"):
                unsure(engine, name, f"shell option {word.text} is not known", state)
            break
    quiet(engine, name, state)


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
    quiet(engine, name, state)


def _shopt(engine: Engine, name: str, words: list[Word], state: State) -> None:
    for word in words:
        if not word.exact or (not word.text.startswith("-") and word.text not in _SAFE_SHOPT):
            unsure(engine, name, f"shell option {word.text} may change what the text means", state)
    if any(word.text == "extglob" for word in words):
        unsure(engine, name, "extglob changes how the text is read", state)
    quiet(engine, name, state)


def _umask(engine: Engine, name: str, words: list[Word], state: State) -> None:
    quiet(engine, name, state)


def _kill(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if words and words[0].exact and words[0].text in ("-l", "-L"):
        quiet(engine, name, state)
        return
    for word in words:
        if not word.prefix.startswith("-"):
            target = Target(f"process://{word.text}", Scope.HOST)
            engine.emit(EffectKind.WRITE, target, "shell.kill", "sends a signal to a process", on=state.on)
    if not words:
        unsure(engine, name, "what is signalled is not known", state)
    elif all(word.prefix.startswith("-") for word in words):
        target = Target("process://*", Scope.HOST)
        engine.emit(EffectKind.WRITE, target, "shell.kill", "sends a signal", on=state.on)


def _history(engine: Engine, name: str, words: list[Word], state: State) -> None:
    if any(not word.exact or word.text.startswith("-") for word in words):
        unsure(engine, name, "may change the shell's history file", state)
    quiet(engine, name, state)


def _ulimit(engine: Engine, name: str, words: list[Word], state: State) -> None:
    quiet(engine, name, state)


_BUILTINS: dict[str, Callable[[Engine, str, list[Word], State], None]] = {
    "cd": _cd,
    "chdir": _cd,
    "pushd": _pushd,
    "popd": _popd,
    "printf": builtin_setters.printf,
    "read": builtin_setters.read,
    "mapfile": builtin_setters.read,
    "readarray": builtin_setters.read,
    "eval": builtin_runners.evaluate,
    "source": builtin_runners.source,
    ".": builtin_runners.source,
    "exec": builtin_runners.replace,
    "command": builtin_runners.command,
    "builtin": _builtin,
    "trap": builtin_runners.trap,
    "alias": _alias,
    "unset": builtin_setters.unset,
    "set": _set_options,
    "shift": _shift,
    "shopt": _shopt,
    "let": builtin_setters.let,
    "getopts": builtin_setters.getopts,
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
