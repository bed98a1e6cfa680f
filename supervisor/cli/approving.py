"""The deliberate act: approve."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from supervisor.cli.plan import plan_lines
from supervisor.config import load
from supervisor.errors import Exit, UsageError
from supervisor.journal.listing import find_run
from supervisor.places import places
from supervisor.plan.approval_file import ApprovalFile, write_approval
from supervisor.plan.file_drift import file_drift
from supervisor.plan.model import Plan
from supervisor.plan.read import read_plan
from supervisor.runner.approving import give_approval, person
from supervisor.runner.recover import recover
from supervisor.views.safe import one_line


@click.command()
@click.argument("run")
@click.option("--leave-out", "left_out", type=int, multiple=True, metavar="N", help="An item to leave out.")
@click.option(
    "--for-real",
    type=int,
    multiple=True,
    metavar="N",
    help="A command that ran without network: run it, instead of its file changes.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Also write it to FILE, for a live run without a person."
)
def approve_command(run: str, left_out: tuple[int, ...], for_real: tuple[int, ...], out: Path | None) -> int:
    """Review the plan of RUN and approve it: exactly these items, once, for a short time.

    You type the run's name; there is no way to say yes beforehand.
    """
    here = places()
    recover(here)
    row = find_run(here.journal, run)
    by = person(here)
    whole = read_plan(here, row.id, row.cwd)
    for n in for_real:
        if not any(item.n == n and item.has_choice for item in (*whole.items, *whole.offered)):
            raise UsageError(f"--for-real {n}: it is no command that ran without network")
    plan = whole.running(frozenset(for_real))
    left = frozenset(left_out)
    if unknown := sorted(n for n in left if plan.item(n) is None):
        raise UsageError(f"--leave-out {unknown[0]}: the plan has no such item; `supervise plan {row.name}`")
    ticked = plan.without(left)
    if not ticked.items:
        raise UsageError(f"{row.name}: nothing to approve")
    for line in plan_lines(ticked):
        click.echo(line)
    click.echo(f"The diffs: supervise plan {row.name}. The folder: {plan.workspace}")
    _warn(plan, left)
    changes = [change for item in ticked.items for change in item.changes]
    for drift in file_drift(Path(plan.workspace), changes):
        click.echo(f"DRIFT  {one_line(drift.path)} is not what the rehearsal saw")
    if not sys.stdin.isatty():
        raise UsageError("refused: only a person at a terminal can approve")
    typed = click.prompt(f"Type the run's name to approve ({row.name})", default="", show_default=False)
    if typed.strip() != row.name:
        raise UsageError("not approved; nothing was changed")
    minutes = load(here, Path(row.cwd)).config.approval.expires_minutes
    given = give_approval(here, row, whole, left, by, minutes * 60, frozenset(for_real))
    click.echo(f"Approved {len(given.items)} items for {minutes:g} minutes: supervise apply {row.name}")
    if out is not None:
        write_approval(out, ApprovalFile(row.id, given))
        click.echo(f"For one use without a person: supervise apply {row.name} --approval {out}")
        click.echo(f"or, as a fresh run held to the plan: supervise run --approval {out}")
    return int(Exit.OK)


def _warn(plan: Plan, left: frozenset[int]) -> None:
    """Items that name something which was left out would be orphans: asked for by themselves."""
    for item in plan.orphans(left):
        missing = [n for n in item.depends_on if n in left]
        names = [name for n, name in zip(item.depends_on, item.because, strict=True) if n in missing]
        said = f"#{item.n} uses {one_line(', '.join(names), 80)}, which #{missing[0]} would have created"
        click.echo(f"ORPHAN {said}")
        if not click.confirm(f"Approve #{item.n} all the same?", default=False):
            raise UsageError("not approved; nothing was changed", cure=f"Leave #{item.n} out as well.")
