"""What the review screen says of the whole plan: on top, and of what would be approved. Words only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from supervisor.views.review import DriftView, ItemView, ReviewView, Ticks
from supervisor.views.safe import one_line
from widgets import look

_NAMED = 6
"""Orphans that are named; the rest is counted."""


def head(
    review: ReviewView,
    ticks: Ticks,
    ticked: Sequence[ItemView],
    missing: Mapping[int, tuple[int, ...]],
    drift: Mapping[int, tuple[DriftView, ...]],
) -> Content:
    """The top: how many items are ticked, and what is to be known of all of them."""
    lines = [
        Content.assemble(
            (f"review {one_line(review.name, 40)}", f"bold {look.BRIGHT}"),
            (f"   {len(ticked):,} of {len(review.items):,} items ticked", look.TEXT),
            (f"   {one_line(review.folder, 120)}", look.DIM),
        )
    ]
    if review.diverged_at:
        words = f"≠ From #{review.diverged_at} on the agent did not see what live would show: a guess."
        lines.append(Content.styled(words, look.ORANGE))
    if drifted := ticks.drifted(review, drift):
        words = (
            f"Δ DRIFT: {how_many(len(drifted))} ticked, first #{drifted[0]}: rehearse again (r),"
            " leave out (space), or approve all the same, one by one (o)."
        )
        lines.append(Content.styled(words, look.RED))
    if missing:
        named = ", ".join(f"#{n}" for n in list(missing)[:_NAMED])
        more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        words = f"! ORPHAN: {named}{more} would use what is left out."
        lines.append(Content.styled(words, look.RED))
    return Content("\n").join(lines)


def counted(ticks: Ticks, ticked: Sequence[ItemView], missing: Mapping[int, tuple[int, ...]]) -> str:
    """What would be approved."""
    over = sum(item.n in ticks.over for item in ticked)
    more = ((over, "over drift"), (len(missing), "orphaned"))
    return ", ".join([how_many(len(ticked)), *(f"{count:,} {word}" for count, word in more if count)])


def how_many(count: int) -> str:
    """So many items."""
    return f"{count:,} {'item' if count == 1 else 'items'}"
