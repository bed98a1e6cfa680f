"""Start the runner of a run as a process of its own, and hear whether it came up."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from supervisor.errors import Exit, FolderError, SuperviseError
from supervisor.places import private_dir
from supervisor.runner.spec import RunSpec, save_spec

_READY_TIMEOUT_S = 60.0


class StartError(SuperviseError):
    """The runner did not come up; carries the exit code it named."""

    def __init__(self, message: str, *, cure: str = "", code: Exit = Exit.AGENT_FAILED) -> None:
        super().__init__(message, cure=cure)
        self.code = code


def start_runner(spec: RunSpec) -> int:
    """Start the runner in a session of its own; it outlives us. Returns its process id.

    Raises:
        StartError: it could not prove its gate, or could not start Claude Code.
        FolderError: what the run keeps cannot be written.
    """
    keep = private_dir(Path(spec.state_dir))
    try:
        save_spec(spec)
        log = os.open(keep / "runner.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as cause:
        raise FolderError(keep, cause) from cause
    read, write = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "supervisor.runner", str(spec.file), str(write)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[write],
            start_new_session=True,
            cwd="/",
        )
    finally:
        os.close(write)
        os.close(log)
    with os.fdopen(read, "rb") as pipe:
        ready, _, _ = select.select([pipe], [], [], _READY_TIMEOUT_S)
        line = pipe.readline() if ready else b""
    said = json.loads(line) if line else {}
    if said.get("ok"):
        # Nobody waits for it any more: it must not stay behind as our zombie, nor warn when we forget it.
        process.returncode = 0
        return process.pid
    if said:
        raise StartError(said["error"], cure=said["cure"], code=Exit(said["code"]))
    words = (Path(spec.state_dir) / "runner.log").read_text(errors="replace").strip()[-500:]
    raise StartError(f"the runner did not come up: {words}", code=Exit.HOOK_FAILURE)
