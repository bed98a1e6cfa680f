"""`supervise run` in a terminal, up to where its screen would open: the runner is started and left alone.

Arguments are those of `supervise run`.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

import click

from supervisor.cli.launching import Wish, prepare
from supervisor.cli.run import run_command
from supervisor.errors import SuperviseError
from supervisor.policy import Mode
from supervisor.runner.start import start_runner


def main() -> int:
    """Start the run; 0 once Claude Code was launched under a proven gate."""
    given = run_command.make_context("run", sys.argv[1:]).params
    wish = Wish(
        task=given["task"],
        headless=False,
        mode=Mode(given["mode"]) if given["mode"] else None,
        profiles=given["profiles"],
        cwd=Path(given["cwd"]),
        claude=given["claude"],
        script=given["script"],
        label=given["label"],
        session_id=str(uuid.uuid4()),
        size=(40, 120),
    )
    try:
        start_runner(prepare(wish))
    except SuperviseError as error:
        click.echo(f"{error} {error.cure}", err=True)
        return int(error.code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
