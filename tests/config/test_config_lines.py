"""Where a key stands, in every form TOML has for keys and values."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.config.lines import key_lines, line_of

DOCUMENT = (
    r'''# mode = "comment"
mode = "live" # [policy]
text = """
[gate]
deadline_s = 3 ""\"
"""
raw = '''.lstrip("\n")
    + "'''\n[mcp]\n"
    + r"""trusted = ['x']''''
dotted . "key with = and ]" . 'c' = 1
when = 1979-05-27 07:32:00Z

[ policy ] # block = []
block = [ # first
  "a#b", # c
  '''
  ]''', "]",
  { x = 1, "y.z" = [ 2,
    3 ] },
]

[targets]
"d1://*" = "live"
's3://"x"' = "live"
"\u00e9\t" = "live"

[[reads]]
tool = "Bash"
command = "a\"\n[gate]\ndeadline_s = 9"

[[reads]]
tool = "X"
[reads.more]
deep = 1
[gate]
deadline_s = 1_0.5e1
"""
)


def test_every_form_of_key_has_its_line() -> None:
    """Comments, four kinds of strings, dotted and quoted keys, arrays, inline tables, arrays of tables."""
    tomllib.loads(DOCUMENT)
    lines = key_lines(DOCUMENT)
    text = DOCUMENT.split("\n")

    def said(*path: str | int) -> str:
        return text[line_of(lines, path) - 1].strip()

    assert said("mode").startswith('mode = "live"')
    assert said("text") == 'text = """'
    assert said("raw") == "raw = '''"
    assert said("dotted", "key with = and ]", "c").startswith("dotted")
    assert said("when").startswith("when")
    assert said("policy").startswith("[ policy ]")
    assert said("policy", "block").startswith("block = [ # first")
    assert said("policy", "block", 0) == '"a#b", # c'
    assert said("policy", "block", 2).endswith('"]",')
    assert said("policy", "block", 3, "x").startswith("{ x")
    assert said("policy", "block", 3, "y.z", 1) == "3 ] },"
    assert said("targets", "d1://*").startswith('"d1')
    assert said("targets", 's3://"x"').startswith("'s3")
    assert said("targets", "é\t").startswith('"\\u00e9')
    assert said("reads", 0, "command").startswith("command")
    assert said("reads", 1, "tool") == 'tool = "X"'
    assert said("reads", 1, "more", "deep") == "deep = 1"
    assert said("gate") == "[gate]"
    assert said("gate", "deadline_s").startswith("deadline_s = 1_0")


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    """A missing key is reported at its table, and an empty file at its first line."""
    assert line_of(key_lines("a = 1\n[t]\nb = 2\n"), ("t", "c", "d")) == 2
    assert line_of(key_lines(""), ("t",)) == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_count_the_same_with_either_line_ending(ending: str) -> None:
    """A file written on Windows has the same lines."""
    lines = key_lines(ending.join(["a = 1", "", "[t]", "b = [", "1,", "]", "c = ''"]))
    assert lines[("t", "b", 0)] == 5
    assert lines[("t", "c")] == 7


_names = st.text(max_size=8)
_leaves = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=12))
_values: st.SearchStrategy[Any] = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)


def _paths(value: object, above: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found = {above} if above else set()
    if isinstance(value, dict):
        for key, below in value.items():
            found |= _paths(below, (*above, key))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            found |= _paths(below, (*above, at))
    return found


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_names, _values, max_size=4), st.booleans())
def test_every_key_of_any_document_is_found_and_nothing_else(
    document: dict[str, Any], multiline: bool
) -> None:
    """Against tomllib's own reading of random documents, one-line and multi-line strings alike."""
    try:
        text = tomli_w.dumps(document, multiline_strings=multiline)
        read = tomllib.loads(text)
    except (ValueError, tomllib.TOMLDecodeError):
        return
    assert set(key_lines(text)) == _paths(read)
