"""From what the operator asked to a run that is under way, and its end."""

from __future__ import annotations

import shutil
import sys

import click

from supervisor.cli.copying import copy_folder
from supervisor.cli.launching import Wish, prepare
from supervisor.errors import UsageError
from supervisor.policy import Mode
from supervisor.runner.spec import RunSpec
from supervisor.runner.start import Upcoming
from supervisor.runner.this_process import outsider


def no_screen(headless: bool) -> bool:
    """Whether a run gets no screen: it was said, or there is no terminal to draw it in."""
    return headless or not (sys.stdin.isatty() and sys.stdout.isatty())


def screen_size() -> tuple[int, int]:
    """Rows and columns of the terminal."""
    size = shutil.get_terminal_size()
    return size.lines, size.columns


def go(wish: Wish, runner: Upcoming, *, unattended: bool) -> int:
    """Start the run that is wished for and stay with it. Returns the exit code of the command.

    Args:
        runner: which is to run it.
        unattended: an approval file speaks for the operator: nobody is asked.
    """
    spec = prepare(wish)
    by = outsider(spec.places)
    if spec.mode is Mode.LIVE and not unattended:
        _confirm_live(spec)
    if wish.basis is not None:
        from supervisor.runner.going_live import claim  # with all that reads plans, which few runs need

        claim(spec.places, wish.basis, spec.run_id, spec.name, by)
    copy_folder(spec)
    pid = runner.begin(spec)
    if spec.headless:
        from supervisor.cli.staying import stay  # loaded only now: the run need not wait for it

        return stay(spec, pid, runner.ended)
    from supervisor.app import run_app

    return run_app(spec.run_id)


def _confirm_live(spec: RunSpec) -> None:
    """Live is one deliberate act: the name is typed, never one key."""
    if not sys.stdin.isatty() or (spec.headless and not spec.rehearsal):
        raise UsageError(
            "a live run without a person at its screen needs an approval",
            cure="Rehearse it, then: supervise approve --out FILE RUN, and --approval FILE here.",
        )
    writes = "workspace writes are real" if spec.expected is None else "the writes of its plan are real"
    click.echo(f"This run is LIVE: {writes}, other writes wait for you. Folder: {spec.cwd}")
    typed = click.prompt(f"Type the run's name to confirm ({spec.name})", default="", show_default=False)
    if typed.strip() != spec.name:
        raise UsageError("not confirmed; nothing was started")
