"""Diffs in colour: never another text than the diff's."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostile import HOSTILE
from supervisor.views import many_lines
from widgets import look
from widgets.diff_text import diff_content

_NAMES = ("a.py", "b.toml", "c.md", "d.json", "e", "f.sh", "odd.\x1b", "Makefile", "x.html", "y.unknown")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["def f():", "  return 1", "'''", "# x", "", "[a]", "{", "}", "\t"]), max_size=12
    ),
    st.lists(st.sampled_from(["def f():", "  return 2", '"', "# y", "", "[b]", "}"]), max_size=12),
    st.sampled_from(_NAMES),
)
def test_colours_change_no_character(old: list[str], new: list[str], name: str) -> None:
    """Whatever the language and however broken the code, the lines shown are those of the diff."""
    diff = "".join(line + "\n" for line in difflib.unified_diff(old, new, "a", "b", lineterm=""))
    shown = diff_content(diff, name).plain.split("\n")
    lines = many_lines(diff).split("\n")
    body = [line for line in lines if line not in ("--- a", "+++ b")] if "@@" in diff else lines
    expected = [
        line if line.startswith("@@") or line[:1] not in ("+", "-", " ") else f"{line[0]} {line[1:]}"
        for line in body
    ]
    assert shown == (expected if "@@" in diff else lines)


@pytest.mark.parametrize("bad", sorted(HOSTILE))
def test_hostile_text_in_a_diff_is_made_safe(bad: str) -> None:
    """A changed file holds whatever it holds: nothing a terminal would obey comes out."""
    diff = f"--- a\n+++ b\n@@ -1 +1 @@\n-{HOSTILE[bad]}\n+{HOSTILE[bad]}\n"
    plain = diff_content(diff, HOSTILE[bad][:100]).plain
    assert plain == many_lines(plain, lines=10**6, line_limit=10**7, limit=10**8)


def test_code_has_syntax_colours() -> None:
    """A keyword of a known language is not drawn like a name."""
    diff = "--- a/x.py\n+++ b/x.py\n@@ -0,0 +1,2 @@\n+import csv\n+\n"
    styles = {span.style for span in diff_content(diff, "x.py").spans}
    assert look.VIOLET in styles
