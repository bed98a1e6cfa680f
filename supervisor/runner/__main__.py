"""`python -m supervisor.runner SPEC READY_FD`: the resident process of one run.

It says on READY_FD, in one JSON line, that Claude Code was started under a proven gate, or why not.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import sys
from pathlib import Path

from supervisor.errors import Exit, SuperviseError
from supervisor.places import private_dir
from supervisor.runner.lock import take
from supervisor.runner.spec import RunSpec, load_spec
from supervisor.session.model import spawn_model

_PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> int:
    """Run one run."""
    spec = load_spec(Path(arguments[0]))
    ready = int(arguments[1])
    try:
        return int(_run(spec, ready))
    except SuperviseError as error:
        _say(ready, error)
        return int(error.code)
    finally:
        with contextlib.suppress(OSError):
            os.close(ready)


def _run(spec: RunSpec, ready: int) -> Exit:
    _hold_lock(spec)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    private_dir(Path(spec.runtime_dir))
    with contextlib.ExitStack() as stack:
        model = stack.enter_context(spawn_model(Path(spec.script), Path(spec.cwd))) if spec.script else None
        # Loaded only now: it takes as long as the model takes to come up.
        from supervisor.journal.writer import Journal
        from supervisor.runner.approving import outsider
        from supervisor.runner.life import live

        outsider(spec.places)  # a run starts no run
        journal = stack.enter_context(Journal.open(Path(spec.journal)))
        return asyncio.run(live(spec, journal, model, lambda: _say(ready, None)))


def _hold_lock(spec: RunSpec) -> None:
    if take(spec.lock) is None:
        raise SuperviseError(f"run {spec.name} has a runner already")


def _say(ready: int, error: SuperviseError | None) -> None:
    said = (
        {"ok": True} if error is None else {"error": str(error), "cure": error.cure, "code": int(error.code)}
    )
    with contextlib.suppress(OSError):
        os.write(ready, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
