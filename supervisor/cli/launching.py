"""From what the operator asked to one whole run spec: everything that can be wrong is found before anything
starts."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from supervisor.config import load, own_paths, start_lines
from supervisor.errors import ContainmentError, UsageError
from supervisor.journal.writer import Journal
from supervisor.places import Places, places, private_dir
from supervisor.policy import Mode
from supervisor.runner.offer import GIANT_BYTES, Offer, offer
from supervisor.runner.recover import recover
from supervisor.runner.spec import RunSpec
from supervisor.session.find import find_claude
from supervisor.session.script import load_script
from supervisor.shadow.backend import UNLIKE_LIVE
from supervisor.shadow.limit import scarce
from supervisor.shadow.world import config_folder, transcripts_folder

if TYPE_CHECKING:
    from supervisor.runner.going_live import Basis


@dataclass(frozen=True)
class Wish:
    """What the operator asked for. Fields are those of `supervise run`; `None` means not said.

    Attributes:
        session_id: Claude Code's session id for the run.
        size: rows and columns of the terminal.
        accept_missing: the operator accepts a run without a part of the containment.
        basis: the rehearsal that a live run goes on from or is held to; None for any other run.
    """

    task: str
    headless: bool
    mode: Mode | None
    profiles: tuple[str, ...]
    cwd: Path
    claude: str | None
    script: Path | None
    label: str
    session_id: str
    size: tuple[int, int]
    accept_missing: bool = False
    basis: Basis | None = None


def prepare(wish: Wish) -> RunSpec:
    """The spec of a run that can be started.

    Raises:
        SuperviseError: whatever stands in the way: folder, configuration, rule pack, script, claude, journal.
    """
    here = places()
    cwd = wish.cwd.resolve()
    if not cwd.is_dir():
        raise UsageError(f"--cwd {wish.cwd}: no such folder")
    found = load(here, cwd, mode=wish.mode, profiles=wish.profiles)
    config = found.config
    if wish.script is not None:
        load_script(wish.script)
    claude = find_claude(wish.claude)
    private_dir(here.state)
    recover(here)
    with Journal.open(here.journal) as journal:
        name = journal.new_run_name()
    run_id = secrets.token_hex(8)
    keep, runtime = here.run_state(run_id), _runtime(here, run_id)
    held = offer(here, cwd, config.mode, config.shadow.backend, config.network.hosts)
    if held.missing and not wish.accept_missing:
        _ask_about_missing(wish, held)
    accepted = [f"missing and accepted: {line}" for line in held.missing]
    room = scarce(here.state, config.shadow.size_limit_mb) if held.backend is not None else ()
    unlike = [UNLIKE_LIVE[held.backend]] if held.backend is not None else []
    own = own_paths(here, cwd)
    lent = (str(keep / "home"), str(keep / "user-memory"))
    basis = wish.basis
    if basis is not None and config.mode is not Mode.LIVE:
        raise UsageError(f"the configuration keeps runs in {cwd} at {config.mode.value}")
    return RunSpec(
        run_id=run_id,
        name=name,
        task=wish.task,
        label=wish.label,
        cwd=str(cwd),
        mode=config.mode,
        headless=wish.headless,
        claude_path=str(claude.path),
        claude_version=claude.version,
        session_id=wish.session_id,
        state_dir=str(keep),
        runtime_dir=str(runtime),
        journal=str(here.journal),
        script=str(wish.script.resolve()) if wish.script is not None else "",
        config=found.to_data(),
        notes=(*start_lines(found), *room, *unlike, *([basis.note] if basis is not None else []), *accepted),
        rulings=config.rulings(
            own=own.own,
            own_writes=own.own_writes + _transcript(wish, keep / "home", cwd),
            guarded=own.guarded,
            lent=lent,
        ),
        reads=config.reads,
        profiles=config.profiles,
        user_profiles=str(here.config / "profiles"),
        trusted_mcp=config.mcp.trusted,
        deadline_s=config.gate.deadline_s,
        hold_deadline_s=config.gate.hold_deadline_s,
        notify={kind.value: command for kind, command in config.notify_commands().items()},
        disabled_alerts=tuple(kind.value for kind in config.disabled_alerts()),
        size=wish.size,
        attach_key=config.screen.attach_key,
        places=here,
        shadow=held.backend,
        capabilities=held.capabilities,
        skip_ignored_over=None if config.shadow.include_ignored_giants else GIANT_BYTES,
        sandbox=held.sandbox,
        size_limit_mb=config.shadow.size_limit_mb,
        hosts=held.hosts,
        floor_4=held.floor,
        resume=basis is not None and not basis.guarded,
        rehearsal=basis.row.id if basis is not None else "",
        rehearsal_name=basis.row.name if basis is not None else "",
        opening=basis.opening if basis is not None else "",
        expected=basis.expected if basis is not None else None,
    )


def _ask_about_missing(wish: Wish, held: Offer) -> None:
    """A missing part is said, and accepted by a person or by the flag, or the run does not start."""
    said = "\n".join(f"  {line}" for line in held.missing)
    words = f"this machine cannot give a part of the containment:\n{said}"
    cure = f"Install or set it, or accept {held.instead}: --accept-missing-containment"
    if wish.headless:
        raise ContainmentError(words, cure=cure)
    click.echo(f"supervise: {words}", err=True)
    if not click.confirm(f"Accept {held.instead}?", default=False):
        raise ContainmentError("containment refused; nothing was started", cure=cure)


def _transcript(wish: Wish, private_home: Path, cwd: Path) -> tuple[str, ...]:
    """What Claude Code writes of the run's conversation, subagents' included; outcomes are read from it."""
    env = os.environ if wish.script is None else {"HOME": str(private_home)}
    main = transcripts_folder(config_folder(env), cwd) / wish.session_id
    return (f"{main}.jsonl", str(main))


def _runtime(here: Places, run_id: str) -> Path:
    path = here.run_runtime(run_id)
    longest = len(str(path / "control.sock").encode())
    if longest > 103:  # sun_path: 108 bytes on Linux, 104 on macOS, the closing NUL included
        raise UsageError(
            f"the path of the run's sockets is too long ({longest} bytes): {path}",
            cure="Set XDG_RUNTIME_DIR to a shorter folder of yours.",
        )
    return path
