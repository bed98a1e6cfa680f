"""`supervise plan`."""

from __future__ import annotations

import json
import shlex

import click

from supervisor.cli.past import as_json
from supervisor.errors import Exit
from supervisor.journal.events import Probe
from supervisor.journal.listing import find_run
from supervisor.places import places
from supervisor.plan.model import Item, ItemKind, Plan
from supervisor.plan.read import plan_data, read_plan
from supervisor.shadow.changed import changed
from supervisor.shadow.changes import Change
from supervisor.views.safe import many_lines, one_line

_WIDTH = 160


@click.command()
@click.argument("run")
@as_json
def plan_command(run: str, as_json: bool) -> int:
    """Show what RUN rehearsed and did not do: its simulated writes in order, and what depends on what."""
    here = places()
    row = find_run(here.journal, run)
    plan = read_plan(here, row.id, row.cwd)
    found = changed(here, row.id)

    def diff(change: Change) -> str:
        return found.diff(change) if found is not None else ""

    if as_json:
        click.echo(json.dumps(plan_data(plan, diff), indent=2))
        return int(Exit.OK)
    for line in plan_lines(plan):
        click.echo(line)
    for item in plan.items:
        for change in item.changes:
            click.echo(f"\n#{item.n} {change.kind.value} {one_line(change.path)}")
            click.echo(many_lines(diff(change)))
    return int(Exit.OK)


def plan_lines(plan: Plan) -> list[str]:
    """The plan as lines: each item, and under it what it depends on."""
    if not plan.items:
        return ["The plan is empty: nothing was simulated.", *map(_offer, plan.offered)]
    lines = [f"{len(plan.items)} items, digest {plan.digest[:16]}"]
    if plan.diverged_at:
        lines.append(f"From #{plan.diverged_at} on the agent did not see what live would show: a guess.")
    for item in plan.items:
        marks = " (guess)" if item.guess else ""
        marks += " (ran without network, may have wanted more)" if item.cut else ""
        lines.append(f"#{item.n:<4} {item.kind.value:<8} {_what(item)}{marks}")
        for n, name in zip(item.depends_on, item.because, strict=True):
            lines.append(f"      uses {one_line(name, 80)}, created by #{n}")
        if item.kind is not ItemKind.FILES:
            lines += [
                f"      takes {one_line(path, 80)}, which #{n} changes later: it finds it as #{n} leaves it"
                for n, path in item.overtaken
            ]
        lines += [f"      reverse: {one_line(each, _WIDTH)}" for each in item.reverse]
        lines += [f"      seen by {_look(probe)}" for probe in item.probes]
    lines += map(_offer, plan.offered)
    if unseen := [f"#{item.n}" for item in plan.items if item.kind is not ItemKind.FILES and not item.probes]:
        named = one_line(", ".join(unseen), _WIDTH)
        lines.append(f"No probe looks at the targets of {named}: whether they change is not known.")
    return lines


def _offer(item: Item) -> str:
    """A command that is no part of the plan unless it is chosen."""
    return (
        f"#{item.n:<4} offered  {_command(item)} (ran without network, changed no file: --for-real {item.n})"
    )


def _look(probe: Probe) -> str:
    """A probe and whether it told anything."""
    if probe.trouble:
        return one_line(f"nobody, so its state is not known: {probe.trouble}", _WIDTH)
    return one_line(shlex.join(probe.command), _WIDTH)


def _what(item: Item) -> str:
    if item.kind is ItemKind.FILES:
        shown = ", ".join(f"{change.kind.value} {change.path}" for change in item.changes[:4])
        more = f" and {len(item.changes) - 4} more" if len(item.changes) > 4 else ""
        return one_line(shown, _WIDTH) + more
    return _command(item)


def _command(item: Item) -> str:
    command = item.input.get("command")
    text = (
        command if isinstance(command, str) else f"{item.target} {json.dumps(item.input, ensure_ascii=False)}"
    )
    return one_line(f"(in {item.folder}) {text}" if item.folder else text, _WIDTH)
