"""The classifier against opinions that are not ours: commands labelled by others."""

from __future__ import annotations

import pytest
from labelled_commands import BESIDE, SAMPLE, Dispute, Labelled, commands, disputes, effects, score
from shipped_rules import is_read, judge

ROWS = commands(BESIDE)
EFFECTS = effects(BESIDE)


def read(row: Labelled) -> bool:
    """Whether the shipped packs call it a read."""
    return is_read(judge(row.command))


@pytest.fixture(scope="module")
def reads() -> list[bool]:
    """The answer for each of `ROWS`."""
    return [read(row) for row in ROWS]


def undisputed_reads(rows: list[Labelled], answers: list[bool]) -> list[str]:
    """The commands judged reads against their label, without an argument of ours."""
    argued = {(dispute.command, dispute.label) for dispute in disputes()}
    return [
        f"{row.label}: {row.command}"
        for row, answer in zip(rows, answers, strict=True)
        if answer and not row.safe and (row.command, row.label) not in argued
    ]


def test_of_the_commands_a_person_should_see_at_most_one_in_two_hundred_is_judged_read(
    reads: list[bool],
) -> None:
    """What is labelled `ask` runs for real in at most 0.5 % of the cases, argued labels aside."""
    asks = score(ROWS, reads, safe=False)
    assert asks.undisputed_percent <= 0.5, undisputed_reads(ROWS, reads)


def test_at_most_one_label_in_fifty_is_argued_against(reads: list[bool]) -> None:
    """The figure above is not made by arguing: disputes are at most 2 % of the `ask` labels."""
    asks = score(ROWS, reads, safe=False)
    assert asks.disputed <= 0.02 * asks.total


def test_of_the_commands_that_only_read_85_percent_are_judged_read(reads: list[bool]) -> None:
    """A needless write costs the rehearsal its truth."""
    assert score(ROWS, reads, safe=True).percent >= 85


def test_effects_labelled_readonly_are_judged_read_in_90_percent() -> None:
    """The second set: everyday commands with the kind of their effect."""
    assert score(EFFECTS, [read(row) for row in EFFECTS], safe=True).percent >= 90


def test_no_command_with_a_known_effect_is_judged_read() -> None:
    """Nothing labelled dangerous, local or external runs as a read, but for labels argued against."""
    known = [row for row in EFFECTS if row.label != "UNKNOWN"]
    assert not undisputed_reads(known, [read(row) for row in known])


@pytest.mark.parametrize("dispute", disputes(), ids=lambda dispute: dispute.command)
def test_every_dispute_is_about_a_command_judged_read_and_says_why(dispute: Dispute) -> None:
    """No entry outlives its reason: the command is judged read, and the argument is a sentence."""
    assert is_read(judge(dispute.command))
    assert dispute.label in ("ask", "LOCAL_EFFECTS", "EXTERNAL_EFFECTS", "DANGEROUS", "UNKNOWN")
    assert len(dispute.argument.split()) > 4


def test_the_sample_that_stands_in_for_the_big_sets_holds_both_labels() -> None:
    """A clone without the big sets beside it is still measured, by commands of our own."""
    sample = commands(SAMPLE.parent / "nowhere")
    assert {row.label for row in sample} == {"safe", "ask"}
    answers = [read(row) for row in sample]
    assert not undisputed_reads(sample, answers)
    assert score(sample, answers, safe=True).percent >= 85
