"""A plan as a person reviews it: its items as plain data, how they hang together, and what is ticked."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from supervisor.effects.model import Effect
from supervisor.journal.events import CallDecided, ItemApplied, Outcome
from supervisor.plan.drift import World, file_lines, target_lines
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.plan.read import Rehearsal
from supervisor.plan.rebase import acceptable, file_drift_by_item


class ItemView(msgspec.Struct, frozen=True, gc=False):
    """One item. Texts are the agent's own: whoever shows them passes them through the sanitiser.

    Attributes:
        n: number of the call it comes from; 0 for changes that no call is known for.
        kind: what applying it does, unless it is run for real instead.
        title: what it is about, without the tool's name: the command, the file, the arguments.
        input: the exact input of a command or call; of files only where they can be run for real instead.
        files: kind of change and path of each file.
        used: numbers of earlier items that would create what it names, each with the name.
        why: why the gate simulated it.
        guess: it was made after the agent was first shown what live would not have shown.
        choice: it ran without network: the operator chooses between its file changes and running it for real.
        outcome: what became of it at the newest apply; None if it was not applied.
        result: what it said then.
        unseen: why nobody knows whether its target is as the rehearsal found it; empty for what is known.
        overtaken: numbers of later items that change a file it takes, each with the file.
    """

    n: int
    kind: ItemKind
    tool: str
    title: str
    target: str
    input: dict[str, Any]
    files: tuple[tuple[str, str], ...] = ()
    used: tuple[tuple[int, str], ...] = ()
    rule: str = ""
    why: str = ""
    effects: tuple[Effect, ...] = ()
    guess: bool = False
    choice: bool = False
    folder: str = ""
    outcome: Outcome | None = None
    result: str = ""
    unseen: str = ""
    overtaken: tuple[tuple[int, str], ...] = ()

    @property
    def optional(self) -> bool:
        """It changed nothing without network: there is nothing to do unless it is run for real."""
        return self.choice and not self.files


class ReviewView(msgspec.Struct, frozen=True):
    """A plan under review.

    Attributes:
        name: the run's, which is typed to approve.
        folder: where files are put and commands run.
        items: in the order they would be done, those offered among them.
        diverged_at: number of the call from which on the plan is a guess; 0 if it is none.
        ended: the run has ended, so that its plan can be approved.
        approved: numbers of what an approval that was not used covers; None if there is none.
        expires: when that approval is void, seconds since the epoch.
    """

    run_id: str
    name: str
    folder: str
    items: tuple[ItemView, ...]
    diverged_at: int = 0
    ended: bool = True
    approved: tuple[int, ...] | None = None
    expires: float = 0.0

    def item(self, n: int) -> ItemView | None:
        """The item of call `n`."""
        return next((item for item in self.items if item.n == n), None)


class DriftView(msgspec.Struct, frozen=True):
    """Something that is no longer what the rehearsal saw of it.

    Attributes:
        what: the path, or the command that looks.
        lines: how it differs, in words: `-` what was seen, `+` what is there now.
        in_the_way: nobody has seen all of it, so nobody can approve over it.
    """

    what: str
    lines: tuple[str, ...]
    in_the_way: bool = False


class ReviewRow(NamedTuple):
    """One row of the list: an item, or what it uses.

    Attributes:
        at: place of the item in `ReviewView.items`.
        depth: how many items it hangs under.
        note: the row says what the item uses.
    """

    at: int
    depth: int
    note: bool


class Ticks(msgspec.Struct, frozen=True):
    """What the operator chose.

    Attributes:
        left_out: numbers of items that shall not be done.
        for_real: numbers of commands that shall run for real instead of their file changes.
        over: numbers of items that shall be done although what they are done to has changed.
    """

    left_out: frozenset[int] = frozenset()
    for_real: frozenset[int] = frozenset()
    over: frozenset[int] = frozenset()

    def has(self, item: ItemView) -> bool:
        """Whether the item would be done."""
        return item.n not in self.left_out and (not item.optional or item.n in self.for_real)

    def put(self, items: Iterable[ItemView], done: bool) -> Ticks:
        """The same with these items ticked, or left out."""
        items = tuple(items)
        numbers = {item.n for item in items}
        optional = {item.n for item in items if item.optional}
        if done:
            return Ticks(self.left_out - numbers, self.for_real | optional, self.over)
        return Ticks(self.left_out | (numbers - optional), self.for_real - optional, self.over)

    def choose(self, item: ItemView) -> Ticks:
        """The same with the other choice for an item that has one."""
        return msgspec.structs.replace(self, for_real=self.for_real ^ {item.n})

    def drifted(self, review: ReviewView, drift: Mapping[int, Collection[DriftView]]) -> tuple[int, ...]:
        """Numbers of the items that would be done to what has changed, and were not approved over that; what
        was done is as it was left.
        """
        return tuple(
            item.n
            for item in review.items
            if item.n in drift
            and self.has(item)
            and item.outcome is not Outcome.EXECUTED
            and item.n not in self.for_real | self.over
        )

    def ticked(self, review: ReviewView) -> tuple[ItemView, ...]:
        """The items that would be done."""
        return tuple(item for item in review.items if self.has(item))

    def missing(self, review: ReviewView) -> dict[int, tuple[int, ...]]:
        """Would-be orphans: items that would be done, and what they use that would not."""
        out = {item.n for item in review.items if not self.has(item)}
        found = {
            item.n: tuple(n for n, _name in item.used if n in out) for item in review.items if self.has(item)
        }
        return {n: used for n, used in found.items() if used}

    def followers(self, review: ReviewView, n: int) -> tuple[ItemView, ...]:
        """The items that would be done and use item `n`, or what uses it, and so on."""
        gone = {n}
        found = []
        for item in review.items:
            if item.n not in gone and self.has(item) and any(used in gone for used, _name in item.used):
                gone.add(item.n)
                found.append(item)
        return tuple(found)

    def needs(self, review: ReviewView, n: int) -> tuple[ItemView, ...]:
        """The items that would not be done and that item `n` uses, with what they use, and so on."""
        items = {item.n: item for item in review.items}
        wanted, found = [n], {}
        while wanted:
            item = items.get(wanted.pop())
            for used, _name in item.used if item is not None else ():
                if used in items and used not in found and not self.has(items[used]):
                    found[used] = items[used]
                    wanted.append(used)
        return tuple(found[number] for number in sorted(found))


def review_of(rehearsal: Rehearsal, name: str, ended: bool) -> ReviewView:
    """The plan of a rehearsal as it is reviewed."""
    plan = rehearsal.plan
    items = sorted((*plan.items, *plan.offered), key=lambda item: item.n)
    given = rehearsal.approval
    valid = given is not None and not rehearsal.used
    return ReviewView(
        run_id=plan.run,
        name=name,
        folder=plan.workspace,
        items=tuple(_item(item, rehearsal.calls, rehearsal.applied) for item in items),
        diverged_at=plan.diverged_at,
        ended=ended,
        approved=given.items if given is not None and valid else None,
        expires=given.expires if given is not None and valid else 0.0,
    )


def _item(item: Item, calls: Mapping[int, CallDecided], applied: Mapping[int, ItemApplied]) -> ItemView:
    call, came = calls.get(item.n), applied.get(item.n)
    return ItemView(
        n=item.n,
        kind=item.kind,
        tool=item.tool,
        title=_title(item),
        target=item.target,
        input=item.input,
        files=tuple((change.kind.value, change.path) for change in item.changes),
        used=tuple(zip(item.depends_on, item.because, strict=True)),
        rule=item.rule,
        why=call.why if call is not None else "No call is known that made these changes.",
        effects=call.effects if call is not None else (),
        guess=item.guess,
        choice=item.has_choice,
        folder=item.folder,
        unseen=_unseen(item),
        overtaken=item.overtaken,
        outcome=came.outcome if came is not None else None,
        result=came.result if came is not None else "",
    )


def _unseen(item: Item) -> str:
    if item.kind is ItemKind.FILES:
        return ""
    if not item.probes:
        return "no probe looks at it"
    return "; ".join(probe.trouble for probe in item.probes if probe.trouble)


def _title(item: Item) -> str:
    if item.changes:
        paths = [change.path for change in item.changes[:3]]
        more = len(item.changes) - len(paths)
        return ", ".join(paths) + (f" and {more} more" if more else "")
    command = item.input.get("command")
    if isinstance(command, str):
        return command
    return ", ".join(f"{key}={value}" for key, value in list(item.input.items())[:4])


def lay_out(items: Collection[ItemView]) -> tuple[ReviewRow, ...]:
    """The rows: each item under the latest one that it uses, else in the order they would be done."""
    known = {item.n for item in items}
    below: dict[int, list[int]] = {}
    top: list[int] = []
    for at, item in enumerate(items):
        used = [n for n, _name in item.used if n in known and n < item.n]
        (below.setdefault(max(used), []) if used else top).append(at)
    listed = list(items)
    rows: list[ReviewRow] = []
    waiting = [(at, 0) for at in reversed(top)]
    while waiting:
        at, depth = waiting.pop()
        rows.append(ReviewRow(at, depth, False))
        if listed[at].used:
            rows.append(ReviewRow(at, depth, True))
        waiting += [(each, depth + 1) for each in reversed(below.pop(listed[at].n, []))]
    return tuple(rows)


def drift_by_item(plan: Plan, world: World) -> dict[int, tuple[DriftView, ...]]:
    """Which drift concerns which item."""
    in_the_way = set(acceptable(plan, world).in_the_way)
    found = {
        n: [DriftView(each.path, tuple(file_lines(each)[1:]), each in in_the_way) for each in several]
        for n, several in file_drift_by_item(plan, world.files).items()
    }
    for target in world.targets:
        seen = DriftView(shlex.join(target.now.command), tuple(target_lines(target)[1:]))
        found.setdefault(target.n, []).append(seen)
    return {n: tuple(several) for n, several in found.items()}
