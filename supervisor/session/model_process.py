"""The scripted model as the process it is: started, asked where it listens, ended."""

from __future__ import annotations

import subprocess
import sys
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from supervisor.errors import ScriptError


class RunningModel:
    """A scripted model in its own process. Close it, or leave its `with` block, to end it."""

    def __init__(self, process: subprocess.Popen[str], script: Path) -> None:
        self._process = process
        self._script = script

    @cached_property
    def base_url(self) -> str:
        """What `ANTHROPIC_BASE_URL` has to say. Waits until the server listens.

        Raises:
            ScriptError: the script cannot be played.
        """
        assert self._process.stdout is not None
        first = self._process.stdout.readline().strip()
        if not first.isdigit():
            self.close()
            raise ScriptError(first or f"{self._script}: the scripted model did not start")
        return f"http://127.0.0.1:{first}"

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def close(self) -> None:
        """End the server; a second call does nothing."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def spawn_model(script: Path, cwd: Path, record: Path | None = None) -> RunningModel:
    """Start a model that plays the file `script` in the folder `cwd`; it need not listen yet.

    `record` is a file that gets one JSON line a model request.
    """
    # -P: a module of the folder we happen to stand in must not be taken for one of Python's own.
    command = [
        *(sys.executable, "-P", "-m", "supervisor.session.model"),
        *("--script", str(script), "--cwd", str(cwd)),
    ]
    if record is not None:
        command += ["--record", str(record)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return RunningModel(process, script)


def start_model(script: Path, cwd: Path, record: Path | None = None) -> RunningModel:
    """As `spawn_model`, and wait the 0.1 s that a Python process takes until it listens.

    Raises:
        ScriptError: the script cannot be played.
    """
    model = spawn_model(script, cwd, record)
    _ = model.base_url
    return model
