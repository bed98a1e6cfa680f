"""The deliberate act: approve."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from supervisor.cli.plan import plan_lines
from supervisor.config import load
from supervisor.errors import Exit, UsageError
from supervisor.journal.listing import find_run
from supervisor.places import places
from supervisor.plan.approval_file import ApprovalFile, new_approval_file
from supervisor.plan.drift import WAYS_ON, World, file_lines, look_at, not_known_lines, target_lines
from supervisor.plan.model import Plan
from supervisor.plan.read import read_plan
from supervisor.plan.rebase import Accepted, acceptable
from supervisor.runner.approving import give_approval, require_free
from supervisor.runner.probing import prober_of
from supervisor.runner.recover import recover
from supervisor.runner.this_process import person
from supervisor.views.safe import many_lines, one_line


@click.command()
@click.argument("run")
@click.option("--leave-out", "left_out", type=int, multiple=True, metavar="N", help="An item to leave out.")
@click.option(
    "--for-real",
    type=int,
    multiple=True,
    metavar="N",
    help="A command that ran without network: run it after all files are in place, instead of its changes.",
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
    accepted = _accept(ticked, look_at(ticked, prober_of(here, row).look))
    if not sys.stdin.isatty():
        raise UsageError("refused: only a person at a terminal can approve")
    with new_approval_file(out) if out is not None else nullcontext() as write:
        typed = click.prompt(f"Type the run's name to approve ({row.name})", default="", show_default=False)
        if typed.strip() != row.name:
            raise UsageError("not approved; nothing was changed")
        minutes = load(here, Path(row.cwd)).config.approval.expires_minutes
        given = give_approval(here, row, whole, left, by, minutes * 60, accepted, frozenset(for_real))
        if write is not None:
            write(ApprovalFile(row.id, given))
    click.echo(f"Approved {len(given.items)} items for {minutes:g} minutes: supervise apply {row.name}")
    if out is not None:
        click.echo(f"For one use without a person: supervise apply {row.name} --approval {out}")
        click.echo(f"or, as a fresh run held to the plan: supervise run --approval {out}")
    return int(Exit.OK)


def _accept(plan: Plan, world: World) -> tuple[Accepted, ...]:
    """What has moved on since the rehearsal, shown as a diff: each item is asked for by itself."""
    for drift in world.files:
        click.echo(many_lines("\n".join(file_lines(drift))))
    for target in world.targets:
        click.echo(many_lines("\n".join(target_lines(target))))
    for line in not_known_lines(world.not_known):
        click.echo(one_line(line, 240))
    over = acceptable(plan, world)
    require_free(over)
    if over.items:
        click.echo(WAYS_ON)
    for n in over.items:
        if not click.confirm(f"Approve #{n} all the same, on what is there now?", default=False):
            raise UsageError("not approved; nothing was changed", cure=f"Rehearse again, or leave #{n} out.")
    return over.all


def _warn(plan: Plan, left: frozenset[int]) -> None:
    """Items that name something which was left out would be orphans: asked for by themselves."""
    for item in plan.orphans(left):
        missing = [n for n in item.depends_on if n in left]
        names = [name for n, name in zip(item.depends_on, item.because, strict=True) if n in missing]
        said = f"#{item.n} uses {one_line(', '.join(names), 80)}, which #{missing[0]} would have created"
        click.echo(f"ORPHAN {said}")
        if not click.confirm(f"Approve #{item.n} all the same?", default=False):
            raise UsageError("not approved; nothing was changed", cure=f"Leave #{item.n} out as well.")
