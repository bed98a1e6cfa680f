"""The rows of the tree: laid out without walking the calls, and still each where it belongs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from run_recording import Recording
from supervisor.effects.model import Scope
from supervisor.policy import DecisionKind
from supervisor.views import RunView, fold
from widgets.write_rows import READS, GroupKey, RowKind, WriteRows

_TARGETS = (
    ("file:///home/op/shop/a/x", Scope.WORKSPACE),
    ("file:///home/op/shop/b/x", Scope.WORKSPACE),
    ("file:///etc/hosts", Scope.HOST),
    ("mcp://store/put", Scope.REMOTE),
    ("git+origin#main", Scope.REMOTE),
)


@st.composite
def _views(draw: st.DrawFn) -> RunView:
    run = Recording()
    run.start()
    calls = st.tuples(st.sampled_from(_TARGETS), st.sampled_from(DecisionKind))
    for (target, scope), decision in draw(st.lists(calls, max_size=25)):
        run.call("Write", {}, decision, target, scope)
    return fold(run.recorded())


def _by_hand(view: RunView, closed: frozenset[GroupKey]) -> list[tuple[RowKind, GroupKey, int]]:
    rows: list[tuple[RowKind, GroupKey, int]] = []
    scope = None
    for group in view.writes:
        if group.scope is not scope:
            scope = group.scope
            rows.append((RowKind.SCOPE, (scope.value, ""), 0))
        key = (group.scope.value, group.name)
        rows.append((RowKind.GROUP, key, len(group.calls)))
        rows += [(RowKind.CALL, key, n) for n in group.calls if key not in closed]
    if view.reads:
        rows.append((RowKind.GROUP, READS, len(view.reads)))
        rows += [(RowKind.CALL, READS, n) for n in view.reads if READS not in closed]
    return rows


@settings(max_examples=80, deadline=None)
@given(_views(), st.data())
def test_every_row_is_where_a_plain_walk_puts_it(view: RunView, data: st.DataObject) -> None:
    """Rows by index, and places of groups and calls, agree with a plain walk, whatever is closed."""
    keys = [READS, *((group.scope.value, group.name) for group in view.writes)]
    closed = frozenset(key for key in keys if data.draw(st.booleans()))
    rows = WriteRows(view, closed)
    by_hand = _by_hand(view, closed)
    laid_out = [rows.row(i) for i in range(rows.count)]
    assert [(row.kind, row.key, row.n) for row in laid_out] == by_hand
    for index, (kind, key, n) in enumerate(by_hand):
        if kind is RowKind.GROUP:
            assert rows.find(key) == index
        if kind is RowKind.CALL:
            assert rows.find(key, n) == index
    for call in view.calls:
        at = rows.find_call(call.n)
        if at is None:
            assert call.is_read and READS in closed
        elif laid_out[at].kind is RowKind.CALL:
            assert laid_out[at].n == call.n
        else:
            assert laid_out[at].key in closed
    writes = [call.n for call in view.calls if not call.is_read]
    assert rows.newest == max(writes, default=0)
