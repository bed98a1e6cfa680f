"""`supervise`: the table of commands, and the one place where errors become words and exit codes."""

from __future__ import annotations

import difflib
import gc
import importlib
import os
import sys
from typing import Any

import click

from supervisor import __version__
from supervisor.errors import Exit, SuperviseError

_COMMANDS = {
    "run": ("supervisor.cli.run", "Run a task under the gate."),
    "runs": ("supervisor.cli.past", "List runs, the newest first."),
    "show": ("supervisor.cli.past", "Open a run; --json prints it."),
    "attach": ("supervisor.cli.live", "Take over the agent's own terminal."),
    "message": ("supervisor.cli.live", "Send the agent of a run a message."),
    "resume": ("supervisor.cli.live", "Let a paused run go on."),
    "stop": ("supervisor.cli.live", "End a run."),
    "plan": ("supervisor.cli.plan", "Show what a run rehearsed and did not do."),
    "approve": ("supervisor.cli.approving", "Review a plan and approve it, at a terminal."),
    "apply": ("supervisor.cli.applying", "Do what was approved."),
    "undo": ("supervisor.cli.applying", "Put back the files of an apply."),
    "diff": ("supervisor.cli.shadow", "Show what a run changed in its shadow."),
    "clean": ("supervisor.cli.shadow", "Discard shadows, after asking."),
    "verify": ("supervisor.cli.past", "Check that the journal's history was not edited."),
    "export": ("supervisor.cli.past", "Print a run's events as JSON lines."),
    "explain": ("supervisor.cli.judge", "Say what a call would do, and why."),
    "profiles": ("supervisor.cli.judge", "List, show and check rule packs."),
    "allow": ("supervisor.cli.allow", "Let a folder's supervisor.toml loosen."),
    "doctor": ("supervisor.cli.doctor", "Prove the floors on this machine."),
    "demo": ("supervisor.cli.demo", "Play the story, with a scripted model."),
}


class _Commands(click.Group):
    """Knows every command's name and line of help without importing any of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS:
            near = difflib.get_close_matches(name, _COMMANDS, 1)
            hint = (
                f" Did you mean `supervise {near[0]}`?" if near else f" To run a task: supervise run {name!r}"
            )
            raise click.UsageError(f"no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_module, line) in _COMMANDS.items()])


@click.command(
    cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, "-V", "--version", prog_name="supervise", message="%(prog)s %(version)s")
@click.pass_context
def supervise(ctx: click.Context) -> None:
    """Run Claude Code under a gate: honest dry runs, and one deliberate act to go live.

    Without a command: the dashboard of all runs.
    """
    if ctx.invoked_subcommand is None:
        from supervisor.cli.past import dashboard

        ctx.exit(dashboard())


def main() -> None:
    """The console script. Every error ends here: words on stderr, one of the exit codes of `Exit`."""
    try:
        code: Any = supervise.main(standalone_mode=False)
    except SuperviseError as error:
        _complain(str(error), error.cure)
        sys.exit(int(error.code))
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        usage = f"Usage: {ctx.get_usage().removeprefix('Usage: ')}" if ctx is not None else ""
        _complain(error.format_message(), usage)
        sys.exit(int(Exit.USAGE))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(int(Exit.OK))
    finally:
        gc.freeze()  # Python looks through all there is before it ends, which is of no use here
    sys.exit(int(code) if isinstance(code, int) else int(Exit.OK))


def _complain(message: str, cure: str) -> None:
    click.echo(f"supervise: {message}" + (f"\n{cure}" if cure else ""), err=True)
