"""Commands that read the journal: runs, show, verify, export, and the dashboard."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
import msgspec

from supervisor.errors import Exit
from supervisor.journal.listing import find_run, list_runs, run_events
from supervisor.journal.rows import RunRow
from supervisor.places import places
from supervisor.runner.recover import recover
from supervisor.shadow.changed import changed
from supervisor.views.fold import fold
from supervisor.views.safe import one_line
from supervisor.views.show import iso, show_json

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


def dashboard() -> int:
    """`supervise` alone: the list of runs on a screen, or as text where there is no terminal."""
    here = places()
    recover(here)
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        _print_runs(list_runs(here.journal))
        return int(Exit.OK)
    from supervisor.app import run_app

    return run_app(None)


@click.command()
@as_json
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
def runs_command(as_json: bool, limit: int | None) -> None:
    """List runs, the newest first."""
    here = places()
    recover(here)
    rows = list_runs(here.journal, limit)
    if as_json:
        _dump([_row_data(row) for row in rows])
    else:
        _print_runs(rows)


@click.command()
@click.argument("run")
@as_json
def show_command(run: str, as_json: bool) -> None:
    """Open RUN (its name or id) on the screen; without a terminal, or with --json, print it."""
    here = places()
    recover(here)
    row = find_run(here.journal, run)
    if as_json:
        found = changed(here, row.id)
        data = show_json(fold(run_events(here.journal, row.id)))
        _dump(data | {"changes": found.data() if found is not None else []})
        return
    if sys.stdout.isatty() and sys.stdin.isatty():
        from supervisor.app import run_app

        raise click.exceptions.Exit(run_app(row.id))
    _print_run(row.id)


@click.command()
@click.argument("runs", nargs=-1)
@as_json
def verify_command(runs: tuple[str, ...], as_json: bool) -> int:
    """Check that history was not edited: the whole journal's hash chain, and the tables of RUNS (or all).

    Exit code 0: it holds. 3: it does not.
    """
    from supervisor.journal.verify import verify

    here = places()
    ids = [find_run(here.journal, run).id for run in runs] or None
    result = verify(here.journal, ids)
    if as_json:
        _dump({"ok": result.ok, **msgspec.to_builtins(result)})
    elif result.ok:
        click.echo(f"{result.events} events of {result.runs} runs: the chain holds. Head {result.head[:16]}")
    else:
        for problem in result.problems:
            click.echo(f"event {problem.seq}: {problem.kind.value}: {one_line(problem.detail)}")
        click.echo("History was edited or damaged. Nothing was changed by this check.", err=True)
    return int(Exit.OK if result.ok else Exit.HOOK_FAILURE)


@click.command()
@click.argument("runs", nargs=-1, required=True)
def export_command(runs: tuple[str, ...]) -> None:
    """Print every event of RUNS as one JSON line, with its hash."""
    from supervisor.journal.export import export

    here = places()
    shown = sys.stdout.isatty()
    for run in runs:
        row = find_run(here.journal, run)
        for line in export(here.journal, row.id):
            # byte for byte as it was hashed, but where a terminal would obey some of it
            plain = json.dumps(json.loads(line)).encode() if shown else line
            sys.stdout.buffer.write(plain.rstrip(b"\n") + b"\n")
    sys.stdout.flush()


def _row_data(row: RunRow) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(row)
    return {**data, "started": iso(row.started), "ended": iso(row.ended) if row.ended is not None else None}


def _dump(data: object) -> None:
    click.echo(json.dumps(data, indent=2))


def _print_runs(rows: list[RunRow]) -> None:
    if not rows:
        click.echo('No runs yet. Start one: supervise run "<task>"   Or look first: supervise demo')
        return
    for row in rows:
        counts = row.decisions
        state = row.ending.value if row.ending else row.state.value
        dry = "dry" if row.dry else "   "
        click.echo(
            f"{row.name:<16} {row.mode.value:<8} {state:<13} {dry} "
            f"{counts.real:>3} real {counts.simulated:>3} simulated {counts.blocked:>3} blocked "
            f"{row.alerts:>2} alerts  {one_line(row.label or row.task, 60)}"
        )


def _print_run(run_id: str) -> None:
    view = fold(run_events(places().journal, run_id))
    ending = f" ({view.ending.value})" if view.ending else ""
    click.echo(f"{view.name}: {one_line(view.task, 200)}")
    dry = "dry" if view.dry else "not dry"
    click.echo(f"{view.mode.value}, {view.state.value}{ending}, {dry}, fidelity {view.fidelity}")
    for n in view.floors_missing:
        click.echo(f"floor {n}: {one_line(view.floors[n], 300)}")
    for note in view.notes:
        click.echo(f"- {one_line(note, 300)}")
    for alert in view.alerts:
        click.echo(f"! {alert.kind.value}: {one_line(alert.detail, 300)}")
    for call in view.calls:
        outcome = call.outcome.value if call.outcome else "…"
        target = one_line(", ".join(call.targets), 120)
        click.echo(
            f"#{call.n:<4} {call.decision.value:<10} {outcome:<13} {one_line(call.tool, 30):<12} {target}"
        )
