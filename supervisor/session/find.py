"""Find the Claude Code to launch and check that it can hold the floors."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from supervisor.errors import LaunchError

NEEDED = (2, 1, 295)
"""First version that honours `onFailure: block` on a hook entry; older ones ignore it without a word."""

_VERSION_TIMEOUT_S = 30


@dataclass(frozen=True)
class Claude:
    """A Claude Code that can be launched.

    Attributes:
        path: absolute path of the executable.
        version: as it prints it, e.g. `2.1.330`.
        origin: where it was found: `--claude`, `PATH`, `claude-agent-sdk`.
    """

    path: Path
    version: str
    origin: str


def find_claude(given: str | None, environ: dict[str, str] | None = None) -> Claude:
    """The Claude Code named by `given`, else on the PATH, else bundled in `claude-agent-sdk`.

    Raises:
        LaunchError: there is none, it does not start, or it is older than `NEEDED`.
    """
    env = dict(os.environ if environ is None else environ)
    path, origin = _locate(given, env)
    version = _version(path, env)
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if numbers < NEEDED:
        needed = ".".join(map(str, NEEDED))
        raise LaunchError(
            f"Claude Code {version} at {path} is too old: it would run tools after a failed hook",
            cure=f"Update it to {needed} or later (`claude update`).",
        )
    return Claude(path, version, origin)


def _locate(given: str | None, env: dict[str, str]) -> tuple[Path, str]:
    if given is not None:
        found = shutil.which(given, path=env.get("PATH"))
        if found is None:
            raise LaunchError(
                f"--claude {given}: no such executable", cure="Give the path of the `claude` program."
            )
        return Path(found).absolute(), "--claude"
    if found := shutil.which("claude", path=env.get("PATH")):
        return Path(found).absolute(), "PATH"
    spec = importlib.util.find_spec("claude_agent_sdk")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "_bundled" / "claude"
        if bundled.exists():
            return bundled, "claude-agent-sdk"
    raise LaunchError(
        "Claude Code was not found",
        cure="Install it, name it with --claude PATH, or `pip install 'claude-supervise[claude]'`.",
    )


def _version(path: Path, env: dict[str, str]) -> str:
    kept = {key: env[key] for key in ("PATH", "HOME", "LANG") if key in env}
    try:
        done = subprocess.run(
            [str(path), "--version"],
            env=kept | {"DISABLE_AUTOUPDATER": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as cause:
        raise LaunchError(f"{path} does not start: {cause}") from cause
    match = re.match(r"(\d+\.\d+\.\d+)\b", done.stdout)
    if done.returncode != 0 or match is None:
        said = (done.stderr or done.stdout).strip()[:200]
        raise LaunchError(
            f"{path} is not Claude Code: `--version` said {said!r}", cure="Name another with --claude PATH."
        )
    return match[1]
