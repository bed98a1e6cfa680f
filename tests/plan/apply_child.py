"""A process that applies one change set, to be killed at any moment: BEFORE AFTER KEEP, changes on stdin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from supervisor.plan.files import apply_files
from supervisor.shadow.changes import Change
from supervisor.shadow.names import as_bytes

workspace, after, keep = (Path(word) for word in sys.argv[1:4])
changes = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Change, ...])
print("ready", flush=True)
apply_files(workspace, changes, lambda path: os.fsencode(after) + b"/" + as_bytes(path), keep)
print("done", flush=True)
