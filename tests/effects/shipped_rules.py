"""The shipped rule packs as the tests of effects use them: one classifier, and where its calls happen."""

from __future__ import annotations

from functools import lru_cache

from supervisor.effects.classifier import Classifier
from supervisor.effects.model import EffectKind, Files, Judgement, Surroundings, ToolCall
from supervisor.effects.profiles import load
from supervisor.places import shipped

HOME = "/home/user"
WORKSPACE = "/home/user/work"


@lru_cache(maxsize=1)
def classifier() -> Classifier:
    """The classifier under the shipped packs."""
    return Classifier(load(shipped("profiles")))


def judge(command: str, *, cwd: str = WORKSPACE, files: Files | None = None) -> Judgement:
    """What `command` would do, given to the Bash tool in `cwd`."""
    around = Surroundings(cwd=cwd, workspace=WORKSPACE, home=HOME, files=files)
    return classifier().judge(ToolCall("Bash", {"command": command}), around)


def is_read(judgement: Judgement) -> bool:
    """Whether policy would let the call run for real."""
    return judgement.effect is EffectKind.READ and not any(effect.writes for effect in judgement.effects)
