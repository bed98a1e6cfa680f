"""`supervise allow`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import msgspec

from supervisor.cli.past import as_json
from supervisor.config import AllowStore, pending
from supervisor.errors import Exit, UsageError
from supervisor.places import places
from supervisor.runner.this_process import outsider
from supervisor.views.safe import many_lines, one_line


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default=Path(), metavar="[DIR]")
@as_json
def allow_command(directory: Path, as_json: bool) -> int:
    """Show what the supervisor.toml of DIR would loosen, and ask whether it may.

    The answer holds for exactly this content; any change to the file asks anew. What tightens needs no
    permission. With --json it is only shown: nothing is asked or allowed.
    """
    here = places()
    outsider(here)
    waiting = pending(here, directory.resolve())
    if waiting is None:
        raise UsageError(f"{directory.resolve()} has no supervisor.toml")
    if as_json:
        told: dict[str, object] = {"path": str(waiting.path), "sha256": waiting.sha256}
        told |= {"allowed": waiting.allowed, "loosens": msgspec.to_builtins(waiting.loosens)}
        click.echo(json.dumps(told, indent=2))
        return int(Exit.OK)
    if not waiting.loosens:
        click.echo(f"{waiting.path} loosens nothing; there is nothing to allow.")
        return int(Exit.OK)
    if waiting.allowed:
        click.echo(f"{waiting.path} is allowed as it is.")
        return int(Exit.OK)
    click.echo(many_lines(waiting.text))
    click.echo(f"\n{waiting.path} would loosen:")
    for each in waiting.loosens:
        click.echo(f"  line {each.line}: {one_line(each.sentence)}")
    if not sys.stdin.isatty():
        raise UsageError("not allowed: only a person at a terminal can allow it")
    if not click.confirm("Allow exactly this file?", default=False):
        click.echo("Not allowed; a run goes on ignoring these lines.")
        return int(Exit.USAGE)
    AllowStore(here.allowed).allow(waiting.path, waiting.sha256)
    click.echo("Allowed.")
    return int(Exit.OK)
