"""Whatever text comes in, a judgement comes out: no crash, no hang."""

from __future__ import annotations

from itertools import islice

from fuzz_shell import inputs

from supervisor.effects.classifier import Classifier
from supervisor.effects.model import Surroundings, ToolCall
from supervisor.effects.profiles import load
from supervisor.places import shipped


def test_random_and_mutated_text_is_always_judged() -> None:
    """A fault of the classifier would show as `engine.fault`; `fuzz_shell.py` runs this by the million."""
    classifier = Classifier(load(shipped("profiles")))
    around = Surroundings(cwd="/w", workspace="/w", home="/home/u")
    for text in islice(inputs(seed=5), 1500):
        judgement = classifier.judge(ToolCall("Bash", {"command": text}), around)
        assert judgement.effects
        assert all(effect.rule != "engine.fault" for effect in judgement.effects), text
