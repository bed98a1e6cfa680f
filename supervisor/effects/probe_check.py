"""Whether the probe of a rule only reads, under the very rules it stands in: rehearsals run it for real."""

from __future__ import annotations

import shlex

from supervisor.effects.classifier import Classifier
from supervisor.effects.foresight import sample
from supervisor.effects.model import EffectKind, Surroundings, ToolCall
from supervisor.effects.rules import Rule, RuleBook

_NOWHERE = Surroundings(cwd="/x", workspace="/x", home="/x")


def more_than_a_read(book: RuleBook, rule: Rule) -> str:
    """What the probe of `rule` does beyond reading, in words for the pack's author; empty if nothing."""
    command = shlex.join(sample(rule))
    for effect in Classifier(book).judge(ToolCall("Bash", {"command": command}), _NOWHERE).effects:
        if effect.consumes:
            return f"must only read, but `{command}` takes something away: {effect.why}"
        if effect.kind is not EffectKind.READ:
            return f"must only read, but `{command}` is judged {effect.kind.value}: {effect.why}"
    return ""
