"""The head of a run: what it is, how it stands, and whether the gate is alive."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from supervisor.policy import DecisionKind
from supervisor.views.run import GateHealth, RunView
from supervisor.views.safe import one_line
from supervisor.views.vocabulary import Ending, State
from widgets import look

_GATE = {
    GateHealth.UNPROVEN: ("◌", "not proven yet", look.YELLOW),
    GateHealth.ALIVE: ("✓", "alive", look.GREEN),
    GateHealth.FAILED: ("▲", "FAILED", f"bold {look.RED}"),
    GateHealth.CLOSED: ("■", "closed", look.DIM),
}

Piece = tuple[str, str]


class RunHeader(Widget):
    """Three lines: name and flags; the task; counts, gate, time and cost. Feed it views and the time."""

    DEFAULT_CSS = f"""
    RunHeader {{ height: 3; background: {look.RAISED}; }}
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view = RunView("")
        self._now = 0.0
        self._gone = False

    def show(self, view: RunView, now: float, *, runner_gone: bool = False) -> None:
        """Show `view` as of `now` (seconds since the epoch). `runner_gone`: nobody answers for a live run."""
        self._view, self._now, self._gone = view, now, runner_gone
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Always three lines."""
        return 3

    def render_line(self, y: int) -> Strip:
        """One of the three lines."""
        width = self.size.width
        view = self._view
        lines = (self._first, self._second, self._third)
        left, right = lines[y](view) if y < 3 else ([], [])
        return _spread(left, right, width)

    def _first(self, view: RunView) -> tuple[list[Piece], list[Piece]]:
        mode = look.MODES[view.mode]
        left = [
            (f" {one_line(view.name, 40) or 'new run'} ", f"bold {look.BRIGHT}"),
            (f" {mode.icon} {mode.word} ", f"bold {look.GROUND} on {mode.color}"),
        ]
        if view.dry:
            left.append((f"  ○ dry since #{view.dry_since}", look.CYAN))
        elif view.started:
            left.append(("  no simulated write yet", look.DIM))
        if view.diverged_at:
            left.append((f"  ≠ {view.fidelity}", look.ORANGE))
        elif view.started:
            left.append(("  fidelity exact", look.DIM))
        return left, self._state(view)

    def _state(self, view: RunView) -> list[Piece]:
        state = look.STATES[view.state]
        if self._gone and view.live and view.started:
            return [("! runner gone ", f"bold {look.RED}")]
        if view.state is State.ENDED and view.ending is not None:
            good = view.ending is Ending.COMPLETED
            color = look.GREEN if good else look.DIM if view.ending is Ending.STOPPED else look.RED
            return [(f"{state.icon} ended: {view.ending.value} ", color)]
        return [(f"{state.icon} {state.word} ", state.style)]

    def _second(self, view: RunView) -> tuple[list[Piece], list[Piece]]:
        task = one_line(view.task, 400)
        missing = view.floors_missing
        if not missing:
            return [(" " + task, look.TEXT)], []
        words = f"  ▒ floor{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing "
        return [(" " + task, look.TEXT)], [(words, f"bold {look.ORANGE}")]

    def _third(self, view: RunView) -> tuple[list[Piece], list[Piece]]:
        left: list[Piece] = [(" ", "")]
        narrow = self.size.width < 100
        for kind, number in look.decided(view.counts):
            each = look.DECISIONS[kind]
            left.append((f"{each.icon} {number:,} {each.word}  ", each.style if number else look.FAINT))
        reads = look.DECISIONS[DecisionKind.PASS]
        if not narrow:
            left.append((f"{reads.icon} {view.counts.reads:,} reads", look.DIM))
        icon, word, style = _GATE[view.gate]
        if self._gone and view.live and view.started:
            icon, word, style = "▲", "gone", f"bold {look.RED}"
        right: list[Piece] = [(f"gate {icon} {word}", style)]
        if view.gate is GateHealth.ALIVE and view.gate_ms and not narrow:
            right.append((f" {view.gate_ms:.1f} ms", look.DIM))
        right.append((f"  {look.duration(view.elapsed_s(self._now))}", look.TEXT))
        if view.cost_usd:
            right.append((f"  ${view.cost_usd:.2f}", look.DIM))
        right.append((" ", ""))
        return left, right


def _spread(left: list[Piece], right: list[Piece], width: int) -> Strip:
    """Left pieces and right pieces on one line; the left ones give way."""
    room = width - sum(cell_len(text) for text, _ in right)
    segments: list[Segment] = []
    for text, style in left:
        text = look.clip(text, room)
        segments.append(look.segment(text, style))
        room -= cell_len(text)
    segments.append(Segment(" " * max(0, room)))
    segments += [look.segment(text, style) for text, style in right]
    ground = look.style(f"on {look.RAISED}")
    return Strip(segments).adjust_cell_length(width).apply_style(ground)
