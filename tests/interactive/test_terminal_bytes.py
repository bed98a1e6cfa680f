"""The small pure parts of the way between a person's terminal and the agent's."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.gate.question import Question, answers, asked, questions
from supervisor.session.attach import detach_key
from supervisor.session.draft import drafted
from supervisor.session.modes import Modes
from supervisor.session.pty import plain

STARTED = b"\x1b[?1049h\x1b[?2004h\x1b[?1000;1006h\x1b[>5u\x1b[>4;2m\x1b[?25l"


@given(cuts=st.lists(st.integers(0, len(STARTED)), max_size=6))
def test_modes_are_remembered_however_the_output_is_cut(cuts: list[int]) -> None:
    """A screen that joins later gets them all, but not the other screen, which is its own affair."""
    modes, edges = Modes(), sorted({0, len(STARTED), *cuts})
    for start, end in itertools.pairwise(edges):
        modes.see(STARTED[start:end])
    expected = b"\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[?25l\x1b[>5u\x1b[>4;2m"
    assert modes.replay() == expected
    modes.see(b"\x1b[?2004l\x1b[?1000l\x1b[?1006l\x1b[?25h\x1b[<u\x1b[>4m")
    assert b"h" not in modes.replay().replace(b"\x1b[?25h", b"") and b"u" not in modes.replay()


@pytest.mark.parametrize(
    "keys", [b"\x1c", b"\x1b[92;5u", b"\x1b[92;133u", b"\x1b[92::47;5:1u", b"\x1b[27;5;92~"]
)
def test_the_way_back_is_known_in_every_keyboard_protocol(keys: bytes) -> None:
    """Terminals write Ctrl-\\ differently once a program has asked them to."""
    found = detach_key("ctrl+\\").search(b"typed before" + keys + b"typed after")
    assert found is not None and found.start() == len(b"typed before")


@pytest.mark.parametrize(("name", "control"), [("ctrl+]", b"\x1d"), ("ctrl+_", b"\x1f"), ("ctrl+g", b"\x07")])
def test_the_way_back_is_the_key_that_the_configuration_names(name: str, control: bytes) -> None:
    """And no other."""
    assert detach_key(name).search(control) and not detach_key(name).search(b"\x1c")


@pytest.mark.parametrize("keys", [b"\\", b"\x1b[92u", b"\x1b[92;2u", b"\x1b[92;5:3u", b"\x1b[27;5;93~"])
def test_other_keys_do_not_lead_back(keys: bytes) -> None:
    """A backslash, a released key, another key with Ctrl."""
    assert detach_key("ctrl+\\").search(keys) is None


@pytest.mark.parametrize(
    ("keys", "before", "stands"),
    [
        (b"abc", False, True),
        (b"abc\r", False, False),
        (b"one\rtwo", False, True),
        (b"\x1b[200~a\rb\x1b[201~", False, True),
        (b"a\\\r", False, True),
        (b"\x1b[<0;3;4M\x1b[I\x1b[A\x1bOB", False, False),
        (b"\x1b[?64;1;2c\x1bP>|a terminal\x1b\\", False, False),
        (b"\x1b[A", True, True),
        (b"\x03", True, False),
    ],
)
def test_a_draft_is_text_that_was_not_sent(keys: bytes, before: bool, stands: bool) -> None:
    """Special keys and a terminal's own reports are none; return and Ctrl-C end one."""
    assert drafted(keys, before) is stands


@given(st.text())
def test_a_message_carries_no_control_code(text: str) -> None:
    """Whatever comes in, only newlines and tabs remain of what a terminal would act on."""
    assert not any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in plain(text))


def test_answers_are_numbers_labels_or_words() -> None:
    """For one question, for several, for several options, and for questions that are none."""
    colour, size = Question("Which colour?", ("Red", "Blue")), Question("How big?", ("Small", "Big"))
    assert answers((colour,), "2") == {"Which colour?": "Blue"}
    assert answers((colour,), "1, 2") == {"Which colour?": "Red, Blue"}
    assert answers((colour,), "3; neither") == {"Which colour?": "3; neither"}
    assert answers((colour, size), "1; huge") == {"Which colour?": "Red", "How big?": "huge"}
    assert answers((colour, size), "1") == {"Which colour?": "Red", "How big?": "Small"}
    assert "Which colour? 1 Red, 2 Blue" in asked((colour,)) and "semicolons" in asked((colour, size))
    assert questions({"questions": "no"}) == questions({}) == ()
