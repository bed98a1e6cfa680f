"""The agent's shell: bash in a sandbox, and the one door out of it.

Claude Code runs every command in the program that `CLAUDE_CODE_SHELL` names. For a run that is a script of
ours, `confine.pl`, which becomes bash in a sandbox: all commands of the run share one network that leads
nowhere, so that what one of them serves on localhost the next can reach, as it could live. Inside a shadow
nothing else changes for the command; without one it can write in the folder only.

(Claude Code's own sandbox would put stand-ins for `.bashrc`, `.mcp.json` and the like into the folder while a
command runs, which `ls` shows and `git add -A` cannot add, and would keep git from its own configuration: the
agent would see a folder that it would not see live.)

A call that must reach further is marked: the gate sets a word of 128 random bits before its command, and the
script lets that one be. In a shadow that gives it the network and nothing more, without one all of this
machine. Only the gate knows the word; an agent that names it itself is tampering.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.errors import ContainmentError
from supervisor.places import private_dir
from supervisor.shadow.mount_plan import MountPlan
from supervisor.shadow.mounts import NEEDED_OF_RUN, is_below

HOLDER = "supervise: network of the run's commands"
"""What the process that holds that network open calls itself."""

_BASH = "/bin/bash"
_PROXY_PORT = 3128
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class AgentShell:
    """The shell of one run.

    Attributes:
        path: absolute; its folder must be shown in the shadow (`Openings.show`).
        mark: the word that opens the door for one command.
    """

    path: Path
    mark: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of Claude Code that make it the agent's shell."""
        return {"CLAUDE_CODE_SHELL": str(self.path)}

    def start(self, argv: Sequence[str]) -> list[str]:
        """What to start instead of `argv`, Claude Code: it becomes it, beside the network of its commands."""
        folder = self.path.parent
        return [perl(), str(folder / "network.pl"), str(folder / "plan"), *argv]

    def command(self, command: str) -> str:
        """The Bash command to give Claude Code instead of `command`, for it to run outside."""
        return f": {self.mark}\n{command}"

    def named_by(self, text: str) -> bool:
        """Whether an agent's own input names the mark: it cannot know it unless it went looking."""
        return self.mark in text


@dataclass(frozen=True)
class Sandbox:
    """What holds a command.

    Attributes:
        plan: what is mounted for it.
        alone: no shadow holds the command: so no socket file of the machine can be connected to.
        tmp: its folder for temporary files; empty: as it is.
    """

    plan: MountPlan = field(default_factory=MountPlan)
    alone: bool = False
    tmp: str = ""


def make_shell(folder: Path, sandbox: Sandbox, proxy: Path | None = None) -> AgentShell:
    """Make the shell of a run below `folder` (the run's state).

    Args:
        sandbox: what holds a command.
        proxy: a socket that leads to the hosts the operator has opened for every command of the run; needs
            socat.

    Raises:
        ContainmentError: nothing can be started from `folder`, so Claude Code would take another shell.
    """
    mark = secrets.token_hex(16)
    header = {
        "bash": _BASH,
        "mark": mark,
        "alone": "1" if sandbox.alone else "",
        "tmp": sandbox.tmp,
        "proxy": f"http://127.0.0.1:{_PROXY_PORT}" if proxy is not None else "",
        "socket": str(proxy or ""),
        "port": str(_PROXY_PORT),
        "holder": HOLDER,
    }
    own = private_dir(folder / "shell")
    for name in ("mounting.pl", "network.pl"):
        (own / name).write_bytes((_HERE / name).read_bytes())
    (own / "plan").write_bytes(sandbox.plan.text(header))
    path = own / "bash"  # Claude Code takes a shell by that name only
    path.write_bytes(os.fsencode(f"#!{perl()}\n") + (_HERE / "confine.pl").read_bytes())
    path.chmod(0o755)
    own.chmod(0o755)
    if not os.access(path, os.X_OK):
        raise ContainmentError(
            f"{path} cannot be executed, so Bash could not be cut from the network",
            cure="Is its file system mounted noexec? Set XDG_STATE_HOME to a folder of another one.",
        )
    return AgentShell(path, mark)


def trial(folder: Path) -> list[str]:
    """What ends with 0 where commands can be held without a shadow; made below `folder`."""
    shell = make_shell(folder, folder_only(folder, folder, read_only=True, hidden=(), shown=()))
    return shell.start([str(shell.path), "-c", ":"])


def perl() -> str:
    """The interpreter of all that stands around the run's programs."""
    return shutil.which("perl", path="/usr/bin:/bin:/usr/local/bin") or "/usr/bin/perl"


def without_network(
    argv: Sequence[str], *, kept: Iterable[Path] = (), away: Iterable[Path] = ()
) -> list[str]:
    """What to start instead of `argv`, inside a shadow, so that it reaches no system, not even by loopback.

    Its streams and its processes stay as they are, and it has a localhost of its own. It cannot look into
    processes outside, which have the network.

    Args:
        kept: what it cannot write, as far as it is there by then.
        away: folders that are empty for it.
    """
    words = [word for path in kept for word in ("--ro-bind-try", str(path), str(path))]
    words += [word for path in away for word in ("--tmpfs", str(path))]
    return [*_bwrap("--unshare-net", *words), "--", *argv]


def without_supervisor(argv: Sequence[str], hidden: Iterable[Path], shown: Iterable[Path]) -> list[str]:
    """What to start instead of `argv` where there is no shadow, so that it cannot look into the supervisor.

    All else stays as it is, but that it cannot become another user.

    Args:
        hidden: folders that are not there: the supervisor's.
        shown: folders in a hidden one that are there.
    """
    away = [str(path) for path in hidden if path.is_dir()]
    words = [word for path in away for word in ("--tmpfs", path)]
    for path in map(str, shown):
        if any(is_below(path, each) for each in away):
            words += ["--bind", path, path]
    words += [word for path in away for word in ("--remount-ro", path)]
    return [*_bwrap(*words), "--", *argv]


def in_shadow(read_only: Iterable[Path] = ()) -> Sandbox:
    """The sandbox of commands that a shadow holds already: it takes their network away, and little else.

    Args:
        read_only: what Claude Code itself writes and commands may not, as far as it is there by then.
    """
    plan = MountPlan()
    for path in read_only:
        plan.early += ["hold", str(path)]
    return Sandbox(plan)


def folder_only(
    workspace: Path, tmp: Path, *, read_only: bool, hidden: Iterable[Path], shown: Iterable[Path]
) -> Sandbox:
    """The sandbox of commands where there is no shadow: they can write in `workspace` and `tmp` only.

    Args:
        tmp: Claude Code's own folder for temporary files.
        read_only: they cannot write in `workspace` either.
        hidden: folders that are not there: the supervisor's.
        shown: folders in a hidden one that are there, read-only.
    """
    plan = MountPlan()
    plan.devices()
    away = ["/run", *(str(path) for path in hidden if path.is_dir())]
    for path in away:
        plan.away(path)
    shows = [path for path in map(str, shown) if any(is_below(path, each) for each in away)]
    for path in (*(each for each in NEEDED_OF_RUN if Path(each).exists()), *shows):
        plan.copy(path, path, "ro")
    plan.copy(str(workspace), str(workspace), "ro" if read_only else "rw")
    plan.copy(str(tmp), str(tmp), "rw")
    return Sandbox(plan, alone=True, tmp=str(tmp))


def _bwrap(*words: str) -> tuple[str, ...]:
    program = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin") or "bwrap"
    return (program, "--dev-bind", "/", "/", *words, "--unshare-user", "--die-with-parent")
