"""Inputs nobody would type: the classifier answers each, soon, and never with a fault of its own."""

from __future__ import annotations

import itertools

from mutations import inputs
from shipped_rules import judge

COUNT = 4000


def test_no_mutated_input_makes_the_classifier_fail() -> None:
    """Thousands of cut, crossed, nested, random inputs: each gets an answer, never by way of an exception."""
    failed = []
    for text in itertools.islice(inputs(20260101), COUNT):
        judgement = judge(text)
        faults = [effect.why for effect in judgement.effects if effect.rule == "engine.fault"]
        if faults or not judgement.effects:
            failed.append((text[:300], faults))
    assert failed == []


def test_the_same_seed_gives_the_same_inputs() -> None:
    """A failing input can be found again by its seed and place."""
    assert list(itertools.islice(inputs(7), 200)) == list(itertools.islice(inputs(7), 200))
