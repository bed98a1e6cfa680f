"""Scripts: what is taken, and how what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import ScriptError
from supervisor.session.script import Call, Turn, fill_cwd, load_script, parse_script


def test_a_script_is_read_as_it_is_written() -> None:
    """Turns, parallel calls, a wait and the parts of subagents arrive in order, with defaults filled in."""
    script = parse_script(
        json.dumps(
            {
                "turns": [
                    {"say": "go", "calls": [{"tool": "Write", "input": {"n": 1}}, {"tool": "ListAgents"}]},
                    {"say": "bye", "wait_s": 0.5},
                ],
                "agents": {"^second": {"turns": []}, "first": {"turns": [{"say": "sub"}]}},
            }
        ),
        "s.json",
    )
    calls = (Call("Write", {"n": 1}), Call("ListAgents", {}))
    assert script.turns == (Turn("go", calls), Turn("bye", (), 0.5))
    assert [part.pattern.pattern for part in script.agents] == ["^second", "first"]
    assert script.agents[1].turns == (Turn("sub", ()),)


def test_the_runs_folder_is_filled_in_anywhere_in_an_input() -> None:
    """`{cwd}` is replaced in nested strings, more than once in one string, and in nothing but strings."""
    given: dict[str, Any] = {"a": "{cwd}/x:{cwd}/y", "b": [{"c": "{cwd}"}, 7, None, True], "{cwd}": "{other}"}
    filled = fill_cwd(given, "/w")
    assert filled == {"a": "/w/x:/w/y", "b": [{"c": "/w"}, 7, None, True], "{cwd}": "{other}"}


TURN = '{"turns": [{"say": "ok"}, %s]}'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"turns": [\n  {"say": "x",}\n]}', "s.json: line 2, column 15: not JSON"),
        ("", "s.json: line 1, column 1: not JSON"),
        ("[]", "s.json: the script: must be an object, not a list"),
        ("{}", 's.json: the script: "turns" is missing'),
        ('{"turn": []}', 's.json: the script: unknown field "turn"; did you mean "turns"?'),
        ('{"turns": {}}', 's.json: "turns": must be a list, not an object'),
        ('{"turns": [], "turns": []}', 's.json: the script: field "turns" is given twice'),
        ('{"turns": [], "agents": []}', 's.json: "agents": must be an object, not a list'),
        ('{"turns": [], "agents": {"(": {"turns": []}}}', 's.json: agent "(": not a regular expression'),
        ('{"turns": [], "agents": {"a": {}}}', 's.json: agent "a": "turns" is missing'),
        ('{"turns": [], "agents": {"a": {"turns": [{}]}}}', 's.json: agent "a", turn 1: neither "say" nor'),
        (TURN % "7", "s.json: turn 2: must be an object, not a number"),
        (TURN % "{}", 's.json: turn 2: neither "say" nor "calls"'),
        (TURN % '{"say": null}', 's.json: turn 2: "say" must be text, not null'),
        (TURN % '{"says": "x"}', 's.json: turn 2: unknown field "says"; did you mean "say"?'),
        (TURN % '{"say": "x", "zzz": 1}', 's.json: turn 2: unknown field "zzz"; known: say, calls'),
        (TURN % '{"calls": {}}', 's.json: turn 2, "calls": must be a list, not an object'),
        (TURN % '{"calls": [{}]}', 's.json: turn 2, call 1: "tool" is missing'),
        (TURN % '{"calls": [{"tool": ""}]}', 's.json: turn 2, call 1: "tool" must be a name, not an empty'),
        (
            TURN % '{"calls": [{"tool": "A", "input": "x"}]}',
            's.json: turn 2, call 1: "input" must be an object',
        ),
        (
            TURN % '{"calls": [{"tool": "A", "inputs": {}}]}',
            'call 1: unknown field "inputs"; did you mean "inp',
        ),
        (TURN % '{"calls": [{"tool": "A", "input": {"a": [{"b": 1, "b": 2}]}}]}', 'input.a[0]: field "b" is'),
        (TURN % '{"calls": [{"tool": "A", "input": {"a": NaN}}]}', "s.json: NaN is not JSON"),
        (
            TURN % '{"say": "x", "wait_s": -1}',
            's.json: turn 2: "wait_s" must be seconds from 0 to 600, not -1',
        ),
        (TURN % '{"say": "x", "wait_s": true}', '"wait_s" must be seconds from 0 to 600, not true or false'),
        ("[" * 100_000, "s.json: nested too deeply"),
    ],
)
def test_a_malformed_script_is_named_by_file_turn_and_field(text: str, complaint: str) -> None:
    """Every way to get it wrong has an error that says where, and what would be right where that is known."""
    with pytest.raises(ScriptError) as error:
        parse_script(text, "s.json")
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "No such file"), (b'{"turns": "\xff"}', "not UTF-8 text (byte 11)")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    """A missing or binary file is an error about that file."""
    path = tmp_path / "play.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScriptError) as error:
        load_script(path)
    assert str(path) in str(error.value)
    assert complaint in str(error.value)
