"""A plan as it is reviewed: what hangs under what, what follows what, where drift belongs."""

from __future__ import annotations

from supervisor.plan.drift import World
from supervisor.plan.file_drift import Drift
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType
from supervisor.views.review import ItemView, ReviewView, Ticks, drift_by_item, lay_out

FILE = Node(NodeType.FILE, 0o644, 5, "a" * 64)


def item(n: int, *used: int, choice: bool = False, files: bool = False) -> ItemView:
    """An item that uses others."""
    return ItemView(
        n, ItemKind.MCP, "mcp__x__y", "", "mcp://x/y", {}, (("added", "f"),) if files else (),
        tuple((each, f"k{each}") for each in used), choice=choice,
    )  # fmt: skip


def review(*items: ItemView) -> ReviewView:
    """A plan of these."""
    return ReviewView("r", "amber-fox", "/w", items)


def test_an_item_hangs_under_the_latest_one_that_it_uses() -> None:
    """Everything else keeps the order in which it would be done; what is not in the plan holds nothing."""
    items = (item(1), item(2), item(3, 1), item(4, 1, 3), item(5), item(6, 2), item(7, 99))
    rows = [(items[row.at].n, row.depth) for row in lay_out(items) if not row.note]
    assert rows == [(1, 0), (3, 1), (4, 2), (2, 0), (6, 1), (5, 0), (7, 0)]
    assert [items[row.at].n for row in lay_out(items) if row.note] == [3, 4, 6, 7]


def test_a_chain_of_thousands_is_laid_out_whole() -> None:
    """Each item uses the one before; nothing is lost, and no depth is too deep."""
    items = (item(1), *(item(n, n - 1) for n in range(2, 5_001)))
    rows = [row for row in lay_out(items) if not row.note]
    assert [items[row.at].n for row in rows] == list(range(1, 5_001)) and rows[-1].depth == 4_999
    assert len(Ticks().followers(review(*items), 1)) == 4_999
    assert len(Ticks(frozenset(range(1, 5_000))).needs(review(*items), 5_000)) == 4_999


def test_what_follows_and_what_is_needed_go_through_others() -> None:
    """Followers of followers; needs of needs; what is left out already counts for neither."""
    plan = review(item(1), item(2, 1), item(3, 2), item(4, 2), item(5))
    assert [each.n for each in Ticks().followers(plan, 1)] == [2, 3, 4]
    assert [each.n for each in Ticks(frozenset({2})).followers(plan, 1)] == []
    assert [each.n for each in Ticks(frozenset({1, 2, 5})).needs(plan, 3)] == [1, 2]
    assert Ticks(frozenset({2})).missing(plan) == {3: (2,), 4: (2,)}


def test_what_changed_no_file_is_done_only_if_it_is_run_for_real() -> None:
    """Ticking it means running it; ticking what has file changes means those, until the choice is changed."""
    bare, files = item(1, choice=True), item(2, choice=True, files=True)
    ticks = Ticks()
    assert not ticks.has(bare) and ticks.has(files)
    ticks = ticks.put([bare, files], True)
    assert ticks == Ticks(frozenset(), frozenset({1})) and ticks.has(bare)
    assert ticks.choose(files).for_real == {1, 2} and ticks.choose(bare).for_real == frozenset()
    assert ticks.put([bare, files], False) == Ticks(frozenset({2}), frozenset())


def test_drift_belongs_to_each_item_that_it_concerns() -> None:
    """Of a folder above it, of what a rename came from, of a stray in a folder that goes."""
    changes = (
        Change("a/b.txt", ChangeKind.MODIFIED, FILE, FILE),
        Change("new.txt", ChangeKind.RENAMED, FILE, FILE, source="old.txt"),
        Change("gone", ChangeKind.DELETED, Node(NodeType.FOLDER, 0o755), None),
        Change("ab.txt", ChangeKind.ADDED, None, FILE),
    )
    plan = Plan("r", "/w", tuple(
        Item(n, ItemKind.FILES, "Write", "", {}, (change,), (), (), "rule")
        for n, change in enumerate(changes, 1)
    ))  # fmt: skip
    link = Node(NodeType.SYMLINK, 0, link="elsewhere")
    drift = [Drift("a", None, link), Drift("old.txt", FILE, None), Drift("gone/stray", None, FILE)]
    found = drift_by_item(plan, World(tuple(drift), (), ()))
    assert {n: [(each.what, each.in_the_way) for each in several] for n, several in found.items()} == {
        1: [("a", True)],
        2: [("old.txt", False)],
        3: [("gone/stray", True)],
    }
    assert found[1][0].lines == ("-  nothing there", "+  symlink to elsewhere")
    assert found[2][0].lines == (f"-  file, mode 644, 5 bytes, sha256 {'a' * 16}", "+  nothing there")
    assert drift_by_item(plan, World((), (), ())) == {}
