"""Scripts for the model: what it says and which tools it calls, turn by turn.

A script replaces the model and nothing else. It is one JSON object; `docs/scripts.md` shows it to people:

    {"turns": [{"say": "…", "calls": [{"tool": "Write", "input": {…}}]}, …],
     "agents": {"<regex on the first user message>": {"turns": […]}}}

A script is checked whole before anything starts. What is wrong is named by file, turn and field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from supervisor.errors import ScriptError

CWD = "{cwd}"
"""Stands for the run's folder in every string of a call's input."""


class Call(msgspec.Struct, frozen=True):
    """One tool call of a turn.

    Attributes:
        tool: name as Claude Code offers it: `Write`, `Bash`, `mcp__server__tool`, …
        input: the tool's input, `{cwd}` not yet replaced.
    """

    tool: str
    input: dict[str, Any]


class Turn(msgspec.Struct, frozen=True):
    """One answer of the model: a text, then calls that Claude Code may run in parallel. At least one of both.

    Attributes:
        wait_s: seconds that the model takes before it answers, 0 to 600: time to read along, or to break in.
    """

    say: str
    calls: tuple[Call, ...]
    wait_s: float = 0.0


class AgentPart(msgspec.Struct, frozen=True):
    """What subagents play whose first user message `pattern` is found in."""

    pattern: re.Pattern[str]
    turns: tuple[Turn, ...]


class Script(msgspec.Struct, frozen=True):
    """A whole script.

    Attributes:
        turns: what the main agent plays.
        agents: what subagents play; the first pattern that is found wins, in the file's order.
    """

    turns: tuple[Turn, ...]
    agents: tuple[AgentPart, ...] = ()


def load_script(path: Path) -> Script:
    """Read and check the script at `path`.

    Raises:
        ScriptError: it cannot be read or played; the message names the file, and the line and column of a
            syntax error or the turn and field of any other one.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: not UTF-8 text (byte {error.start})") from error
    return parse_script(text, str(path))


