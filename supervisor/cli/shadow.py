"""Commands about shadows: diff, clean."""

from __future__ import annotations

import json
import sys

import click

from supervisor.cli.past import as_json
from supervisor.errors import Exit, UsageError
from supervisor.journal.listing import find_run, list_runs
from supervisor.places import places
from supervisor.runner.approving import outsider
from supervisor.runner.recover import has_runner, recover
from supervisor.shadow.changed import changed
from supervisor.shadow.kept import discard, find_shadows, size_of
from supervisor.views.safe import many_lines, one_line

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


@click.command()
@click.argument("runs", nargs=-1)
def clean_command(runs: tuple[str, ...]) -> int:
    """Discard the shadows of RUNS (or offer all) after asking; what they hold was applied nowhere.

    A shadow of a run that goes on is never touched.
    """
    here = places()
    recover(here)
    outsider(here)
    known = {row.id: row for row in list_runs(here.journal)}
    wanted = {find_run(here.journal, run).id for run in runs}
    kept = [each for each in find_shadows(here) if not wanted or each.run_id in wanted]
    kept = [each for each in kept if each.run_id not in known or known[each.run_id].ended is not None]
    if not kept:
        click.echo("No shadow to clean.")
        return int(Exit.OK)
    if not sys.stdin.isatty():
        raise UsageError("nothing was discarded: only a person at a terminal can say so")
    for each in kept:
        row = known.get(each.run_id)
        name = row.name if row is not None else each.run_id
        if has_runner(here, each.run_id) and row is None:
            continue
        found = changed(here, each.run_id) if row is not None else None
        count = len(found.changes.changes) if found is not None else 0
        size = size_of(each.folder) / 1e6
        task = one_line(row.label or row.task, 50) if row is not None else "not in the journal"
        words = (
            f"{name} ({task}): {count} unapplied changes in {each.record.workspace}, {size:.1f} MB. Discard?"
        )
        if click.confirm(words, default=False):
            discard(each.folder)
            click.echo(f"{name}: discarded")
    return int(Exit.OK)
