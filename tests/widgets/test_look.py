"""Meaning never rests on colour alone."""

from __future__ import annotations

from rich.cells import cell_len

from supervisor.journal.events import State
from supervisor.policy import AlertKind, DecisionKind, Mode
from widgets import look


def test_every_meaning_has_an_icon_of_one_cell_and_a_word_of_its_own() -> None:
    """Decisions, states, modes and alerts can be told apart without colour."""
    for looks in (list(look.DECISIONS.values()), list(look.STATES.values()), list(look.MODES.values())):
        assert len({each.icon for each in looks}) == len(looks) == len({each.word for each in looks})
        assert all(cell_len(each.icon) == 1 and each.word for each in looks)
    assert set(look.DECISIONS) == set(DecisionKind)
    assert set(look.STATES) == set(State)
    assert set(look.MODES) == set(Mode)


def test_every_kind_of_alert_looks_different() -> None:
    """Icon, words and ground of each kind are its own; the words name the kind."""
    assert set(look.ALERTS) == set(AlertKind)
    alerts = list(look.ALERTS.values())
    for seen in ({a.icon for a in alerts}, {a.words for a in alerts}, {a.ground for a in alerts}):
        assert len(seen) == len(alerts)
    assert all(alert.words == kind.value.upper() for kind, alert in look.ALERTS.items())


def test_durations_read_as_people_say_them() -> None:
    """Minutes, hours and days."""
    assert [look.duration(s) for s in (-1, 7, 751, 11_045, 200_000)] == [
        "0:00",
        "0:07",
        "12:31",
        "3:04:05",
        "2d 7h",
    ]


def test_what_is_clipped_says_so_and_fits() -> None:
    """Wide characters count as two cells."""
    assert look.clip("日本語", 6) == "日本語"
    assert look.clip("日本語テキスト", 6).endswith("…")
    assert cell_len(look.clip("日本語テキスト", 6)) <= 6
    assert look.clip("abc", 0) == ""
