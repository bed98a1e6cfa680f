"""Commands about judging calls: explain, profiles."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.cli.past import as_json
from supervisor.config import load, own_paths, remembered
from supervisor.effects import Judgement, Surroundings, ToolCall
from supervisor.effects.classifier import Classifier
from supervisor.effects.explain import as_data, as_text
from supervisor.errors import Exit, UsageError
from supervisor.places import places
from supervisor.policy import RunState, decide
from supervisor.runner.files import LocalFiles
from supervisor.runner.rules import pack_files, read_book
from supervisor.runner.trust import trust
from supervisor.session.settings import mcp_servers, own_servers


class _Explainer:
    """Judges and decides as a fresh run in this folder would."""

    def __init__(self, cwd: Path) -> None:
        here, home = places(), Path.home()
        self._found = load(here, cwd)
        config = self._found.config
        own = own_paths(here, cwd)
        self._rulings = config.rulings(own=own.own, own_writes=own.own_writes, guarded=own.guarded)
        self._classifier = Classifier(read_book(config.profiles, here.config / "profiles"))
        trusted = trust(config.mcp.trusted, mcp_servers(home, cwd), own_servers(home, cwd))
        self._where = Surroundings(
            cwd=str(cwd),
            workspace=str(cwd),
            home=str(home),
            files=LocalFiles(os.environ.get("PATH", "")),
            trusted_mcp=frozenset(trusted.servers),
        )
        self._state = RunState(config.mode)

    def judge(self, call: ToolCall) -> Judgement:
        """What the call would do."""
        judgement = self._classifier.judge(call, self._where)
        return remembered(call, judgement, self._found.config.reads, self._rulings)

    def data(self, call: ToolCall) -> dict[str, Any]:
        """Effect and decision as plain data."""
        judgement = self.judge(call)
        return as_data(judgement, decide(judgement, self._state, self._rulings).kind.value)

    def text(self, call: ToolCall) -> str:
        """Effect and decision as a small tree."""
        judgement = self.judge(call)
        return as_text(call, judgement, decide(judgement, self._state, self._rulings).kind.value)


@click.command()
@click.option("--bash", "command", metavar="CMD", help="A command line, as the Bash tool would get it.")
@click.option("--tool", metavar="NAME", help="A tool by its name; with --input.")
@click.option("--input", "tool_input", metavar="JSON", help="The tool's input.")
@click.option(
    "--jsonl", is_flag=True, help='Lines of {"tool_name", "tool_input"} on stdin, one answer a line.'
)
@click.option("--cwd", type=click.Path(path_type=Path), default=Path(), help="Where the call happens. [here]")
@as_json
def explain_command(
    command: str | None, tool: str | None, tool_input: str | None, jsonl: bool, cwd: Path, as_json: bool
) -> int:
    """Say what a call would do, to what, by which rule, and what a fresh run here would decide."""
    if sum((command is not None, tool is not None, jsonl)) != 1:
        raise UsageError("say one of --bash CMD, --tool NAME --input JSON, or --jsonl")
    explainer = _Explainer(cwd.resolve())
    if jsonl:
        for call in _calls(sys.stdin.buffer):
            answer = explainer.data(call) if isinstance(call, ToolCall) else {"error": call}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
        return int(Exit.OK)
    call = ToolCall("Bash", {"command": command}) if command is not None else _one(tool or "", tool_input)
    if as_json:
        click.echo(json.dumps(explainer.data(call), indent=2))
    else:
        click.echo(explainer.text(call))
    return int(Exit.OK)


def _calls(lines: Any) -> Iterator[ToolCall | str]:
    """Each line as a call, or what is wrong with it; a bad line answers for itself and stops nothing."""
    for number, line in enumerate(lines, 1):
        try:
            data = json.loads(line)
            yield ToolCall(str(data["tool_name"]), dict(data["tool_input"]))
        except (ValueError, KeyError, TypeError) as cause:
            yield f"line {number}: not a call: {cause!r}"


def _one(tool: str, tool_input: str | None) -> ToolCall:
    try:
        data = json.loads(tool_input or "{}")
    except ValueError as cause:
        raise UsageError(f"--input: not JSON: {cause}") from cause
    if not isinstance(data, dict):
        raise UsageError("--input: must be a JSON object")
    return ToolCall(tool, data)


@click.group()
def profiles_command() -> None:
    """Rule packs: what programs and tools do."""


@profiles_command.command("list")
@as_json
def profiles_list(as_json: bool) -> None:
    """List the rule packs in force, with the hash of them all."""
    here = places()
    config = load(here, Path().resolve()).config
    book = read_book(config.profiles, here.config / "profiles")
    if as_json:
        packs = [{"name": name, "version": version, "file": file} for name, version, file in book.packs]
        click.echo(json.dumps({"profile": book.digest, "packs": packs}, indent=2))
        return
    for name, version, file in book.packs:
        click.echo(f"{name:<20} {version:<8} {file}")
    click.echo(f"in force: {book.digest}")


@profiles_command.command("show")
@click.argument("name")
def profiles_show(name: str) -> None:
    """Print the rule pack NAME."""
    shipped, own = pack_files([name], places().config / "profiles")
    for file in (*shipped, *own):
        click.echo(file.read_text(encoding="utf-8"))


@profiles_command.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def profiles_check(files: tuple[Path, ...]) -> None:
    """Check FILES, or all packs in force: the first mistake is named with file, line and field."""
    from supervisor.effects.profiles import compile_packs

    if files:
        book = compile_packs([(str(file), file.read_text(encoding="utf-8")) for file in files])
    else:
        book = read_book((), places().config / "profiles")
    click.echo(f"{len(book.packs)} packs, {len(book.programs)} programs: no mistake found ({book.digest})")
