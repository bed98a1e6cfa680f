"""Commands that speak to a runner: attach, message, resume, stop."""

from __future__ import annotations

import asyncio
import sys

import click

from supervisor.errors import Exit, RunnerGoneError, UsageError
from supervisor.journal.listing import find_run
from supervisor.journal.rows import RunRow
from supervisor.places import places
from supervisor.runner.control import ControlClient
from supervisor.runner.recover import end_silent, has_runner, recover

_STOP_TIMEOUT_S = 20.0


def _reach(run: str) -> tuple[RunRow, ControlClient]:
    here = places()
    recover(here)
    row = find_run(here.journal, run)
    if row.ended is not None:
        raise RunnerGoneError(f"{row.name} has ended ({row.ending.value if row.ending else 'ended'})")
    return row, ControlClient(here.run_runtime(row.id) / "control.sock")


@click.command()
@click.argument("run")
def attach_command(run: str) -> int:
    """Take over Claude Code's own terminal in RUN; Ctrl-\\ brings you back.

    The gate decides every call as before, also those that follow from what you type there.
    """
    from supervisor.session.attach import attach

    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError("attach needs a terminal")
    row, client = _reach(run)
    back = asyncio.run(attach(client.attach, client.resize))
    words = "back; the run goes on" if back else "the run let go of its terminal"
    click.echo(f"{row.name}: {words}", err=True)
    return int(Exit.OK)


@click.command()
@click.argument("run")
@click.argument("text")
def message_command(run: str, text: str) -> None:
    """Send the agent of RUN the message TEXT."""
    _row, client = _reach(run)
    asyncio.run(client.message(text))


@click.command()
@click.argument("run")
def resume_command(run: str) -> None:
    """Let RUN go on, which a hook failure has paused; refused while what broke is still broken."""
    _row, client = _reach(run)
    asyncio.run(client.resume())


@click.command()
@click.argument("run")
def stop_command(run: str) -> None:
    """End RUN: Claude Code and everything it started."""
    row, client = _reach(run)

    async def stop() -> None:
        try:
            await client.stop()
        except RunnerGoneError:
            why = "the gate did not answer; the operator ended its runner, nothing went through"
            end_silent(places(), row.id, row.runner_pid, why)
            return
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            while has_runner(places(), row.id):
                await asyncio.sleep(0.05)

    try:
        asyncio.run(stop())
    except TimeoutError as cause:
        raise RunnerGoneError(
            f"the runner of {row.name} does not end", cure=f"kill {row.runner_pid}"
        ) from cause
    click.echo(f"{row.name}: stopped", err=True)
