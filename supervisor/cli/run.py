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
from supervisor.cli.launching import Wish, prepare
from supervisor.errors import Exit, UsageError
from supervisor.journal.events import RunEnded
from supervisor.policy import Mode
from supervisor.runner.control import ControlClient
from supervisor.runner.follow import follow
from supervisor.runner.progress import Progress
from supervisor.runner.spec import RunSpec
from supervisor.runner.start import start_runner


@click.command()
@click.argument("task")
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
@click.option("--cwd", type=click.Path(path_type=Path), default=Path(), help="The run's folder. [here]")
@click.option("--claude", "claude", help="The claude to launch. [PATH]")
@click.option("--script", type=click.Path(path_type=Path), help="Play FILE instead of asking a model.")
@click.option(
    "--accept-missing-containment", "accept", is_flag=True, help="Run where this machine cannot give floor 4."
)
@click.option("--label", default="", help="A name for lists, beside the task.")
def run_command(
    task: str,
    headless: bool,
    mode: str | None,
    profiles: tuple[str, ...],
    cwd: Path,
    claude: str | None,
    script: Path | None,
    label: str,
    accept: bool,
) -> int:
    """Launch Claude Code on TASK under the gate.

    In a terminal its screen opens; the run outlives it. Without one, or with --headless, progress goes to
    stderr and the agent's last word to stdout.

    Exit codes: 0 ok, 1 agent failed, 2 usage, 3 hook failure, 4 blocked or denied writes left,
    5 containment refused.
    """
    if not task.strip():
        raise UsageError("the task is empty", cure='Say what to do: supervise run "<task>"')
    headless = headless or not (sys.stdin.isatty() and sys.stdout.isatty())
    size = shutil.get_terminal_size()
    wish = Wish(
        task=task,
        headless=headless,
        mode=Mode(mode) if mode else None,
        profiles=profiles,
        cwd=cwd,
        claude=claude,
        script=script,
        label=label,
        session_id=str(uuid.uuid4()),
        size=(size.lines, size.columns),
        accept_missing=accept,
    )
    spec = prepare(wish)
    if spec.mode is Mode.LIVE:
        _confirm_live(spec)
    pid = start_runner(spec)
    if headless:
        return asyncio.run(_stay(spec, pid))
    from supervisor.app import run_app

    return run_app(spec.run_id)


def _confirm_live(spec: RunSpec) -> None:
    """Live is one deliberate act: the name is typed, never one key."""
    if spec.headless:
        raise UsageError(
            "a live run needs a person at a terminal", cure="Rehearse it: --mode dry-run is the default."
        )
    click.echo(f"This run is LIVE: workspace writes are real, other writes wait for you. Folder: {spec.cwd}")
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
                click.echo(recorded.event.result)
    return code
