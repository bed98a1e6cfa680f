"""`supervise run`: the main job."""

from __future__ import annotations

import uuid
from pathlib import Path

import click

from supervisor.cli.closed import OneOf
from supervisor.errors import UsageError
from supervisor.policy import Mode
from supervisor.runner.start import Upcoming


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
    basis = None
    if plan is not None or approval is not None:
        from supervisor.cli.guarding import basis_of  # with all that reads plans

        basis = basis_of(plan, approval, Mode(mode) if mode else None, cwd)
    folder = Path(basis.row.cwd) if basis is not None else cwd or Path()
    task = task or (basis.row.task if basis is not None else "")
    if not task.strip():
        raise UsageError("the task is empty", cure='Say what to do: supervise run "<task>"')
    with Upcoming(script, folder.resolve()) as runner:  # it loads while all else is loaded and looked at
        from supervisor.cli.going import go, no_screen, screen_size
        from supervisor.cli.launching import Wish

        wish = Wish(
            task=task,
            headless=no_screen(headless),
            mode=Mode.LIVE if basis is not None else Mode(mode) if mode else None,
            profiles=profiles,
            cwd=folder,
            claude=claude,
            script=script,
            label=label,
            session_id=str(uuid.uuid4()),
            size=screen_size(),
            accept_missing=accept,
            basis=basis,
        )
        return go(wish, runner, unattended=approval is not None)
