"""The screens' real door to a plan: read from journal and shadow, approved as `supervise approve` does."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from supervisor.config import load
from supervisor.errors import UsageError
from supervisor.journal.listing import find_run
from supervisor.journal.rows import RunRow
from supervisor.places import Places
from supervisor.plan.drift import World, look_at
from supervisor.plan.read import Rehearsal, read_rehearsal
from supervisor.plan.rebase import acceptable
from supervisor.policy import Mode
from supervisor.runner.approving import give_approval, require_free
from supervisor.runner.probing import prober_of
from supervisor.runner.recover import recover
from supervisor.runner.spec import load_spec
from supervisor.runner.this_process import person
from supervisor.views.changes import FileChange
from supervisor.views.review import DriftView, ReviewView, Ticks, drift_by_item, review_of

DIFFS = 40
"""Files of one item whose diffs are made."""


class JournalPlan:
    """The plan of one run of one user. What blocks runs beside the event loop."""

    def __init__(self, places: Places, run_id: str) -> None:
        self._places = places
        self._run_id = run_id
        self._read: tuple[RunRow, Rehearsal] | None = None
        self._world: World | None = None

    async def read(self) -> ReviewView:
        """The plan as it stands now.

        Raises:
            SuperviseError: it cannot be read.
        """
        return await asyncio.to_thread(self._read_now)

    def _read_now(self) -> ReviewView:
        row = find_run(self._places.journal, self._run_id)
        rehearsal = read_rehearsal(self._places, row.id, row.cwd)
        self._read = (row, rehearsal)
        return review_of(rehearsal, row.name, row.ended is not None)

    @property
    def _seen(self) -> tuple[RunRow, Rehearsal]:
        if self._read is None:
            raise UsageError("the plan was not read yet")
        return self._read

    async def drift(self) -> Mapping[int, tuple[DriftView, ...]]:
        """What is no longer as the rehearsal saw it, by the number of the item."""
        row, rehearsal = self._seen

        def look() -> Mapping[int, tuple[DriftView, ...]]:
            self._world = look_at(rehearsal.plan, prober_of(self._places, row).look)
            return drift_by_item(rehearsal.plan, self._world)

        return await asyncio.to_thread(look)

    async def diffs(self, n: int) -> Sequence[FileChange]:
        """The first file changes of item `n`, with their diffs."""
        _row, rehearsal = self._seen
        found, item = rehearsal.changed, rehearsal.plan.item(n)
        if found is None or item is None:
            return ()

        def make() -> Sequence[FileChange]:
            return [
                FileChange(
                    change.kind.value,
                    change.path,
                    change.source,
                    tuple(aspect.value for aspect in change.aspects),
                    found.calls(change),
                    found.diff(change),
                )
                for change in item.changes[:DIFFS]
            ]

        return await asyncio.to_thread(make)

    async def approve(self, ticks: Ticks) -> None:
        """Approve exactly what is ticked of the plan that was read, as the person at this terminal.

        Raises:
            UsageError: nobody sits at a terminal here, the run goes on, or something has changed and was not
                approved over.
        """
        await asyncio.to_thread(self._approve, ticks)

    def _approve(self, ticks: Ticks) -> None:
        row, rehearsal = self._seen
        recover(self._places)
        by = person(self._places)
        if self._world is None:
            raise UsageError("nobody has looked for drift yet")
        over = acceptable(rehearsal.plan.running(ticks.for_real).without(ticks.left_out), self._world)
        require_free(over)
        if unsaid := set(over.items) - ticks.over:
            raise UsageError(f"what #{min(unsaid)} is done to has changed")
        minutes = load(self._places, Path(row.cwd)).config.approval.expires_minutes
        left_out, for_real = ticks.left_out, ticks.for_real
        give_approval(
            self._places, row, rehearsal.plan, left_out, by, minutes * 60, over.all, for_real=for_real
        )

    async def apply(self) -> None:
        """Run `supervise apply` in this terminal, and wait until the operator has read what it said."""
        await _hand_over("apply", self._run_id)

    async def rehearse(self) -> None:
        """Run `supervise run` in this terminal, as the rehearsal was run."""
        row, _rehearsal = self._seen
        spec = load_spec(self._places.run_state(row.id) / "spec.json")
        words = ["run", "--cwd", row.cwd, "--claude", spec.claude_path, "--label", row.label]
        words += ["--mode", (Mode.DRY_RUN if row.mode is Mode.LIVE else row.mode).value]
        words += [word for profile in spec.profiles for word in ("--profile", profile)]
        words += ["--script", spec.script] if spec.script else []
        await _hand_over(*words, "--", row.task)


async def _hand_over(*words: str) -> None:
    """Be the terminal of one command of ours, until the operator has read what it said."""
    ours = signal.signal(signal.SIGINT, lambda *_: None)  # ctrl+c is for the command alone
    try:
        command = await asyncio.create_subprocess_exec(sys.executable, "-P", "-m", "supervisor.cli", *words)
        code = await command.wait()
        sys.stdout.write(f"\n(exit code {code}) Enter brings you back to the review. ")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
    finally:
        signal.signal(signal.SIGINT, ours)
