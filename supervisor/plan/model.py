"""A plan: the ordered simulated writes of one run, as a person reviews and approves them. Plain data."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

import msgspec

from supervisor.journal.events import Probe
from supervisor.shadow.changes import Change


class ItemKind(StrEnum):
    """What applying an item does."""

    FILES = "files"  # put the change set of a call onto the real folder
    COMMAND = "command"  # run a command that was not executed in the rehearsal
    MCP = "mcp"  # make a call that was not executed in the rehearsal
    OTHER = "other"  # a simulated call that only Claude Code itself can make


class Item(msgspec.Struct, frozen=True, gc=False):
    """One thing that would be done.

    Attributes:
        n: number of the call it comes from; 0 for changes that no call is known for.
        target: URI of what it writes; the first, where there are several.
        input: the exact input of a command or call; for files that of a command that was cut, else empty.
        changes: the file changes; empty for commands and calls. Each carries what the rehearsal saw before.
        depends_on: numbers of earlier items that would create something this one names.
        because: per entry of `depends_on`, what it names.
        rule: the rule that simulated it.
        guess: it was made after the run's fidelity diverged.
        cut: a command that ran in the shadow without network and may have wanted more than its file changes.
        folder: where a command runs, relative to the workspace; empty for the workspace itself.
        server: digest of how the server of an MCP call is reached; empty where the run knew none.
        probes: what the rehearsal saw of its targets.
        reverse: what would take it back, as far as the rule packs know; for a person to read.
        overtaken: numbers of later items that change a file it names or had made, each with the path. All
            files are put in place first, so that it finds that file as the run left it in the end.
    """

    n: int
    kind: ItemKind
    tool: str
    target: str
    input: dict[str, Any]
    changes: tuple[Change, ...]
    depends_on: tuple[int, ...]
    because: tuple[str, ...]
    rule: str
    guess: bool = False
    cut: bool = False
    folder: str = ""
    server: str = ""
    probes: tuple[Probe, ...] = ()
    reverse: tuple[str, ...] = ()
    overtaken: tuple[tuple[int, str], ...] = ()

    @property
    def has_choice(self) -> bool:
        """It was cut, and can be run for real instead."""
        return self.cut and self.kind is ItemKind.FILES and bool(self.input)


class Plan(msgspec.Struct, frozen=True):
    """The plan of one run.

    Attributes:
        run: id of the run.
        workspace: absolute path of the folder file items are put onto.
        items: in the order they would be done.
        diverged_at: number of the call from which on the plan is a guess; 0 if it is none.
        offered: commands that ran without network, changed no file, and may have wanted more. They are no
            part of the plan unless somebody chooses to run them for real.
    """

    run: str
    workspace: str
    items: tuple[Item, ...]
    diverged_at: int = 0
    offered: tuple[Item, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 hex of exactly these items; an approval is bound to it."""
        canonical = msgspec.json.encode((self.run, self.workspace, self.items), order="deterministic")
        return hashlib.sha256(canonical).hexdigest()

    def running(self, for_real: frozenset[int]) -> Plan:
        """The plan with these cut commands run for real, instead of their file changes.

        Numbers of items that offer no such choice change nothing.
        """
        chosen = [item for item in self.offered if item.n in for_real]
        items = [_for_real(item) if item.n in for_real else item for item in self.items]
        items = sorted([*items, *map(_for_real, chosen)], key=lambda item: item.n)
        offered = tuple(item for item in self.offered if item not in chosen)
        return msgspec.structs.replace(self, items=tuple(items), offered=offered)

    def without(self, left_out: frozenset[int]) -> Plan:
        """The plan of the items that stay ticked."""
        kept = tuple(item for item in self.items if item.n not in left_out)
        return msgspec.structs.replace(self, items=kept)

    def orphans(self, left_out: frozenset[int]) -> tuple[Item, ...]:
        """Items that stay although something they name was left out."""
        return tuple(
            item
            for item in self.items
            if item.n not in left_out and any(n in left_out for n in item.depends_on)
        )

    def item(self, n: int) -> Item | None:
        """The item of call `n`."""
        return next((item for item in self.items if item.n == n), None)


def _for_real(item: Item) -> Item:
    """A command that was cut, as one that runs."""
    if not item.has_choice:
        return item
    return msgspec.structs.replace(
        item, kind=ItemKind.COMMAND, target="unknown:command", changes=(), cut=False
    )
