"""What a shell text would do: walks the tree-sitter-bash syntax tree as bash would run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.effects import builtins, programs, walker
from supervisor.effects.engine import MOST_TEXT, TooMuch
from supervisor.effects.model import EffectKind, Files, Listing, Scope
from supervisor.effects.state import Function, State
from supervisor.effects.syntax import bash_alone, parse
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.vocabulary import names
from supervisor.effects.words import UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

SYSTEM_BINS = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/opt/homebrew/bin/")
OWN_PROGRAM = "supervise"
_INPUT_LEFT_ALONE = names(
    "echo printf cd pwd true false : test [ ls date whoami hostname uname id export set"
)


def run_text(engine: Engine, text: Word, state: State, *, here: bool = False, bash: bool = False) -> None:
    """Judge `text` as shell code.

    Args:
        here: the running shell itself runs it (`eval`), else a new one does.
        bash: the new shell is bash; otherwise it may be any (`sh`).
    """
    if not text.exact:
        engine.unknown(
            "shell-code", "shell.code", "runs shell code that is not known before it runs", state.on
        )
        return
    if len(text.text) > MOST_TEXT:
        raise TooMuch("too much text")
    engine.step(2)
    tree = parse(text.text)
    if tree.doubt:
        engine.unknown("syntax", "shell.syntax", f"the shell text is not understood: {tree.doubt}", state.on)
    engine.descend()
    inner = state if here else _fresh(state, bash)
    alone = "" if inner.bash else bash_alone(tree.root)
    if alone:
        engine.unknown("syntax", "shell.syntax", f"only bash reads this so: {alone}", state.on)
    # An error in a text of its own gives up a line of that text, and nothing more; functions stay outside.
    abandoned, engine.abandoned = engine.abandoned, []
    functions = engine.functions
    engine.functions = functions if here else 0
    inside = walker.Walker(engine, tree.source, inner)
    inside.statements(tree.root)
    if engine.jumps or engine.abandoned:
        inner.become(inside._merged([inner.fork(), *engine.abandoned]))
    engine.abandoned = [*abandoned, *engine.abandoned] if here else abandoned
    engine.functions = functions
    engine.depth -= 1


def shares_input(text: str) -> bool:
    """Whether a shell that reads `text` from its standard input may run other code than `text`.

    It reads line by line, and what it runs reads from the same place: a program may eat the lines after its
    own, `exec <file` goes on elsewhere.
    """
    last = text.rstrip("\n").count("\n")
    pending = [parse(text).root]
    while pending:
        node = pending.pop()
        if node.type == "command":
            name = node.child_by_field_name("name")
            known = name is not None and name.text is not None and name.text.decode("utf-8", "replace")
            if known not in _INPUT_LEFT_ALONE and (node.start_point[0] < last or known == "exec"):
                return True
        if node.type == "command_name" and (node.text or b"").strip(b"\\\"'") == b"exec":
            return True
        if node.type == "heredoc_redirect" or (node.type.endswith("string") and b"\n" in (node.text or b"")):
            return True
        pending += node.children
    return False


def _fresh(state: State, bash: bool) -> State:
    return State(
        variables=dict.fromkeys(state.environment, UNKNOWN),
        bash=bash,
        cwds=state.cwds,
        exported=set(state.exported),
        handed_on=state.environment,
        stdin=state.stdin,
        on=state.on,
    )


def run_words(
    engine: Engine, words: list[Word], state: State, *, external: bool = False, functions: bool = True
) -> None:
    """Judge a simple command given as words.

    Args:
        external: a program starts it, so that functions and built-ins do not count.
        functions: False where `command` or `builtin` passes functions by.
    """
    engine.step()
    if not words:
        return
    engine.descend()
    try:
        _run_words(engine, words, state, external, functions)
    finally:
        engine.depth -= 1


def _run_words(engine: Engine, words: list[Word], state: State, external: bool, functions: bool) -> None:
    for index, word in enumerate(words):
        _own(engine, word)
        if word.text.startswith("supervisor") and index and words[index - 1].text == "-m":
            _is_own(engine)
    first = words[0]
    if not first.exact:
        engine.unknown("program", "shell.program", "which program runs is not known before it runs", state.on)
        return
    name = first.text
    if not external and functions and name in state.functions:
        function = state.functions[name]
        if function is None:
            engine.unknown(f"function/{name}", "shell.function", f"{name} may be one of several functions")
            return
        _call(engine, function, words[1:], state)
        return
    if not external and functions and name in state.aliases:
        engine.unknown(f"alias/{name}", "shell.alias", f"{name} may be an alias made here", state.on)
        return
    if not external and builtins.run(engine, name, words[1:], state):
        return
    if name == "time" and not external:
        _timed(engine, words[1:], state)
    name = _program_name(engine, name, state)
    if name:
        programs.run_program(engine, name, [_listed(engine, word, state) for word in words[1:]], state)


def _timed(engine: Engine, words: list[Word], state: State) -> None:
    """`time` is a word of the shell's own: what follows may be a function or a built-in of it."""
    while words and words[0].exact and words[0].text in ("-p", "--", "time"):
        words = words[1:]
    if words:
        run_words(engine, words, state)


