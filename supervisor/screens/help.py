"""Help: every verb of the screen below, its key, and why it cannot be used now."""

from __future__ import annotations

from textual.content import Content

from supervisor.policy import DecisionKind
from supervisor.screens.paper import PaperScreen
from supervisor.screens.verbs import Situation, Verb
from widgets import look

Signs = tuple[tuple[str, str, str, str], ...]
"""Icon, word, style and meaning of what a screen marks things with."""

_MEANS = {
    DecisionKind.REAL: "it ran for real",
    DecisionKind.SIMULATED: "nothing outside changed; the agent was told so",
    DecisionKind.BLOCKED: "it was not let through",
    DecisionKind.HELD: "it waits for you",
    DecisionKind.PASS: "a read; it ran",
}

DECISIONS: Signs = tuple(
    (look.DECISIONS[kind].icon, look.DECISIONS[kind].word, look.DECISIONS[kind].style, means)
    for kind, means in _MEANS.items()
)


class HelpScreen(PaperScreen):
    """Keys and signs."""

    def __init__(self, table: tuple[Verb, ...], now: Situation, signs: Signs) -> None:
        super().__init__("help", Content("\n").join([*_keys(table, now), Content(""), *_lines(signs)]))


def _keys(table: tuple[Verb, ...], now: Situation) -> list[Content]:
    lines: list[Content] = []
    for each in table:
        why_not = each.why_not(now)
        ink = look.DIM if why_not else look.TEXT
        key = (f"{each.shown:>6}  ", f"bold {look.FAINT if why_not else look.BLUE}")
        lines.append(Content.assemble(key, (each.sentence, ink)))
        if why_not:
            lines.append(Content.styled(f"        not now: {why_not}", look.FAINT))
    lines.append(Content.styled("    ↑ ↓  Move; ← → close and open groups; enter opens.", look.DIM))
    return lines


def _lines(signs: Signs) -> list[Content]:
    return [
        Content.assemble((f"     {icon}  {word:<12}", style), (means, look.DIM))
        for icon, word, style, means in signs
    ]
