"""`supervise run`: the main job."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import uuid
from pathlib import Path

import click

from supervisor.cli.closed import OneOf
from supervisor.cli.copying import copy_folder
from supervisor.cli.guarding import basis_of
from supervisor.cli.launching import Wish, prepare
from supervisor.errors import Exit, UsageError
from supervisor.journal.events import RunEnded
from supervisor.policy import Mode
from supervisor.runner.approving import outsider
from supervisor.runner.control import ControlClient
from supervisor.runner.follow import follow
from supervisor.runner.going_live import claim
from supervisor.runner.progress import Progress
from supervisor.runner.spec import RunSpec
from supervisor.runner.start import start_runner
from supervisor.views.safe import many_lines


@click.command()
@click.argument("task", default="")
@click.option("--headless", is_flag=True, help="No screen: progress on stderr, the result on stdout.")
@click.option(
    "--mode",
    type=OneOf(mode.value for mode in Mode),
    metavar="|".join(mode.value for mode in Mode),
    help="How writes are treated. [config: dry-run]",
)
@click.option(
    "--profile", "profiles", multiple=True, help="A rule pack on top of those in force; repeatable."
)
@click.option("--cwd", type=click.Path(path_type=Path), help="The run's folder. [here]")
@click.option("--claude", "claude", help="The claude to launch. [PATH]")
@click.option("--script", type=click.Path(path_type=Path), help="Play FILE instead of asking a model.")
@click.option(
    "--accept-missing-containment", "accept", is_flag=True, help="Run where this machine cannot give floor 4."
)
@click.option("--label", default="", help="A name for lists, beside the task.")
@click.option(
    "--plan", metavar="RUN", help="Live, held to the approved plan of RUN; its task is the default."
)
@click.option(
    "--approval", type=click.Path(path_type=Path), help="The same without a person: FILE of `approve --out`."
)
def run_command(
    task: str,
    headless: bool,
    mode: str | None,
    profiles: tuple[str, ...],
    cwd: Path | None,
    claude: str | None,
    script: Path | None,
    label: str,
    accept: bool,
    plan: str | None,
    approval: Path | None,
) -> int:
    """Launch Claude Code on TASK under the gate.

    In a terminal its screen opens; the run outlives it. Without one, or with --headless, progress goes to
    stderr and the agent's last word to stdout.

    Exit codes: 0 ok, 1 agent failed, 2 usage, 3 hook failure, 4 blocked or denied writes left,
    5 containment refused.
    """
    basis = basis_of(plan, approval, Mode(mode) if mode else None, cwd)
    task = task or (basis.row.task if basis is not None else "")
    if not task.strip():
        raise UsageError("the task is empty", cure='Say what to do: supervise run "<task>"')
    headless = no_screen(headless)
    wish = Wish(
        task=task,
        headless=headless,
        mode=Mode.LIVE if basis is not None else Mode(mode) if mode else None,
        profiles=profiles,
        cwd=Path(basis.row.cwd) if basis is not None else cwd or Path(),
        claude=claude,
        script=script,
        label=label,
        session_id=str(uuid.uuid4()),
        size=screen_size(),
        accept_missing=accept,
        basis=basis,
    )
    return go(wish, unattended=approval is not None)


def no_screen(headless: bool) -> bool:
    """Whether a run gets no screen: it was said, or there is no terminal to draw it in."""
    return headless or not (sys.stdin.isatty() and sys.stdout.isatty())


def screen_size() -> tuple[int, int]:
    """Rows and columns of the terminal."""
    size = shutil.get_terminal_size()
    return size.lines, size.columns


def go(wish: Wish, *, unattended: bool) -> int:
    """Start the run that is wished for and stay with it. Returns the exit code of the command.

    Args:
        unattended: an approval file speaks for the operator: nobody is asked.
    """
    spec = prepare(wish)
    by = outsider(spec.places)
    if spec.mode is Mode.LIVE and not unattended:
        _confirm_live(spec)
    if wish.basis is not None:
        claim(spec.places, wish.basis, spec.run_id, spec.name, by)
    copy_folder(spec)
    pid = start_runner(spec)
    if spec.headless:
        return asyncio.run(_stay(spec, pid))
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


async def _stay(spec: RunSpec, pid: int) -> int:
    """Be the foreground of a headless run: say what happens, pass signals on, end as it ends."""
    from supervisor.places import places

    client = ControlClient(spec.control_socket)
    loop = asyncio.get_running_loop()
    stops: set[asyncio.Task[None]] = set()

    def stop() -> None:
        task = asyncio.ensure_future(client.stop())
        stops.add(task)
        task.add_done_callback(stops.discard)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    progress = Progress()
    code = int(Exit.HOOK_FAILURE)

    def unjournaled(alert: str) -> None:
        click.echo(progress.unjournaled(alert), err=True)

    async for recorded in follow(places(), spec.run_id, pid, spec.deadline_s, unjournaled):
        for line in progress.lines(recorded):
            click.echo(line, err=True)
        if isinstance(recorded.event, RunEnded):
            code = recorded.event.exit_code
            if recorded.event.result:
                _say(recorded.event.result)
    return code


def _say(result: str) -> None:
    """The agent's last word: as it is where a program reads it, made safe where a terminal does."""
    if sys.stdout.isatty():
        whole = len(result) + 1
        result = many_lines(result, lines=whole, line_limit=whole, limit=2 * whole)
    click.echo(result, color=True)
