"""Commands about shadows: diff, clean."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from supervisor.cli.past import as_json
from supervisor.errors import Exit, UsageError
from supervisor.journal.events import ApplyEnded, ApplyUndone, PlanApproved
from supervisor.journal.listing import find_run, list_runs, run_events
from supervisor.places import Places, places
from supervisor.runner.recover import has_runner, recover
from supervisor.runner.this_process import outsider
from supervisor.shadow.changed import changed
from supervisor.shadow.kept import Kept, discard, find_shadows, size_of
from supervisor.views.safe import many_lines, one_line
from supervisor.views.show import iso

_DIFF_LINES = 10_000


@click.command()
@click.argument("run")
@as_json
def diff_command(run: str, as_json: bool) -> int:
    """Show what RUN changed in its shadow: a unified diff, each change with the calls that made it."""
    here = places()
    row = find_run(here.journal, run)
    found = changed(here, row.id)
    if found is None:
        raise UsageError(
            f"{row.name} has no shadow",
            cure="It ran without one, or it was cleaned; `supervise show` lists its calls.",
        )
    if as_json:
        click.echo(json.dumps(found.data(), indent=2))
        return int(Exit.OK)
    if not found.changes.changes:
        click.echo(f"{row.name} changed nothing in {found.changes.workspace}.", err=True)
    for change in found.changes.changes:
        calls = ", ".join(f"#{n}" for n in found.calls(change)) or "no call known"
        moved = f"{one_line(change.source)} -> " if change.source else ""
        aspects = f" ({', '.join(aspect.value for aspect in change.aspects)})" if change.aspects else ""
        click.echo(f"{change.kind.value}{aspects} {moved}{one_line(change.path)}   {calls}")
        click.echo(many_lines(found.diff(change), lines=_DIFF_LINES))
    return int(Exit.OK)


@dataclass(frozen=True)
class _Offered:
    """A shadow that may be discarded.

    Attributes:
        run: the name of its run; its id where the journal does not know it.
        changes: how many it holds.
        applied: `unapplied`, `applied` or `partly applied`.
    """

    run: str
    task: str
    kept: Kept
    changes: int
    applied: str
    bytes: int

    @property
    def words(self) -> str:
        size = f"{self.bytes / 1e6:.1f} MB"
        there = Path(self.kept.record.workspace).is_dir()
        where = f"{one_line(self.kept.record.workspace)}{'' if there else ' (which is gone)'}"
        return f"{self.run} ({self.task}): {self.changes} {self.applied} changes in {where}, {size}"

    def data(self) -> dict[str, Any]:
        record = self.kept.record
        return {
            "run": self.run,
            "id": self.kept.run_id,
            "workspace": record.workspace,
            "backend": record.backend.value,
            "opened": iso(record.opened),
            "changes": self.changes,
            "applied": self.applied,
            "bytes": self.bytes,
        }


@click.command()
@click.argument("runs", nargs=-1)
@as_json
def clean_command(runs: tuple[str, ...], as_json: bool) -> int:
    """Discard the shadows of RUNS (or offer all) after asking, each with its size and what it still holds.

    A shadow of a run that goes on is never touched. With --json they are listed, and none is discarded.
    """
    here = places()
    recover(here)
    outsider(here)
    offered = list(_offered(here, runs))
    if as_json:
        click.echo(json.dumps([each.data() for each in offered], indent=2))
        return int(Exit.OK)
    if not offered:
        click.echo("No shadow to clean.")
        return int(Exit.OK)
    if not sys.stdin.isatty():
        for each in offered:
            click.echo(each.words, err=True)
        raise UsageError("nothing was discarded: only a person at a terminal can say so")
    freed = 0
    for each in offered:
        if click.confirm(f"{each.words}. Discard?", default=False):
            discard(each.kept.folder)
            freed += each.bytes
            click.echo(f"{each.run}: discarded")
    click.echo(f"{freed / 1e6:.1f} MB freed, {(sum(e.bytes for e in offered) - freed) / 1e6:.1f} MB kept.")
    return int(Exit.OK)


def _offered(here: Places, runs: tuple[str, ...]) -> Iterator[_Offered]:
    """The shadows of `runs`, or all, but for those of runs that go on."""
    known = {row.id: row for row in list_runs(here.journal)}
    wanted = {find_run(here.journal, run).id for run in runs}
    for kept in find_shadows(here):
        row = known.get(kept.run_id)
        going_on = row.ended is None if row is not None else has_runner(here, kept.run_id)
        if going_on or (wanted and kept.run_id not in wanted):
            continue
        found = changed(here, kept.run_id) if row is not None else None
        yield _Offered(
            run=row.name if row is not None else kept.run_id,
            task=one_line(row.label or row.task, 50) if row is not None else "not in the journal",
            kept=kept,
            changes=len(found.changes.changes) if found is not None else 0,
            applied=_applied(here, kept.run_id),
            bytes=size_of(kept.folder),
        )


def _applied(here: Places, run_id: str) -> str:
    """Whether what a shadow holds is in the real folder by now."""
    left_out, said = False, "unapplied"
    for recorded in run_events(here.journal, run_id):
        match recorded.event:
            case PlanApproved(left_out=left):
                left_out = bool(left)
            case ApplyEnded(done=done):
                said = "applied" if done and not left_out else "partly applied" if done else said
            case ApplyUndone():
                said = "unapplied"
    return said
