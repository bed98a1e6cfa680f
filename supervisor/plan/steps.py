"""A change set as steps: what becomes of each path, one step a path."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from supervisor.shadow.changes import Change, ChangeKind, Node


class Step(msgspec.Struct, frozen=True):
    """What becomes of one path. A rename is two steps. `content` names the new file's origin."""

    path: str
    before: Node | None
    after: Node | None
    content: str = ""


def steps_of(changes: Iterable[Change]) -> tuple[Step, ...]:
    """The changes as steps, each path at most once, by path."""
    steps: dict[str, Step] = {}
    for change in changes:
        if change.kind is ChangeKind.RENAMED:
            steps.setdefault(change.source, Step(change.source, change.before, None))
            steps[change.path] = Step(change.path, None, change.after, change.path)
        else:
            steps[change.path] = Step(change.path, change.before, change.after, change.path)
    return tuple(steps[path] for path in sorted(steps))


def inverse(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps that lead back."""
    return tuple(Step(step.path, step.after, step.before, step.path) for step in steps)
