"""Start the runner of a run as a process of its own, and hear whether it came up."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from supervisor.errors import Exit, FolderError, SuperviseError

if TYPE_CHECKING:
    from supervisor.runner.spec import RunSpec

_READY_TIMEOUT_S = 60.0


class StartError(SuperviseError):
    """The runner did not come up; carries the exit code it named."""

    def __init__(self, message: str, *, cure: str = "", code: Exit = Exit.AGENT_FAILED) -> None:
        super().__init__(message, cure=cure)
        self.code = code


class Upcoming:
    """A runner that loads what it needs and waits for its run, in a session of its own.

    Loading takes it 0.2 s; whoever starts a run needs as long to prepare it, so both are done at once. As a
    context manager it ends a runner that did not come up, or was given no run.

    Args:
        script: what its model is to play, if that is no real one; it starts at once, too.
        cwd: the folder of the run, absolute.

    Attributes:
        ended: a descriptor on which nothing comes once it runs, but the end of the file when the run ends.
    """

    def __init__(self, script: Path | None, cwd: Path) -> None:
        scripted = [str(script.resolve()), str(cwd)] if script is not None else []
        told, self._tell = os.pipe()
        self.ended, ready = os.pipe()
        self._told = self._outlives_us = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "supervisor.runner", str(told), str(ready), *scripted],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # it has a log once it has a run
                pass_fds=[told, ready],
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(told)
            os.close(ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.ended)
        os.close(self._tell)
        if not self._outlives_us:
            if self._told:
                self._process.terminate()  # it failed and is ending, or the operator gave up
            else:
                os.killpg(self._process.pid, signal.SIGKILL)  # with the model, which it may have started
            self._process.wait()

    def begin(self, spec: RunSpec) -> int:
        """Give it its run; from there on it outlives us. Returns its process id.

        Raises:
            StartError: it could not prove its gate, or could not start Claude Code.
            FolderError: what the run keeps cannot be written.
        """
        from supervisor.places import private_dir  # loaded by now, as there is a spec
        from supervisor.runner.spec import save_spec

        keep = private_dir(Path(spec.state_dir))
        try:
            save_spec(spec)
        except OSError as cause:
            raise FolderError(keep, cause) from cause
        with contextlib.suppress(BrokenPipeError):  # it is gone: that is said below
            os.write(self._tell, f"{spec.file}\n".encode())
        self._told = True
        ready, _, _ = select.select([self.ended], [], [], _READY_TIMEOUT_S)
        line = os.read(self.ended, 1 << 16) if ready else b""
        said = json.loads(line) if line else {}
        if said.get("ok"):
            self._outlives_us = True
            # Nobody waits for it any more: it must not stay behind as our zombie, nor warn when we forget it.
            self._process.returncode = 0
            return self._process.pid
        if said:
            raise StartError(said["error"], cure=said["cure"], code=Exit(said["code"]))
        self._process.kill()
        words = spec.log.read_text(errors="replace").strip()[-500:] if spec.log.exists() else ""
        raise StartError(f"the runner did not come up: {words}", code=Exit.HOOK_FAILURE)


def start_runner(spec: RunSpec) -> int:
    """Start the runner of a run; it outlives us. Returns its process id; errors are those of `begin`."""
    with Upcoming(Path(spec.script) if spec.script else None, Path(spec.cwd)) as runner:
        return runner.begin(spec)
