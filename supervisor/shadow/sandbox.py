"""Claude Code's own sandbox around Bash, and the one door out of it: a wrapper for single calls.

Inside, a command writes below the folder only and has no network. The gate rewrites the command of a call
that must reach further to `<wrapper> '<command>'`. Only that runs outside: in a shadow that gives it the
network and nothing more, without one all of this machine. The wrapper's name is not to be guessed, and an
agent that names it itself is tampering.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.places import private_dir

_SCRIPT = """#!/bin/sh
# Runs one command of the agent outside of the sandbox, because the gate decided so for this call alone.
[ $# -eq 1 ] || { echo "supervise: one command, please" >&2; exit 2; }
exec /bin/bash -c "$1"
"""


@dataclass(frozen=True)
class Wrapper:
    """The wrapper of one run.

    Attributes:
        path: absolute; its last folder is 128 random bits. Must be shown in the shadow (`Openings.show`).
    """

    path: Path

    def command(self, command: str) -> str:
        """The Bash command to give Claude Code instead of `command`."""
        return f"{self.path} {shlex.quote(command)}"

    def named_by(self, text: str) -> bool:
        """Whether an agent's own input names the wrapper: it cannot know it unless it went looking."""
        return self.path.parent.name in text


def without_network(argv: Sequence[str]) -> list[str]:
    """What to start instead of `argv`, inside a shadow, so that it reaches no system, not even by loopback.

    For the stdio MCP servers of a dry run, which Claude Code's own sandbox does not cover. Its streams stay,
    and it has a localhost of its own. It needs bubblewrap, as the sandbox does.
    """
    return ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", "--", *argv]


def make_wrapper(folder: Path) -> Wrapper:
    """Make the wrapper of a run below `folder` (the run's state), at a path nobody can guess."""
    secret = private_dir(folder / "net") / secrets.token_hex(16)
    secret.mkdir(mode=0o755)
    path = secret / "outside"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_SCRIPT)
    path.chmod(0o755)
    return Wrapper(path)


def sandbox_settings(
    wrapper: Wrapper | None = None, hosts: Sequence[str] = (), *, weaker: bool = False
) -> dict[str, Any]:
    """The `sandbox` entry of Claude Code's settings for one run.

    Args:
        wrapper: the way out for single calls, if there is to be one.
        hosts: names opened for every command of the run, e.g. a package registry.
        weaker: leave `/proc` out of the sandbox, for machines that cannot give it one of its own.
    """
    settings: dict[str, Any] = {
        "enabled": True,
        "failIfUnavailable": True,
        "allowUnsandboxedCommands": False,
        "autoAllowBashIfSandboxed": False,
        "excludedCommands": [f"{wrapper.path}:*"] if wrapper is not None else [],
        "network": {"allowedDomains": list(hosts)},
    }
    if weaker:
        settings["enableWeakerNestedSandbox"] = True
    return settings
