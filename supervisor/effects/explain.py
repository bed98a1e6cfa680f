"""A judgement for a person and for scripts: a small tree of sub-commands, and plain data."""

from __future__ import annotations

from typing import Any

import msgspec

from supervisor.effects.model import Effect, Judgement, ToolCall


class Part(msgspec.Struct, frozen=True):
    """One sub-command: its source text (empty for a call that is one thing) and its effects in order."""

    source: str
    effects: tuple[Effect, ...]

    @property
    def worst(self) -> Effect:
        """The effect that decides how the part is labelled."""
        return max(self.effects, key=lambda effect: effect.weight)


def parts(judgement: Judgement) -> tuple[Part, ...]:
    """The sub-commands of a call in the order in which they first have an effect."""
    found: dict[str, list[Effect]] = {}
    for effect in judgement.effects:
        found.setdefault(effect.part, []).append(effect)
    return tuple(Part(source, tuple(effects)) for source, effects in found.items())


def as_data(judgement: Judgement, decision: str, *, tree: bool = False) -> dict[str, Any]:
    """`{"effect", "scope", "targets", "decision", "rule", "why"}` of a call, ready for JSON.

    Args:
        decision: what the gate would decide.
        tree: add `parts`: a list of `{"part", "effect", "effects": [...]}`, one for each sub-command.
    """
    worst = judgement.worst
    data: dict[str, Any] = {
        "effect": judgement.effect.value,
        "scope": judgement.scope.value,
        "targets": list(judgement.targets),
        "decision": decision,
        "rule": worst.rule,
        "why": worst.why,
    }
    if tree:
        data["parts"] = [
            {
                "part": part.source,
                "effect": part.worst.kind.value,
                "effects": [_effect(effect) for effect in part.effects],
            }
            for part in parts(judgement)
        ]
    return data


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "effect": effect.kind.value,
        "scope": effect.scope.value,
        "target": effect.target,
        "consumes": effect.consumes,
        "rule": effect.rule,
        "why": effect.why,
    }


def as_text(call: ToolCall, judgement: Judgement, decision: str) -> str:
    """A tree for a terminal: each sub-command, its effects, targets, rules and reasons."""
    lines = [f"{call.name}: {judgement.effect} ({judgement.scope}) -> {decision}"]
    found = parts(judgement)
    single = len(found) == 1 and not found[0].source
    for index, part in enumerate(found):
        last = index == len(found) - 1
        branch, trunk = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if single:
            branch = trunk = ""
        else:
            lines.append(
                f"{branch}{part.worst.kind.value:<7}  {_one_line(part.source) or '(the whole call)'}"
            )
        for number, effect in enumerate(part.effects):
            twig = "└─ " if number == len(part.effects) - 1 else "├─ "
            kind = f"{effect.kind.value}, consumes" if effect.consumes else effect.kind.value
            lines.append(f"{trunk}{twig}{kind} {effect.scope.value} {effect.target}")
            lines.append(f"{trunk}{'   ' if twig == '└─ ' else '│  '}{effect.rule}: {effect.why}")
    lines.append(f"rules {judgement.profile}")
    return "\n".join(_one_line(line) for line in lines)


def _one_line(text: str) -> str:
    """`text` without what could end a line or steer a terminal."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= 200 else shown[:199] + "…"