def _listed(engine: Engine, word: Word, state: State) -> Word:
    """A glob that matches no name with a leading dash now is no option: it is the same as `./glob`."""
    if not word.glob or word.prefix or state.on:
        return word
    files = engine.around.files
    if not state.cwds or not isinstance(files, Listing):
        return word
    for cwd in state.cwds:
        entries = files.names(cwd)
        if entries is None or any(entry.startswith("-") for entry in entries):
            return word
    return Word("./" + word.text, exact=False, lead=2, many=True, glob=True)


def _own(engine: Engine, word: Word) -> None:
    """The supervisor's own program, named by path anywhere, is its command line."""
    if word.text.endswith("/" + OWN_PROGRAM):
        _is_own(engine)


def _is_own(engine: Engine) -> None:
    target = Target("supervisor://cli", Scope.HOST)
    engine.emit(EffectKind.WRITE, target, "shell.supervisor", "names the supervisor's own program")


def _program_name(engine: Engine, name: str, state: State) -> str:
    """The program that `name` starts, by the name the rules know; empty if it was noted as unknown."""
    if not name:
        return ""
    files = None if state.on else engine.around.files
    if name == OWN_PROGRAM:
        _is_own(engine)
        return ""
    if "/" in name:
        folder, _, base = name.rpartition("/")
        folder += "/"
        if folder in SYSTEM_BINS and base not in ("", ".", ".."):
            return base
        for target in file_targets(Word(name), state.cwds, engine.around, state.on):
            engine.emit(EffectKind.UNKNOWN, target, "shell.path", "runs a program by its path", on=state.on)
        return ""
    if files is not None:
        found = files.which(name)
        if found is not None:
            if found.rpartition("/")[2] == OWN_PROGRAM:
                return _program_name(engine, OWN_PROGRAM, state)
            if found.endswith("/rustup") and name != "rustup" and _names_toolchain(files, state):
                engine.unknown(
                    f"toolchain/{name}", "shell.toolchain", f"the folder names the {name} that runs"
                )
                return ""
            inside = found.startswith(engine.around.workspace.rstrip("/") + "/")
            if inside or found.startswith(("/tmp/", "/var/tmp/", "/dev/")):
                target = Target("file://" + found, Scope.WORKSPACE if inside else Scope.HOST)
                engine.emit(EffectKind.UNKNOWN, target, "shell.path", f"{name} is a program of this folder")
                return ""
    return name


def _names_toolchain(files: Files, state: State) -> bool:
    """Whether a file in the current folder, or above it, may give rustup a toolchain of any folder."""
    folders = {"/", *(folder for cwd in state.cwds for folder in _upwards(cwd))}
    return not state.cwds or any(
        "path" in (files.text(f"{folder.rstrip('/')}/{entry}") or "path")
        for folder in folders
        if isinstance(files, Listing)
        for entry in ("rust-toolchain", "rust-toolchain.toml")
        if files.lies(f"{folder.rstrip('/')}/{entry}") is not False
    )


def _upwards(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts) + 1)]


def _call(engine: Engine, function: Function, arguments: list[Word], state: State) -> None:
    params, outer = state.params, state.locals
    state.locals = set()
    engine.functions += 1
    known = not any(word.many for word in arguments)
    state.params = tuple(arguments) if known else None
    inside = walker.Walker(engine, function.source, state)
    inside.statement(function.body)
    if engine.jumps:
        state.become(inside._merged([state.fork()]))
    engine.functions -= 1
    # What was local has its value from before again, whatever that was.
    for name in state.locals:
        state.assign(name, UNKNOWN)
    state.params, state.locals = params, outer
