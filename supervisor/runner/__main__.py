"""`python -m supervisor.runner SPEC_FD READY_FD [SCRIPT FOLDER]`: the resident process of one run.

It starts the model where one is scripted, loads what it needs, and then waits for its run: a line on SPEC_FD
names the file of its spec; the end of input without one ends it. It says on READY_FD, in one JSON line, that
Claude Code was started under a proven gate, or why not; READY_FD stays open until the run has ended.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from pathlib import Path

from supervisor.session.model_process import spawn_model


def main(told: str, heard: str, *scripted: str) -> int:
    """Run one run."""
    gc.disable()  # until all is loaded, and stays
    with contextlib.ExitStack() as stack:
        model = stack.enter_context(spawn_model(*map(Path, scripted))) if scripted else None
        from supervisor.runner.resident import reside  # takes as long as the model takes to come up

        return reside(int(told), int(heard), model)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
