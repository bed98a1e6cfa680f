"""Code given to a program on its command line, in its input or in a file: judged by its language."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote

from supervisor.effects import awk, python_code, sed, shell
from supervisor.effects.model import EffectKind, Listing, Scope
from supervisor.effects.rules import Rule
from supervisor.effects.state import State
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.words import UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

_LOCAL_DATABASES = ("sqlite:", "duckdb:", "file:")
_PRELOADED = frozenset(("sys", "os", "os.path", "time"))
"""Modules that Python has loaded before it looks into the current folder."""
_LIBRARY = sys.stdlib_module_names - {"test"}
"""Modules of which one may import another; none imports the tests."""
_MODULE_ENDS = (".py", ".pyc", ".so", ".pyd")


def judge(
    engine: Engine, lang: str, code: Word, rule: Rule, target: str, state: State, *, makes: bool = True
) -> None:
    """Note what `code` in `lang` would do.

    Args:
        target: URI that statements of a database act on.
        makes: a database file that is not there is made.
    """
    if lang in ("sh", "bash"):
        shell.run_text(engine, code, state, bash=lang == "bash")
        return
    if lang == "jq":  # jq has no means to write or run anything
        engine.emit(
            EffectKind.READ,
            Target("command://jq", Scope.HOST),
            rule.id,
            "a jq filter only reads",
            on=state.on,
        )
        return
    judged = _LANGUAGES.get(lang)
    if not code.exact or (judged is None and not lang.startswith("sql:")):
        what = "is not known before it runs" if judged or lang.startswith("sql:") else "does is not known"
        engine.unknown(f"{lang}-code", rule.id, f"what {lang} code {what}", state.on)
    elif judged is not None:
        engine.step(5)
        judged(engine, code.text, rule, state)
    else:
        if target.startswith(_LOCAL_DATABASES) and ("file:" in target[5:] or "?" in target):
            engine.unknown("database", rule.id, "which database a URI opens, and how, is not known", state.on)
        if makes and not state.on and _may_be_made(engine, target):
            engine.unknown("database", rule.id, "a database that is not there would be made", state.on)
        scope = Scope.HOST if target.startswith(_LOCAL_DATABASES) else Scope.REMOTE
        from supervisor.effects import sql  # with its parser, which takes 0.06 s to load, and few runs need

        sql.judge_sql(
            engine, code.text, lang[4:], rule.id, target, _scope_of(engine, target, scope), state.on
        )


def _may_be_made(engine: Engine, target: str) -> bool:
    """Whether the database file may not be there: opening it would make an empty one."""
    path = target.partition("://")[2].partition("#")[0]
    files = engine.around.files
    folder, _, name = path.rpartition("/")
    if not target.startswith(_LOCAL_DATABASES) or name in (":memory:", "%3Amemory%3A"):
        return False
    if not path.startswith("/") or not isinstance(files, Listing):
        return True
    return unquote(name) not in (files.names(unquote(folder) or "/") or ())


def _scope_of(engine: Engine, target: str, scope: Scope) -> Scope:
    path = target.partition("://")[2]
    inside = target.startswith(_LOCAL_DATABASES) and path.startswith(
        engine.around.workspace.rstrip("/") + "/"
    )
    return Scope.WORKSPACE if inside else scope


def _sed(engine: Engine, code: str, rule: Rule, state: State) -> None:
    use = sed.use_of(code)
    if use.problem:
        engine.unknown("sed-code", rule.id, use.problem, state.on)
    for path in use.writes:
        _file(engine, EffectKind.WRITE, path, rule, state, "the sed script writes this file")
    for path in use.reads:
        _file(engine, EffectKind.READ, path, rule, state, "the sed script reads this file")
    _run(engine, use.runs, state)


def _run(engine: Engine, commands: tuple[str | None, ...], state: State) -> None:
    """Judge commands that a script runs. What they read is what it prints to them, or what it has left."""
    inner = state.fork()
    inner.read_from()
    for command in commands:
        shell.run_text(engine, Word(command) if command is not None else UNKNOWN, inner)


def _awk(engine: Engine, code: str, rule: Rule, state: State) -> None:
    use = awk.use_of(code)
    if use.problem:
        engine.unknown("awk-code", rule.id, use.problem, state.on)
    for path in use.writes:
        _file(engine, EffectKind.WRITE, path, rule, state, "the awk program writes this file")
    _run(engine, use.runs, state)


def _python(engine: Engine, code: str, rule: Rule, state: State) -> None:
    use = python_code.use_of(code)
    if use.problem:
        engine.unknown("python-code", rule.id, use.problem, state.on)
        return
    for module in use.modules:
        if module not in _PRELOADED and not from_library(engine, module, state):
            engine.unknown(
                "python-code", rule.id, f"the module {module} may come from the current folder", state.on
            )
            return
    for path in use.reads:
        _file(engine, EffectKind.READ, path, rule, state, "the Python code reads this file")
    target = Target("command://python", Scope.HOST)
    engine.emit(EffectKind.READ, target, rule.id, "the Python code is proven to only read", on=state.on)


def from_library(engine: Engine, module: str, state: State) -> bool:
    """Whether no file of the current folder stands in for a module of the library, or for one it imports."""
    files = engine.around.files
    if files is None:
        return not state.on
    if not state.cwds or state.on or not isinstance(files, Listing):
        return False
    modules = _LIBRARY | {module.partition(".")[0]}
    for cwd in state.cwds:
        for entry in files.names(cwd) or (module,):
            name, dot, _ = entry.partition(".")
            if name in modules and (
                entry.endswith(_MODULE_ENDS) if dot else _is_package(files, f"{cwd.rstrip('/')}/{entry}")
            ):
                return False
    return True


def _is_package(files: Listing, folder: str) -> bool:
    """Whether Python would import the folder before a module of the library."""
    entries = files.names(folder)
    return entries is None or any(entry.startswith("__init__.") for entry in entries)


def _file(engine: Engine, kind: EffectKind, path: str | None, rule: Rule, state: State, why: str) -> None:
    word = Word(path) if path else UNKNOWN
    for target in file_targets(word, state.cwds, engine.around, state.on):
        kind = EffectKind.WRITE if target.uri.startswith(("tcp:", "udp:")) else kind
        engine.emit(kind, target, rule.id, why, on=state.on)


_LANGUAGES = {"sed": _sed, "awk": _awk, "python": _python}
