"""`supervise doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from supervisor.cli.past import as_json
from supervisor.doctor import examine
from supervisor.errors import Exit
from supervisor.places import places

_MARKS = {True: "ok     ", False: "BROKEN ", None: "missing"}


@click.command()
@as_json
@click.option("--claude", "claude", help="The claude to examine. [PATH]")
def doctor_command(as_json: bool, claude: str | None) -> int:
    """Prove the floors on this machine, with this claude, by breaking each in turn.

    Exit code 0: all that a run needs holds. 3: something is broken.
    """
    checks = []
    for check in examine(places(), claude):
        checks.append(check)
        if not as_json:
            click.echo(f"{_MARKS[check.ok]}  {check.name}: {check.detail}")
            if check.cure:
                click.echo(f"         {check.cure}")
    broken = any(check.ok is False for check in checks)
    if as_json:
        click.echo(json.dumps({"ok": not broken, "checks": [asdict(check) for check in checks]}, indent=2))
    return int(Exit.HOOK_FAILURE if broken else Exit.OK)
