"""The live tree of writes: what the agent did or would have done, grouped by where."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from supervisor.policy import DecisionKind
from supervisor.views.run import CallView, RunView, UndecidedCall
from supervisor.views.safe import one_line
from supervisor.views.targets import place_target
from supervisor.views.titles import call_title, tool_name
from supervisor.views.vocabulary import Outcome
from widgets import look
from widgets.row_list import RowList, bar
from widgets.write_rows import READS, UNDECIDED, GroupKey, Row, RowKind, WriteRows


@dataclass(frozen=True)
class Spot:
    """What the cursor rests on: a call, an undecided call, or (with neither) a group."""

    key: GroupKey
    call: CallView | None = None
    undecided: UndecidedCall | None = None


class WriteTree(RowList):
    """Groups of calls with counts, newest followed until the operator looks elsewhere.

    Feed it views; it says where the operator looks.
    """

    DEFAULT_CSS = """
    WriteTree { min-width: 30; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "fold", "close the group", show=False),
        Binding("right,l", "unfold", "open the group", show=False),
        Binding("space", "toggle_group", "open or close", show=False),
    ]

    empty = ("No write yet.", "What the agent changes, or would change, shows here.")

    class Looked(Message):
        """Another call is under the cursor, or the same one has changed."""

        def __init__(self, tree: WriteTree, spot: Spot) -> None:
            super().__init__()
            self.tree = tree
            self.spot = spot

        @property
        def control(self) -> WriteTree:
            """The tree it happened in."""
            return self.tree

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._folded: frozenset[GroupKey] = frozenset({READS})
        self._rows = WriteRows(RunView(""), self._folded)
        self.following = True

    @property
    def reads_shown(self) -> bool:
        """Whether the reads are unfolded."""
        return READS not in self._folded

    def show(self, view: RunView) -> None:
        """Show `view`. The cursor stays on what it was on, or follows the newest write."""
        before = self._current()
        newest = self._rows.newest
        self._rows = WriteRows(view, self._folded)
        self.rows_changed()
        if self.following and (self._rows.newest != newest or before is None):
            self._follow()
        elif before is not None:
            n = None if before.kind is RowKind.GROUP else before.n
            at = self._rows.find(before.key, n)
            if at is None or (n is not None and self._rows.row(at).kind is RowKind.GROUP):
                at = self._rows.find_call(before.n) if n is not None else at  # a verdict may have moved it
            if at is not None and at != self.cursor:
                self.place(at)
        elif self._rows.count:
            self.go(0, 1)
        self._tell()

    def follow(self) -> None:
        """Go to the newest write and stay with the newest."""
        self.following = True
        self._follow()
        self._tell()

    def look_at(self, n: int) -> None:
        """Put the cursor on call `n`, if it is a write."""
        at = self._rows.find_call(n)
        if at is not None:
            self.following = False
            self.place(at)
            self._tell()

    def toggle_reads(self) -> None:
        """Unfold the reads, or fold them away."""
        self._set_open(READS, not self.reads_shown)
        if self.reads_shown:
            at = self._rows.find(READS)
            if at is not None:
                self.following = False
                self.place(at)
                self._tell()

    @property
    def spot(self) -> Spot | None:
        """What the cursor rests on."""
        row = self._current()
        if row is None:
            return None
        if row.kind is RowKind.CALL:
            return Spot(row.key, call=self._rows.view.call(row.n))
        if row.kind is RowKind.UNDECIDED:
            return Spot(row.key, undecided=self._rows.view.undecided[row.n])
        return Spot(row.key)

    def _current(self) -> Row | None:
        return self._rows.row(self.cursor) if self.cursor < self._rows.count else None

    def _tell(self) -> None:
        spot = self.spot
        if spot is not None:
            self.post_message(self.Looked(self, spot))

    def _follow(self) -> None:
        at = self._rows.find_call(self._rows.newest)
        if at is not None:
            self.place(at)

    def _set_open(self, key: GroupKey, is_open: bool) -> None:
        self._folded = self._folded - {key} if is_open else self._folded | {key}
        self._rows = WriteRows(self._rows.view, self._folded)
        self.rows_changed()
        at = self._rows.find(key)
        if at is not None and not is_open:
            self.place(at)

    def on_row_list_moved(self) -> None:
        """The operator looks around: stop following, unless on the newest."""
        spot = self.spot
        newest = self._rows.newest
        self.following = spot is not None and spot.call is not None and spot.call.n == newest
        self._tell()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Opening a group folds it; opening a call is for whoever listens."""
        row = self._current()
        if row is not None and row.kind is RowKind.GROUP:
            event.stop()
            self._set_open(row.key, not row.open)

    def action_fold(self) -> None:
        """Close the group under the cursor, or the one its call is in."""
        row = self._current()
        if row is not None and row.kind is not RowKind.SCOPE:
            self._set_open(row.key, False)
            self.on_row_list_moved()

    def action_unfold(self) -> None:
        """Open the group under the cursor."""
        row = self._current()
        if row is not None and row.kind is RowKind.GROUP:
            self._set_open(row.key, True)

    def action_toggle_group(self) -> None:
        """Open or close the group under the cursor."""
        row = self._current()
        if row is not None and row.kind is RowKind.GROUP:
            self._set_open(row.key, not row.open)

    def row_count(self) -> int:
        """How many rows there are."""
        return self._rows.count

    def selectable(self, index: int) -> bool:
        """Headings are passed over."""
        return self._rows.row(index).kind is not RowKind.SCOPE

    def row_token(self, index: int) -> Hashable:
        """A row changes with its counts, or with the decision and outcome of its call."""
        row = self._rows.row(index)
        if row.kind is not RowKind.CALL:
            return (
                (row.kind, row.key, row.counts, row.open, row.n)
                if row.kind is not RowKind.UNDECIDED
                else None
            )
        call = self._rows.view.call(row.n)
        return None if call is None else (row.key, row.n, call.decision, call.outcome, self._rows.view.run_id)

    def row_strip(self, index: int, width: int, ground: str, current: bool) -> Strip:
        """One row."""
        row = self._rows.row(index)
        if row.kind is RowKind.SCOPE and row.scope is not None:
            return _heading(look.SCOPES[row.scope], width)
        mark = bar(current, self.has_focus)
        if row.kind is RowKind.GROUP:
            return _group(row, mark, width)
        if row.kind is RowKind.UNDECIDED:
            call = self._rows.view.undecided[row.n]
            words = call.outcome.value
            return _line(mark, look.UNDECIDED, "", tool_name(call.tool), call.tool_use_id, words, width)
        found = self._rows.view.call(row.n)
        if found is None:
            return Strip([look.segment(f" #{row.n}")])
        return self._call(row, found, mark, width)

    def _call(self, row: Row, call: CallView, mark: tuple[str, str], width: int) -> Strip:
        tool = tool_name(call.tool)
        title = ""
        if row.key not in (READS, UNDECIDED):
            title = self._within(row.key[1], call)
        if row.scope is not None and "mcp" in row.key[1][:6]:
            tool, title = (title or tool), call_title(call, self._rows.view.cwd)
        title = title or call_title(call, self._rows.view.cwd)
        number = f"#{call.n}{' ↳' if call.agent_id else ''}"
        return _line(
            mark, look.DECISIONS[call.decision], number, tool, title, look.outcome_words(call), width,
            strong=call.outcome in (Outcome.FAILED, Outcome.REFUSED),
            quiet=call.decision is DecisionKind.PASS,
        )  # fmt: skip

    def _within(self, group: str, call: CallView) -> str:
        """What of a call concerns this group: its leaf there, or of a command the part that touches it."""
        places = [(place_target(e.target, e.scope, self._rows.view.cwd), e) for e in call.effects]
        command = "command" in call.input
        if command and len({name for (name, _), _ in places}) == 1:
            return ""
        for (name, leaf), effect in places:
            if name == group and (text := effect.part if command else leaf):
                return one_line(text)
        return ""


def _heading(words: str, width: int) -> Strip:
    text = look.clip(f" {words} ", width)
    line = "─" * max(0, width - cell_len(text) - 1)
    return Strip([look.segment(text, look.DIM), look.segment(line, look.EDGE)])


def _group(row: Row, mark: tuple[str, str], width: int) -> Strip:
    arrow = "▾" if row.open else "▸"
    if row.key == READS:
        pieces = [look.segment(f" {look.DECISIONS[DecisionKind.PASS].icon} {row.n:,} passed ", look.DIM)]
    elif row.key == UNDECIDED:
        pieces = [look.segment(f" {look.UNDECIDED.icon} {row.n:,} ", look.UNDECIDED.style)]
    else:
        pieces = [
            look.segment(f" {look.DECISIONS[kind].icon} {number:,}", look.DECISIONS[kind].style)
            for kind, number in look.decided(row.counts)
            if number
        ]
    taken = sum(piece.cell_length for piece in pieces)
    name = look.clip(one_line(row.name), width - taken - 4)
    style = look.UNDECIDED.style if row.key == UNDECIDED else f"bold {look.TEXT}"
    gap = " " * max(0, width - taken - cell_len(name) - 4)
    return Strip(
        [
            look.segment(*mark),
            look.segment(f"{arrow} ", look.DIM),
            look.segment(name, style),
            Segment(gap),
            *pieces,
            Segment(" "),
        ]
    )


def _line(
    mark: tuple[str, str],
    sort: look.Look,
    number: str,
    tool: str,
    title: str,
    words: str,
    width: int,
    *,
    strong: bool = False,
    quiet: bool = False,
) -> Strip:
    """`  ○ #12 Write invoices/a.csv        simulated`: icon, number, tool, title, decision and outcome."""
    head = f"{number} " if number else ""
    tool = look.clip(tool, 22)
    room = width - 4 - cell_len(head) - cell_len(tool) - 1 - cell_len(words) - 2
    shown = look.clip(title, room)
    gap = " " * max(1, room - cell_len(shown) + 1)
    ink = look.DIM if quiet else look.TEXT
    return Strip(
        [
            look.segment(*mark),
            look.segment(f" {sort.icon} ", sort.style),
            look.segment(head, look.FAINT),
            look.segment(tool, look.DIM),
            Segment(" "),
            look.segment(shown, ink if not sort.bold else look.BRIGHT),
            Segment(gap),
            look.segment(words, f"bold {look.RED}" if strong else sort.style),
            Segment(" "),
        ]
    )
