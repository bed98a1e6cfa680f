"""`python -m supervisor.runner SPEC_FD READY_FD`: the resident process of one run.

It loads what it needs, and then waits for its run: a line on SPEC_FD names the file of its spec; the end of
input without one ends it. It says on READY_FD, in one JSON line, that Claude Code was started under a proven
gate, or why not; READY_FD stays open until the run has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import os
import sys
import threading
from pathlib import Path
from typing import IO

from supervisor.errors import Exit, FolderError, SuperviseError
from supervisor.places import private_dir
from supervisor.runner.lock import take
from supervisor.runner.spec import RunSpec, load_spec
from supervisor.session.model import spawn_model

_PR_SET_CHILD_SUBREAPER = 36
_SWITCH_S = 0.0005
"""Rules are compiled in a thread; Python's own 5 ms are too long for a call to wait whenever it computes."""


def main(arguments: list[str]) -> int:
    """Run one run."""
    told, heard = map(int, arguments)
    sys.setswitchinterval(_SWITCH_S)
    gc.disable()  # until all is loaded, and stays
    loading = threading.Thread(target=_load, name="loading")
    loading.start()
    with os.fdopen(told) as lines:
        line = lines.readline()
    if not line:
        return int(Exit.OK)  # whoever wanted a runner has changed their mind
    with os.fdopen(heard, "wb", buffering=0) as ready:
        try:
            spec = load_spec(Path(line.rstrip("\n")))
            return int(_run(spec, ready, loading))
        except SuperviseError as error:
            _say(ready, error)
            return int(error.code)


def _load() -> None:
    """What takes the longest to load; meanwhile the run is prepared, and its model comes up."""
    import supervisor.journal.writer
    import supervisor.runner.life  # noqa: F401 (what is imported here is looked up where it is used)


def _run(spec: RunSpec, ready: IO[bytes], loading: threading.Thread) -> Exit:
    _log_into(spec.log)
    _hold_lock(spec)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    private_dir(Path(spec.runtime_dir))
    with contextlib.ExitStack() as stack:
        model = stack.enter_context(spawn_model(Path(spec.script), Path(spec.cwd))) if spec.script else None
        loading.join()
        from supervisor.journal.writer import Journal
        from supervisor.runner.life import live
        from supervisor.runner.this_process import outsider

        outsider(spec.places)  # a run starts no run
        journal = stack.enter_context(Journal.open(Path(spec.journal)))
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
