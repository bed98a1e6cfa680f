"""After the approval: apply, go on live, undo."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from supervisor.cli.going import go, no_screen, screen_size
from supervisor.cli.guarding import drift_shown, offered_approval
from supervisor.cli.launching import Wish
from supervisor.cli.past import as_json
from supervisor.errors import Exit, UsageError
from supervisor.journal.events import Outcome, PlanApproved
from supervisor.journal.listing import find_run
from supervisor.journal.rows import RunRow
from supervisor.places import Places, places
from supervisor.plan.apply import Applied
from supervisor.plan.drift import NotKnown, not_known_lines
from supervisor.policy import Mode
from supervisor.runner.applying import commands_done, take_back, use_approval
from supervisor.runner.approving import newest_approval
from supervisor.runner.going_live import applied_basis, require_applied
from supervisor.runner.recover import recover
from supervisor.runner.spec import load_spec
from supervisor.runner.start import Upcoming
from supervisor.runner.this_process import outsider, person
from supervisor.views.safe import many_lines, one_line


@click.command()
@click.argument("run")
@click.option(
    "--approval", type=click.Path(path_type=Path), help="Without a person: FILE of `approve --out`."
)
@click.option("--continue", "go_on", is_flag=True, help="Then let the conversation go on, live.")
@click.option("--headless", is_flag=True, help="With --continue: no screen.")
@click.option(
    "--script", type=click.Path(path_type=Path), help="With --continue: another FILE than the rehearsal's."
)
@as_json
def apply_command(
    run: str, approval: Path | None, go_on: bool, headless: bool, script: Path | None, as_json: bool
) -> int:
    """Do what was approved of RUN: its files in one pass, then its commands and calls in order.

    The first failure stops it. With --continue the same conversation then goes on in the real folder, and the
    agent is told which of its writes are real: workspace writes are real from there on, every other write
    waits for you. Give it again after a plain apply to go on from that one.

    Exit codes: 0 all done, 4 something was left, 2 not approved; with --continue those of `run`.
    """
    if as_json and go_on:
        raise UsageError("--json is of the apply alone; a conversation that goes on is told by `show --json`")
    here = places()
    recover(here)
    row = find_run(here.journal, run)
    offered = None
    if approval is None:
        person(here)
    else:
        outsider(here)
        row, offered = offered_approval(approval, run)
    failed = False
    if not (go_on and offered is None and _applied_already(here, row)):
        failed = _apply(here, row, offered, as_json)
    if failed and (not go_on or offered is not None):
        click.echo(
            f"Stopped at the first failure. Files can be put back: supervise undo {row.name}", err=True
        )
        return int(Exit.DENIED_WRITES_LEFT)
    return _go_on(here, row, offered, headless, script) if go_on else int(Exit.OK)


def _applied_already(here: Places, row: RunRow) -> bool:
    """The newest approval was used by an apply that the conversation can go on from."""
    newest, used = newest_approval(here, row)
    return newest is not None and newest.nonce in used and applied_basis(here, row) is not None


def _apply(here: Places, row: RunRow, offered: PlanApproved | None, as_json: bool) -> bool:
    """Whether something failed."""

    def progress(done: int, whole: int) -> None:
        if sys.stderr.isatty() and (done == whole or done % 50 == 0):
            click.echo(f"\rstaging {done}/{whole} files", nl=done == whole, err=True)

    def unseen(targets: tuple[NotKnown, ...]) -> None:
        for line in not_known_lines(targets):
            click.echo(one_line(line, 240), err=True)

    with drift_shown():
        steps = use_approval(here, row, progress, offered, unseen)
        return _dump(steps) if as_json else _say_each(steps)


def _dump(steps: Iterator[Applied]) -> bool:
    """One array, once all is over: the items that were reached, in order."""
    told = [
        {"n": each.item.n, "target": each.item.target, "outcome": each.outcome.value, "result": each.result}
        for each in steps
    ]
    click.echo(json.dumps(told, indent=2))
    return any(each["outcome"] != Outcome.EXECUTED.value for each in told)


def _say_each(steps: Iterator[Applied]) -> bool:
    failed = False
    for applied in steps:
        click.echo(f"#{applied.item.n} {applied.outcome.value}: {one_line(applied.item.target, 100)}")
        if applied.outcome is not Outcome.EXECUTED:
            failed = True
            click.echo(many_lines(applied.result))
    return failed


def _go_on(
    here: Places, row: RunRow, offered: PlanApproved | None, headless: bool, script: Path | None
) -> int:
    basis = require_applied(here, row)
    before = load_spec(here.run_state(row.id) / "spec.json")
    wish = Wish(
        task=row.task,
        headless=no_screen(headless),
        mode=Mode.LIVE,
        profiles=before.profiles,
        cwd=Path(row.cwd),
        claude=before.claude_path,
        script=script or (Path(before.script) if before.script else None),
        label=row.label,
        session_id=row.session_id,
        size=screen_size(),
        basis=basis,
    )
    with Upcoming(wish.script, wish.cwd) as runner:
        return go(wish, runner, unattended=offered is not None)


@click.command()
@click.argument("run")
def undo_command(run: str) -> int:
    """Put back the files that the newest apply of RUN changed; commands and calls are only listed."""
    here = places()
    recover(here)
    row = find_run(here.journal, run)
    by = person(here)
    if drift := take_back(here, row, by):
        for each in drift:
            click.echo(f"DRIFT  {one_line(each.path)} has changed since the apply")
        raise UsageError("nothing was undone", cure="Put these back as the apply left them, or by hand.")
    click.echo(f"{row.name}: all files are as they were before the apply")
    if done := commands_done(here, row):
        click.echo("These were really done and cannot be taken back from here; nothing is run by itself:")
        for line in done:
            click.echo(f"  {one_line(line, 160)}")
    return int(Exit.OK)
