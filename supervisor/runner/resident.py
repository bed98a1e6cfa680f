"""The resident process of one run, from the spec it is given to the run's end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import sys
from pathlib import Path
from typing import IO

from supervisor.errors import Exit, FolderError, SuperviseError
from supervisor.journal.writer import Journal
from supervisor.places import private_dir
from supervisor.runner.life import live
from supervisor.runner.lock import take
from supervisor.runner.spec import RunSpec, load_spec
from supervisor.runner.this_process import outsider
from supervisor.session.model_process import RunningModel

_PR_SET_CHILD_SUBREAPER = 36
_SWITCH_S = 0.0005
"""Rules are compiled in a thread; Python's own 5 ms are too long for a call to wait whenever it computes."""


def reside(told: int, heard: int, model: RunningModel | None) -> int:
    """Wait for a run and live it. Returns the exit code of the process.

    Args:
        told: a descriptor on which a line names the file of its spec; its end without one ends this.
        heard: a descriptor that is told, in one JSON line, that Claude Code was started under a proven gate,
            or why not. It is closed when the run has ended.
        model: the scripted model that stands in for a real one.
    """
    sys.setswitchinterval(_SWITCH_S)
    with os.fdopen(told) as lines:
        line = lines.readline()
    if not line:
        return int(Exit.OK)  # whoever wanted a runner has changed their mind
    with os.fdopen(heard, "wb", buffering=0) as ready:
        try:
            return int(_run(load_spec(Path(line.rstrip("\n"))), ready, model))
        except SuperviseError as error:
            _say(ready, error)
            return int(error.code)


def _run(spec: RunSpec, ready: IO[bytes], model: RunningModel | None) -> Exit:
    _log_into(spec.log)
    _hold_lock(spec)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    private_dir(Path(spec.runtime_dir))
    outsider(spec.places)  # a run starts no run
    with Journal.open(Path(spec.journal)) as journal:
        code = asyncio.run(live(spec, journal, model, lambda: _say(ready, None)))
    ready.close()  # whoever stayed with the run hears at once that it is over
    return code


def _log_into(path: Path) -> None:
    """From here on nothing is said on the terminal of whoever started us."""
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as cause:
        raise FolderError(path.parent, cause) from cause
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)


def _hold_lock(spec: RunSpec) -> None:
    if take(spec.lock) is None:
        raise SuperviseError(f"run {spec.name} has a runner already")


def _say(ready: IO[bytes], error: SuperviseError | None) -> None:
    said = (
        {"ok": True} if error is None else {"error": str(error), "cure": error.cure, "code": int(error.code)}
    )
    with contextlib.suppress(OSError):
        ready.write(json.dumps(said).encode() + b"\n")
