"""The rows of the tree of writes: which row stands where, without drawing any."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import Enum, auto

from supervisor.effects.model import Scope
from supervisor.views.run import Counts, RunView

GroupKey = tuple[str, str]
"""Scope (or `undecided`, `reads`) and name of a group."""

READS: GroupKey = ("reads", "")
UNDECIDED: GroupKey = ("undecided", "")


_NONE = Counts()


class RowKind(Enum):
    """What a row shows."""

    SCOPE = auto()  # a heading
    GROUP = auto()
    CALL = auto()
    UNDECIDED = auto()  # a call the gate never decided


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        key: the group it is or belongs to; of a heading the scope.
        n: number of the call; of an undecided one its place in `RunView.undecided`.
    """

    kind: RowKind
    key: GroupKey
    name: str = ""
    scope: Scope | None = None
    counts: Counts = _NONE
    open: bool = False
    n: int = 0


@dataclass(frozen=True)
class _Section:
    start: int
    row: Row
    calls: tuple[int, ...]


class WriteRows:
    """All rows of one view. Making it costs by the number of groups, not of calls."""

    def __init__(self, view: RunView, closed: frozenset[GroupKey]) -> None:
        """Lay the rows out; groups in `closed` hide their calls."""
        self.view = view
        self._sections: list[_Section] = []
        self._starts: list[int] = []
        self._by_key: dict[GroupKey, _Section] = {}
        self.count = 0
        if view.undecided:
            calls = tuple(range(len(view.undecided)))
            self._group(UNDECIDED, "never decided by the gate", None, Counts(), calls, closed)
        scope = None
        for group in view.writes:
            if group.scope is not scope:
                scope = group.scope
                self._push(Row(RowKind.SCOPE, (scope.value, ""), scope=scope), ())
            self._group((scope.value, group.name), group.name, scope, group.counts, group.calls, closed)
        if view.reads:
            self._group(READS, "reads", None, view.counts, view.reads, closed)

    def _group(
        self,
        key: GroupKey,
        name: str,
        scope: Scope | None,
        counts: Counts,
        calls: tuple[int, ...],
        closed: frozenset[GroupKey],
    ) -> None:
        is_open = key not in closed
        row = Row(RowKind.GROUP, key, name, scope, counts, is_open, len(calls))
        self._push(row, calls if is_open else ())

    def _push(self, row: Row, calls: tuple[int, ...]) -> None:
        section = _Section(self.count, row, calls)
        self._sections.append(section)
        self._starts.append(self.count)
        if row.kind is RowKind.GROUP:
            self._by_key[row.key] = section
        self.count += 1 + len(calls)

    def row(self, index: int) -> Row:
        """The row at `index`; 0 <= index < count."""
        section = self._sections[bisect_right(self._starts, index) - 1]
        if index == section.start:
            return section.row
        kind = RowKind.UNDECIDED if section.row.key == UNDECIDED else RowKind.CALL
        return Row(kind, section.row.key, scope=section.row.scope, n=section.calls[index - section.start - 1])

    def find(self, key: GroupKey, n: int | None = None) -> int | None:
        """Where a group's row is, or that of its call `n`: the group's own while it is closed."""
        section = self._by_key.get(key)
        if section is None:
            return None
        if n is None:
            return section.start
        at = bisect_left(section.calls, n)
        found = at < len(section.calls) and section.calls[at] == n
        return section.start + 1 + at if found else section.start

    def find_call(self, n: int) -> int | None:
        """Where call `n` is first shown, or the group it hides in; None if it is in no group."""
        hidden = None
        for section in self._sections:
            at = bisect_left(section.calls, n)
            if section.row.key != UNDECIDED and at < len(section.calls) and section.calls[at] == n:
                return section.start + 1 + at
        for group in self.view.writes:
            at = bisect_left(group.calls, n)
            if at < len(group.calls) and group.calls[at] == n:
                hidden = self.find((group.scope.value, group.name))
                break
        return hidden

    @property
    def newest(self) -> int:
        """Number of the newest call that is not a read; 0 if there is none."""
        return max((group.calls[-1] for group in self.view.writes), default=0)
