"""The foreground of a headless run."""

from __future__ import annotations

import asyncio
import signal
import sys

import click

from supervisor.errors import Exit
from supervisor.journal.events import RunEnded
from supervisor.places import places
from supervisor.runner.control import ControlClient
from supervisor.runner.follow import follow
from supervisor.runner.progress import Progress
from supervisor.runner.spec import RunSpec
from supervisor.views.safe import many_lines


def stay(spec: RunSpec, pid: int, ended: int) -> int:
    """Be the foreground of a headless run: say what happens, pass signals on, end as it ends.

    Args:
        pid: of its runner.
        ended: a descriptor that becomes readable when the runner ends.

    Returns:
        The run's exit code.
    """
    return asyncio.run(_stay(spec, pid, ended))


async def _stay(spec: RunSpec, pid: int, ended: int) -> int:
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

    async for recorded in follow(places(), spec.run_id, pid, spec.deadline_s, unjournaled, ended):
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