def parse_script(text: str, name: str) -> Script:
    """Check the script in `text`; `name` is what errors call it.

    Raises:
        ScriptError: as `load_script`.
    """
    reader = _Reader(name)
    try:
        data = json.loads(text, object_pairs_hook=reader.pairs, parse_constant=reader.constant)
    except json.JSONDecodeError as error:
        raise ScriptError(
            f"{name}: line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        ) from error
    except RecursionError as error:
        raise ScriptError(f"{name}: nested too deeply") from error
    return reader.script(data)


def fill_cwd(value: Any, cwd: str) -> Any:
    """A copy of the JSON value `value` with `{cwd}` replaced by `cwd` in its strings (not in its keys)."""
    if isinstance(value, str):
        return value.replace(CWD, cwd)
    if isinstance(value, list):
        return [fill_cwd(item, cwd) for item in value]
    if isinstance(value, dict):
        return {key: fill_cwd(item, cwd) for key, item in value.items()}
    return value


class _Repeated(dict[str, Any]):
    """A JSON object that names a key more than once: kept apart, for the error to say where it stands."""

    key: str


class _Reader:
    """Walks the decoded JSON and knows at each step what to call the place it is at."""

    def __init__(self, name: str) -> None:
        self._name = name

    def script(self, data: Any) -> Script:
        top = self._object(data, "the script", ("turns", "agents"))
        if "turns" not in top:
            self._fail("the script", '"turns" is missing')
        turns = self._turns(top["turns"], "")
        agents = top.get("agents", {})
        if not isinstance(agents, dict):
            self._fail('"agents"', f"must be an object, not {_kind(agents)}")
        self._once(agents, '"agents"')
        return Script(turns, tuple(self._agent(pattern, part) for pattern, part in agents.items()))

    def _agent(self, pattern: str, data: Any) -> AgentPart:
        where = f"agent {json.dumps(pattern, ensure_ascii=False)}"
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            self._fail(where, f"not a regular expression: {error}")
        part = self._object(data, where, ("turns",))
        if "turns" not in part:
            self._fail(where, '"turns" is missing')
        return AgentPart(compiled, self._turns(part["turns"], f"{where}, "))

    def _turns(self, data: Any, prefix: str) -> tuple[Turn, ...]:
        turns = self._list(data, f'{prefix}"turns"')
        return tuple(self._turn(turn, f"{prefix}turn {n}") for n, turn in enumerate(turns, 1))

    def _turn(self, data: Any, where: str) -> Turn:
        turn = self._object(data, where, ("say", "calls", "wait_s"))
        say = turn.get("say", "")
        if not isinstance(say, str):
            self._fail(where, f'"say" must be text, not {_kind(say)}')
        calls = self._list(turn.get("calls", []), f'{where}, "calls"')
        if not say.strip() and not calls:
            self._fail(where, 'neither "say" nor "calls": a turn has to say or do something')
        wait_s = turn.get("wait_s", 0)
        if isinstance(wait_s, bool) or not isinstance(wait_s, int | float) or not 0 <= wait_s <= 600:
            self._fail(where, f'"wait_s" must be seconds from 0 to 600, not {_shown(wait_s)}')
        return Turn(
            say, tuple(self._call(call, f"{where}, call {n}") for n, call in enumerate(calls, 1)), wait_s
        )

    def _call(self, data: Any, where: str) -> Call:
        call = self._object(data, where, ("tool", "input"))
        tool = call.get("tool")
        if "tool" not in call:
            self._fail(where, '"tool" is missing')
        if not isinstance(tool, str) or not tool:
            self._fail(where, f'"tool" must be a name, not {_kind(tool)}')
        value = call.get("input", {})
        if not isinstance(value, dict):
            self._fail(where, f'"input" must be an object, not {_kind(value)}')
        self._check_input(value, f"{where}, input")
        return Call(tool, value)

    def _check_input(self, value: Any, where: str) -> None:
        if isinstance(value, dict):
            self._once(value, where)
            for key, item in value.items():
                self._check_input(item, f"{where}.{key}")
        elif isinstance(value, list):
            for n, item in enumerate(value):
                self._check_input(item, f"{where}[{n}]")

    def _object(self, data: Any, where: str, known: Iterable[str]) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._fail(where, f"must be an object, not {_kind(data)}")
        self._once(data, where)
        known = tuple(known)
        for key in data:
            if key not in known:
                near = get_close_matches(key, known, n=1, cutoff=0.5)
                hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known)}"
                self._fail(where, f"unknown field {json.dumps(key, ensure_ascii=False)}; {hint}")
        return data

    def _list(self, data: Any, where: str) -> list[Any]:
        if not isinstance(data, list):
            self._fail(where, f"must be a list, not {_kind(data)}")
        return data

    def _once(self, data: dict[str, Any], where: str) -> None:
        if isinstance(data, _Repeated):
            self._fail(where, f"field {json.dumps(data.key, ensure_ascii=False)} is given twice")

    def _fail(self, where: str, what: str) -> NoReturn:
        raise ScriptError(f"{self._name}: {where}: {what}")

    def pairs(self, items: list[tuple[str, Any]]) -> dict[str, Any]:
        """Hook of the JSON decoder: notes objects that would silently lose a field."""
        value = dict(items)
        if len(value) == len(items):
            return value
        keys = [key for key, _ in items]
        repeated = _Repeated(value)
        repeated.key = next(key for key in keys if keys.count(key) > 1)
        return repeated

    def constant(self, text: str) -> NoReturn:
        """Hook of the JSON decoder: NaN and the infinities are no JSON, and no API would send them."""
        raise ScriptError(f"{self._name}: {text} is not JSON")


def _shown(value: Any) -> str:
    """A number as it is, anything else by its kind."""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else _kind(value)


def _kind(value: Any) -> str:
    """What a person calls the type of a JSON value."""
    if value is None:
        return "null"
    if value == "":
        return "an empty text"
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return names.get(type(value), "an object")
