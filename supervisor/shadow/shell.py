"""The agent's shell: bash in a sandbox, and the one door out of it.

Claude Code runs every command in the program that `CLAUDE_CODE_SHELL` names. For a run that is a script of
ours, which starts bash with a network of its own that leads nowhere. Inside a shadow nothing else changes for
the command; without one it can write in the folder only.

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
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supervisor.errors import ContainmentError
from supervisor.places import private_dir
from supervisor.shadow.mounts import DEVICE_LINKS, DEVICES, NEEDED_OF_RUN, is_below

_BASH = "/bin/bash"
_PROXY_PORT = 3128

_SCRIPT = """#!/bin/sh
# bash as the agent of this run gets it: in a sandbox, unless the gate has marked the command.
unset CLAUDE_CODE_SHELL
SHELL={bash}
case "$*" in *{mark}*) exec {bash} "$@" ;; esac
# What Claude Code asks of it once, at its start: a file that every command begins with, and cannot write.
case "$1 $2 $3" in "-c -l SNAPSHOT_FILE="*) exec {bash} "$@" ;; esac
set -- {program} "$@"
{more}exec {confined} -- "$@"
"""

_LISTED = """count=0
while read -r _ _ _ _ _ _ _ path; do
  case $path in /*) ;; *) continue ;; esac
  set -- "$path" "$@"
  count=$((count + 1))
done </proc/net/unix
set -- /bin/sh -c {settle} sh $count "$@"
"""
"""Names the sockets that somebody listens on by now, which can be seen outside only."""

_SETTLE = """
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /dev/pts || exit 126
if [ -O /dev/null ]; then
  for name in {devices}; do mount -o remount,bind,ro "/dev/$name" || exit 126; done
fi
count=$1
while shift && [ $count -gt 0 ]; do
  count=$((count - 1)) tries=0
  while [ -S "$1" ] && ! mount --bind /dev/null "$1" 2>/dev/null; do
    [ $((tries += 1)) -lt 100 ] && continue
    echo "supervise: the socket $1 cannot be covered, so nothing was executed" >&2
    exit 126
  done
done
exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- "$@"
""".format(devices=" ".join(DEVICES))
"""Inside, before the command: terminals of its own, devices that root cannot change, covers over sockets.

Then its rights over mounts are given up.

A socket may go (and come) at any moment, and one that this user cannot reach, no command can: no failures.
"""

_DEVICES = (
    *("--tmpfs", "/dev"),
    *(word for name in DEVICES for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")),
    *(word for name, target in DEVICE_LINKS.items() for word in ("--symlink", target, f"/dev/{name}")),
    *("--dir", "/dev/pts", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),
)
"""A `/dev` of its own: root would be let into the machine's."""

_TO_PROXY = """
setpriv --pdeathsig KILL socat TCP-LISTEN:{port},bind=127.0.0.1,fork UNIX-CONNECT:{socket} \
</dev/null >/dev/null 2>&1 &
until socat -u OPEN:/dev/null TCP:127.0.0.1:{port} 2>/dev/null; do kill -0 $! 2>/dev/null || break; done
for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY; do export $name=http://127.0.0.1:{port}; done
export no_proxy=localhost,127.0.0.1 NO_PROXY=localhost,127.0.0.1
exec {bash} "$@"
"""


@dataclass(frozen=True)
class AgentShell:
    """The shell of one run.

    Attributes:
        path: absolute; must be shown in the shadow (`Openings.show`).
        mark: the word that opens the door for one command.
    """

    path: Path
    mark: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of Claude Code that make it the agent's shell."""
        return {"CLAUDE_CODE_SHELL": str(self.path)}

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
        words: the program that is started in its place, and its arguments up to the command.
        alone: no shadow holds the command; so it has terminals of its own, and no socket file of the machine
            can be connected to.
    """

    words: tuple[str, ...]
    alone: bool = False


def make_shell(folder: Path, sandbox: Sandbox, proxy: Path | None = None) -> AgentShell:
    """Make the shell of a run below `folder` (the run's state).

    Args:
        sandbox: what holds a command.
        proxy: a socket that leads to the hosts the operator has opened for every command of the run; needs
            socat.

    Raises:
        ContainmentError: nothing can be started from `folder`, so Claude Code would take another shell; or
            what leads to the proxy is missing.
    """
    if proxy is not None and shutil.which("socat") is None:
        raise ContainmentError(
            "hosts are opened for this run, and what leads to them is missing: socat",
            cure="Install socat (Debian: apt install socat), or open no hosts: [network] hosts = []",
        )
    mark = secrets.token_hex(16)
    path = private_dir(folder / "shell") / "bash"  # Claude Code takes a shell by that name only
    program = [_BASH]
    if proxy is not None:
        inner = _TO_PROXY.format(port=_PROXY_PORT, socket=shlex.quote(str(proxy)), bash=_BASH)
        program = ["/bin/sh", "-c", inner, "bash"]
    script = _SCRIPT.format(
        bash=_BASH,
        mark=mark,
        program=shlex.join(program),
        more=_LISTED.format(settle=shlex.quote(_SETTLE)) if sandbox.alone else "",
        confined=shlex.join(sandbox.words),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(script)
    path.chmod(0o755)
    path.parent.chmod(0o755)
    if not os.access(path, os.X_OK):
        raise ContainmentError(
            f"{path} cannot be executed, so Bash could not be cut from the network",
            cure="Is its file system mounted noexec? Set XDG_STATE_HOME to a folder of another one.",
        )
    return AgentShell(path, mark)


def without_network(argv: Sequence[str]) -> list[str]:
    """What to start instead of `argv`, inside a shadow, so that it reaches no system, not even by loopback.

    Its streams and its processes stay as they are, and it has a localhost of its own. It cannot look into
    processes outside, which have the network.
    """
    return [*in_shadow().words, "--", *argv]


def without_supervisor(argv: Sequence[str], hidden: Iterable[Path], shown: Iterable[Path]) -> list[str]:
    """What to start instead of `argv` where there is no shadow, so that it cannot look into the supervisor.

    All else stays as it is, but that it cannot become another user.

    Args:
        hidden: folders that are not there: the supervisor's.
        shown: folders in a hidden one that are there.
    """
    covered, sealed = _away(hidden, shown, "--bind")
    return [*_bwrap("--dev-bind", "/", "/", *covered, *sealed, network=True), "--", *argv]


def in_shadow(read_only: Iterable[Path] = ()) -> Sandbox:
    """The sandbox of commands that a shadow holds already: it takes their network away, and little else.

    Args:
        read_only: what Claude Code itself writes and commands may not, as far as it is there by then.
    """
    words = [word for path in read_only for word in ("--ro-bind-try", str(path), str(path))]
    return Sandbox(_bwrap("--dev-bind", "/", "/", *words))


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
    words = ["--ro-bind", "/", "/", *_DEVICES, "--tmpfs", "/run"]
    for path in NEEDED_OF_RUN:
        words += ["--ro-bind-try", path, path]
    words += ["--ro-bind" if read_only else "--bind", str(workspace), str(workspace)]
    covered, sealed = _away(hidden, shown, "--ro-bind")
    words += [*covered, "--bind", str(tmp), str(tmp), "--setenv", "TMPDIR", str(tmp), *sealed]
    rights = ("--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP")  # given up before the command
    return Sandbox(_bwrap(*words, *rights), alone=True)


def trial_of_folder_only() -> list[str]:
    """What ends with 0 where commands can be held without a shadow."""
    sandbox = folder_only(Path("/usr"), Path("/usr"), read_only=True, hidden=(), shown=())
    return [*sandbox.words, "--", "/bin/sh", "-c", _SETTLE, "sh", "0", "/bin/sh", "-c", ":"]


def _away(hidden: Iterable[Path], shown: Iterable[Path], how: str) -> tuple[list[str], list[str]]:
    """Mounts that take `hidden` folders away but for what is `shown`, and those that seal them at last."""
    away = [str(path) for path in hidden if path.is_dir()]
    words = [word for path in away for word in ("--tmpfs", path)]
    for path in map(str, shown):
        if any(is_below(path, each) for each in away):
            words += [how, path, path]
    return words, [word for path in away for word in ("--remount-ro", path)]


def _bwrap(*mounts: str, network: bool = False) -> tuple[str, ...]:
    program = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin") or "bwrap"
    cut = () if network else ("--unshare-net",)
    return (program, *mounts, "--unshare-user", *cut, "--die-with-parent")
