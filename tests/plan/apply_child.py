"""A process that applies one change set, to be killed at any moment: BEFORE AFTER KEEP, changes on stdin.

With a fourth argument it kills itself when so many files are staged.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import msgspec

from supervisor.plan.files import apply_files
from supervisor.shadow.changes import Change
from supervisor.shadow.names import as_bytes

workspace, after, keep = (Path(word) for word in sys.argv[1:4])
last = int(sys.argv[4]) if len(sys.argv) > 4 else 0


def staged(done: int, _all: int) -> None:
    if done == last:
        os.kill(os.getpid(), signal.SIGKILL)


changes = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Change, ...])
print("ready", flush=True)
apply_files(workspace, changes, lambda path: os.fsencode(after) + b"/" + as_bytes(path), keep, staged)
print("done", flush=True)
