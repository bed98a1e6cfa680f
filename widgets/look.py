"""How things look: one icon, one word and one colour for each decision, alert and state.

Every meaning has an icon or a word; colour only repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.content import Content

from supervisor.effects.model import Scope
from supervisor.policy import AlertKind, DecisionKind, Mode
from supervisor.views.run import CallView, Counts
from supervisor.views.vocabulary import Outcome, State

GROUND = "#14171c"
RAISED = "#1b1f27"
LIFTED = "#252b36"
EDGE = "#343c4a"
FAINT = "#667085"
DIM = "#8b95a7"
TEXT = "#c8cfdb"
BRIGHT = "#f1f4f9"
BLUE = "#7aa2f7"
CYAN = "#6fc3df"
GREEN = "#9ad27a"
YELLOW = "#e8c45a"
ORANGE = "#f0975a"
RED = "#f2667a"
VIOLET = "#b490f0"


@dataclass(frozen=True)
class Look:
    """Icon (one cell), word and colour of one meaning."""

    icon: str
    word: str
    color: str
    bold: bool = False

    @property
    def style(self) -> str:
        """As Textual and rich read styles."""
        return f"bold {self.color}" if self.bold else self.color


DECISIONS = {
    DecisionKind.PASS: Look("·", "read", DIM),
    DecisionKind.REAL: Look("●", "real", GREEN, bold=True),
    DecisionKind.SIMULATED: Look("○", "simulated", CYAN),
    DecisionKind.BLOCKED: Look("✗", "blocked", RED),
    DecisionKind.HELD: Look("‖", "held", YELLOW, bold=True),
}
UNDECIDED = Look("!", "undecided", RED, bold=True)

STATES = {
    State.STARTING: Look("◌", "starting", BLUE),
    State.WORKING: Look("▸", "working", GREEN),
    State.IDLE: Look("▫", "idle", BLUE),
    State.WAITING: Look("?", "waiting for you", YELLOW, bold=True),
    State.PAUSED: Look("‖", "paused", RED, bold=True),
    State.ENDED: Look("■", "ended", DIM),
}

MODES = {
    Mode.DRY_RUN: Look("○", "DRY-RUN", CYAN, bold=True),
    Mode.MIXED: Look("◐", "MIXED", VIOLET, bold=True),
    Mode.LIVE: Look("●", "LIVE", GREEN, bold=True),
}

SCOPES = {
    Scope.REMOTE: "other systems",
    Scope.HOST: "this machine, outside the run's folder",
    Scope.WORKSPACE: "the run's folder",
}


@dataclass(frozen=True)
class AlertLook:
    """How an alert shows: its icon and words, text on ground, and what it means for the operator."""

    icon: str
    words: str
    ink: str
    ground: str
    means: str


ALERTS = {
    AlertKind.HOOK_FAILURE: AlertLook(
        "▲", "HOOK FAILURE", "#ffffff", "#b3122c", "A hook did not answer. Nothing gets through."
    ),
    AlertKind.UNSUPERVISED_CALL: AlertLook(
        "!", "UNSUPERVISED CALL", "#1a0b1e", "#e58bf0", "A call ran that the gate never decided."
    ),
    AlertKind.CONTAINMENT_LOST: AlertLook(
        "▒", "CONTAINMENT LOST", "#1f1206", "#f0975a", "A floor that kept the run in is gone."
    ),
    AlertKind.TAMPERING: AlertLook(
        "‡", "TAMPERING", "#ffffff", "#6a3fc4", "A call tried to touch the supervisor itself."
    ),
    AlertKind.DRIFT: AlertLook(
        "Δ", "DRIFT", "#06181f", "#5fb3ce", "The world is no longer what the rehearsal saw."
    ),
    AlertKind.AGENT_FAILURE: AlertLook(
        "×", "AGENT FAILURE", "#f2a3ad", "#33272c", "The agent itself failed."
    ),
    AlertKind.CONFIG_WARNING: AlertLook(
        "i", "CONFIG WARNING", "#e8c45a", "#2c2a20", "The configuration is not what it seems."
    ),
}


def outcome_words(call: CallView) -> str:
    """Decision and outcome of a call in a word or two: `simulated`, `real, failed`."""
    word = DECISIONS[call.decision].word
    if call.outcome is Outcome.REFUSED:
        return f"{word}, refused"
    if call.outcome is Outcome.FAILED:
        return f"{word}, failed"
    return word


def counts_content(counts: Counts, *, words: bool = True, empty: bool = False) -> Content:
    """Counts as `● 2 real  ○ 5 simulated …`; without `words` as `●2 ○5 …`. Zeros only if `empty`."""
    parts: list[tuple[str, str]] = []
    for kind, number in decided(counts):
        if number or empty:
            look = DECISIONS[kind]
            text = f"{look.icon} {number:,} {look.word}" if words else f"{look.icon}{number:,}"
            parts += [("  " if words else " ", ""), (text, look.style if number else FAINT)]
    return Content.assemble(*parts[1:])


def decided(counts: Counts) -> tuple[tuple[DecisionKind, int], ...]:
    """The counts in the order they are always shown in; reads are not among them."""
    return (
        (DecisionKind.REAL, counts.real),
        (DecisionKind.SIMULATED, counts.simulated),
        (DecisionKind.BLOCKED, counts.blocked),
        (DecisionKind.HELD, counts.held),
    )


def duration(seconds: float) -> str:
    """Seconds as `0:07`, `12:31`, `3:04:05` or `2d 3h`."""
    whole = max(0, int(seconds))
    if whole >= 172_800:
        return f"{whole // 86_400}d {whole // 3600 % 24}h"
    hours, minutes, left = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


@lru_cache(maxsize=512)
def style(words: str) -> Style:
    """A parsed style; parsing is slow and the set is small."""
    return Style.parse(words)


def segment(text: str, words: str = "") -> Segment:
    """One styled piece of a line. `text` must be safe already."""
    return Segment(text, style(words) if words else None)


def clip(text: str, width: int) -> str:
    """`text` cut to at most `width` cells, with `…` where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"
