"""The sanitiser: nothing that a terminal would obey, reorder or hide comes out of it."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.views.safe import BLOCK_LIMIT, many_lines, one_line

_ANY = st.text(st.characters(), max_size=200)  # lone surrogates included
_BAD = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _harmless(text: str) -> bool:
    return all(unicodedata.category(c) not in _BAD for c in text)


@settings(max_examples=200, deadline=None)
@given(_ANY)
def test_no_control_format_or_surrogate_character_survives(text: str) -> None:
    """Whatever goes in, only visible characters (and newlines of a block) come out, and it can be encoded."""
    line = one_line(text)
    block = many_lines(text)
    assert _harmless(line), ascii(line)
    assert _harmless(block.replace("\n", "")), ascii(block)
    (line + block).encode()


def test_every_single_character_is_made_harmless() -> None:
    """All of Unicode, one by one: no category that a terminal obeys or hides is left."""
    left = [
        hex(c)
        for c in range(0x110000)
        if not _harmless(one_line(chr(c))) and unicodedata.category(chr(c)) != "Cn"
    ]
    assert left == []


def test_escape_sequences_are_shown_not_obeyed() -> None:
    """A clipboard write and a colour show as what they are."""
    assert one_line("\x1b]52;c;aGk=\x07\x1b[31mred\x9b0m") == "␛]52;c;aGk=␇␛[31mred⟨U+009B⟩0m"


def test_reordering_and_invisible_characters_are_named() -> None:
    """Bidi overrides, zero-width characters, odd spaces and undecodable bytes are named."""
    assert one_line("a\u202eb\u200bc\u00a0d\udcffe\ud800") == "a⟨RLO⟩b⟨ZWSP⟩c⍽d⟨xFF⟩e⟨U+D800⟩"


def test_piled_up_marks_are_cut() -> None:
    """A pile of combining marks that would paint over other lines is cut; ordinary accents stay."""
    assert one_line("e\u0301") == "e\u0301"
    assert one_line("Z" + "\u0336" * 50) == "Z\u0336\u0336⟨48 more marks⟩"


def test_newlines_of_one_line_are_visible_and_blocks_keep_theirs() -> None:
    """A command of two lines cannot pass for its first line."""
    assert one_line("ls\nrm -rf x\r\nend") == "ls ⏎ rm -rf x ⏎ end"
    assert many_lines("a\r\nb\n\tc\rd") == "a\nb\n    c␍d"


def test_ordinary_text_is_left_alone() -> None:
    """Letters of any language, emoji and brackets come out as they went in."""
    for text in ("", "plain [bold]text[/]", "naïve Straße 日本語 עברית", "✔\ufe0f 🎉"):
        assert one_line(text) == text.replace("\ufe0f", "")


def test_what_is_cut_is_said() -> None:
    """A line of a megabyte and a block of many lines are cut with a note of how much is missing."""
    line = one_line("x" * 1_000_000)
    assert len(line) < 300 and line.endswith("[999,760 more characters]")
    block = many_lines("y" * 1_000_000 + "\n" + "z\n" * 10_000)
    assert "[998,000 more characters]" in block
    assert block.endswith("characters]") and "more lines" in block
    assert len(many_lines("\x1b" * 3_000_000)) < 3_000
    assert len(many_lines("ab\n" * 1_000_000, lines=10**9)) < BLOCK_LIMIT + 100
