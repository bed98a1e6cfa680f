"""A process at a terminal of its own that gives verdicts, as a person's program does.

JSON lines. Each asked is `[socket, n, verdict, sentence]`; each answered `[error, sent]`: what the runner had
against it, and the moment it was sent by the monotonic clock, in seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supervisor.errors import SuperviseError
from supervisor.runner.control import ControlClient


class Operator:
    """The process, from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def verdict(self, socket: Path, n: int, verdict: str, sentence: str = "") -> tuple[str, float]:
        """Answer held call `n` of the run behind `socket`; the runner's error, and when it was sent."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(socket), n, verdict, sentence]) + "\n")
        self._process.stdin.flush()
        error, sent = json.loads(self._process.stdout.readline())
        return str(error), float(sent)


@contextmanager
def operator() -> Iterator[Operator]:
    """The process, which ends with the block."""
    command = [sys.executable, __file__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield Operator(process)
        assert process.stdin is not None
        process.stdin.close()


def main() -> None:
    """Take a terminal, then do what is asked until nothing is any more."""
    _master, slave = os.openpty()
    os.close(os.open(os.ttyname(slave), os.O_RDWR))  # the first one a session's leader opens becomes its own
    for line in sys.stdin:
        socket, n, verdict, sentence = json.loads(line)
        error, sent = "", time.monotonic()
        try:
            asyncio.run(ControlClient(Path(socket)).verdict(n, verdict, sentence))
        except SuperviseError as cause:
            error = str(cause)
        print(json.dumps([error, sent]), flush=True)


if __name__ == "__main__":
    main()
