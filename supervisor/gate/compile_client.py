"""Compiles the hook client where the project is installed from its source; wheels carry it compiled.

A build hook of hatchling (`pyproject.toml`): it runs while pip or build makes a wheel or an editable install.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CLIENT = Path("supervisor/gate/hook-client")
_FLAGS = ("-std=c11", "-O2", "-s", "-Wall", "-Wextra")


class CompileClient(BuildHookInterface[Any]):
    """Puts the compiled client into the package, and says that the wheel is for this kind of machine only."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel is made. `version` is `standard` or `editable`.

        Raises:
            RuntimeError: there is no C compiler, or it failed; the message says what to install.
        """
        root = Path(self.root)
        _compile(root / CLIENT.with_name("client.c"), root / CLIENT)
        build_data["artifacts"].append(f"/{CLIENT}")
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"


def _compile(source: Path, program: Path) -> None:
    made = program.with_name(f"{program.name}.{os.getpid()}")  # the one in use stays whole meanwhile
    try:
        _run_compiler(source, made)
        made.rename(program)
    finally:
        made.unlink(missing_ok=True)


def _run_compiler(source: Path, program: Path) -> None:
    compiler = shlex.split(os.environ.get("CC", "cc"))
    linked = ("-static",) if sys.platform == "linux" else ()
    said = ""
    for how in dict.fromkeys((linked, ())):  # not every distribution has a static C library
        try:
            done = subprocess.run(
                [*compiler, *_FLAGS, *how, "-o", str(program), str(source)],
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as cause:
            said = str(cause)
            break
        if done.returncode == 0:
            return
        said = done.stderr.strip()
    raise RuntimeError(
        f"the hook client {source.name} could not be compiled: {said}\n"
        "A C compiler is needed (Debian: apt install gcc libc6-dev; macOS: xcode-select --install)."
    )
