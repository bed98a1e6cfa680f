"""What a run changed in its shadow, each change with the calls that made it; while it goes on and after."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from supervisor.journal.events import CallDecided, ChangesSeen, FilesTouched, Recorded
from supervisor.journal.listing import run_events
from supervisor.places import Places
from supervisor.shadow.attribution import Touched, attribute
from supervisor.shadow.backend import Shadow
from supervisor.shadow.changes import Change, ChangeSet
from supervisor.shadow.diff import unified
from supervisor.shadow.kept import reopen, shadow_folder
from supervisor.shadow.names import as_bytes


class Changed(msgspec.Struct, frozen=True):
    """The change set of one run.

    Attributes:
        numbers: per `tool_use_id` the number of the call.
    """

    shadow: Shadow
    changes: ChangeSet
    numbers: dict[str, int]

    def diff(self, change: Change) -> str:
        """A unified diff of one change, or one line that says why there is none."""
        before = _path(self.shadow.workspace, change.source or change.path) if change.before else None
        after = _path(Path(self.shadow.files), change.path) if change.after else None
        text = unified(change, before, after)
        if text is None:
            size = change.after.size if change.after else 0
            kind = change.after.type.value if change.after else "file"
            return f"({kind}, {size} bytes, not shown as text)\n"
        return text

    def calls(self, change: Change) -> tuple[int, ...]:
        """Numbers of the calls that made a change."""
        return tuple(self.numbers[call] for call in change.calls if call in self.numbers)

    def data(self) -> list[dict[str, Any]]:
        """The changes as plain data, `calls` by number."""
        return [
            {
                **msgspec.to_builtins(change),
                "aspects": [aspect.value for aspect in change.aspects],
                "calls": list(self.calls(change)),
            }
            for change in self.changes.changes
        ]


def changed(
    places: Places, run_id: str, *, hash_deleted: bool = False, events: Iterable[Recorded] | None = None
) -> Changed | None:
    """The change set of a run: as its end saw it, or as it stands while it goes on; None without a shadow.

    Args:
        hash_deleted: also hash files that were deleted, which costs reading them.
        events: all of the run's, where the caller has read them already.
    """
    try:
        shadow = reopen(shadow_folder(places, run_id))
    except FileNotFoundError:
        return None
    touched: list[Touched] = []
    numbers: dict[str, int] = {}
    frozen: tuple[Change, ...] | None = None
    for recorded in run_events(places.journal, run_id) if events is None else events:
        match recorded.event:
            case FilesTouched() as event:
                touched.append(Touched(event.calls, event.paths))
            case ChangesSeen() as event:
                frozen = msgspec.convert(event.changes, tuple[Change, ...])
            case CallDecided() as event:
                numbers[event.tool_use_id] = event.n
    if frozen is None:
        changes = attribute(shadow.changes(hash_deleted=hash_deleted), tuple(touched))
    else:
        changes = ChangeSet(str(shadow.workspace), frozen)
    return Changed(shadow, changes, numbers)


def _path(folder: Path, path: str) -> Path:
    return folder / as_bytes(path).decode("utf-8", "surrogateescape")
