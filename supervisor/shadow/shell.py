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
from supervisor.shadow.mounts import NEEDED_OF_RUN, is_below

_BASH = "/bin/bash"
_PROXY_PORT = 3128

_SCRIPT = """#!/bin/sh
# bash as the agent of this run gets it: in a sandbox, unless the gate has marked the command.
unset CLAUDE_CODE_SHELL
SHELL={bash}
case "$*" in *{mark}*) exec {bash} "$@" ;; esac
# What Claude Code asks of it once, at its start: a file that every command begins with, and cannot write.
case "$1 $2 $3" in "-c -l SNAPSHOT_FILE="*) exec {bash} "$@" ;; esac
set -- {start} "$@"
{more}exec {confined} "$@"
"""

_COVER = """reached() {{
  folder=${{1%/*}}
  while [ -n "$folder" ]; do
    if ! [ -O "$folder" ]; then
      set -- $(stat -c '%A %g' "$folder")
      case $1 in
      *[xt]) ;;
      ??????[xs]*) case " $(id -G) " in *" $2 "*) ;; *) return 1 ;; esac ;;
      *) return 1 ;;
      esac
    fi
    folder=${{folder%/*}}
  done
}}
while read -r _ _ _ _ _ _ _ path; do
  case $path in {away}) continue ;; /*) [ -S "$path" ] || continue ;; *) continue ;; esac
  if [ -O / ]; then reached "$path" || continue; fi
  set -- --ro-bind /dev/null "$path" "$@"
done </proc/net/unix
"""
"""Covers the sockets that somebody listens on by now, but for those that are away already.

Root sees sockets in folders that others have closed. The command, whose root is nobody to them, does not
reach those, and nothing can be mounted there.
"""

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
        away: paths that are not there for the command; where given, no socket file of the machine can be
            connected to.
    """

    words: tuple[str, ...]
    away: tuple[str, ...] = ()


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
    start = ["--", _BASH]
    if proxy is not None:
        inner = _TO_PROXY.format(port=_PROXY_PORT, socket=shlex.quote(str(proxy)), bash=_BASH)
        start = ["--", "/bin/sh", "-c", inner, "bash"]
    away = "|".join(f"{shlex.quote(path)}/*" for path in sandbox.away)
    script = _SCRIPT.format(
        bash=_BASH,
        mark=mark,
        start=shlex.join(start),
        more=_COVER.format(away=away) if away else "",
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
    away = [str(path) for path in hidden if path.is_dir()]
    words = [word for path in away for word in ("--tmpfs", path)]
    for path in (str(each) for each in shown):
        if any(is_below(path, each) for each in away):
            words += ["--bind", path, path]
    words += [word for path in away for word in ("--remount-ro", path)]
    return [*_bwrap("--dev-bind", "/", "/", *words, network=True), "--", *argv]


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
    away = ["/run", *(str(path) for path in hidden if path.is_dir())]
    words = ["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", "/run"]
    for path in NEEDED_OF_RUN:
        words += ["--ro-bind-try", path, path]
    words += ["--ro-bind" if read_only else "--bind", str(workspace), str(workspace)]
    for path in away[1:]:
        words += ["--tmpfs", path]
    for path in (str(each) for each in shown):
        if any(is_below(path, each) for each in away):
            words += ["--ro-bind", path, path]
    words += ["--bind", str(tmp), str(tmp), "--setenv", "TMPDIR", str(tmp)]
    for path in away[1:]:
        words += ["--remount-ro", path]
    return Sandbox(_bwrap(*words), (*away, "/var/run"))


def _bwrap(*mounts: str, network: bool = False) -> tuple[str, ...]:
    program = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin") or "bwrap"
    cut = () if network else ("--unshare-net",)
    return (program, *mounts, "--unshare-user", *cut, "--die-with-parent")
