"""A program in a terminal of its own, seen as a person sees it: a screen of characters and a keyboard."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

from harness.waiting import PATIENCE_S, wait_for

_STEP_S = 0.02


class Terminal:
    """A program in a PTY. Leave the `with` block to end it.

    Attributes:
        received: every byte the program wrote, in order.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        columns: int = 80,
        lines: int = 24,
    ) -> None:
        self.received = b""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._child = pexpect.spawn(
            str(argv[0]),
            [str(arg) for arg in argv[1:]],
            env=dict(env),
            cwd=str(cwd),
            dimensions=(lines, columns),
            timeout=None,
        )
        self._child.delaybeforesend = None

    @property
    def pid(self) -> int:
        """Process id of the program."""
        return int(self._child.pid)

    @property
    def text(self) -> str:
        """What the screen shows now, one line a row, without trailing blanks."""
        self._read(0)
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip("\n")

    def press(self, keys: str | bytes) -> None:
        """Press keys: text as it is, `\\r` for Enter, `\\x1b` for Escape, …"""
        self._child.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal."""
        self._child.setwinsize(lines, columns)
        self._screen.resize(lines, columns)

    def wait_for(self, *texts: str, timeout_s: float = PATIENCE_S) -> str:
        """The screen once it shows all `texts`. AssertionError with the screen when it does not in time."""

        def look() -> str | None:
            alive = self._child.isalive()  # asked first: what it has shown before it ended counts
            self._read(_STEP_S)
            if all(wanted in self.text for wanted in texts):
                return self.text
            assert alive, f"ended without showing {texts}:\n{self.text}"
            return None

        return wait_for(look, f"{texts}", timeout_s, self._shown)

    def wait_until_gone(self, *texts: str, timeout_s: float = PATIENCE_S) -> str:
        """The screen once it shows none of `texts`."""

        def look() -> bool:
            self._read(_STEP_S)
            return all(unwanted not in self.text for unwanted in texts)

        wait_for(look, f"no {texts}", timeout_s, self._shown)
        return self.text

    def wait_for_end(self, timeout_s: float = PATIENCE_S) -> int:
        """The program's exit code once it has ended, minus the signal's number if one ended it."""

        def look() -> bool:
            ended = not self._child.isalive()
            self._read(_STEP_S)
            return ended

        wait_for(look, "the end of the program", timeout_s, self._shown)
        ended_by = self._child.signalstatus
        return -int(ended_by) if ended_by is not None else int(self._child.exitstatus)

    def _shown(self) -> str:
        return f"\n{self.text}"

    def close(self) -> None:
        """End the program, for good."""
        if self._child.isalive():
            os.kill(self.pid, signal.SIGKILL)
        self._child.close(force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, wait_s: float) -> None:
        """Take what the program has written, after waiting up to `wait_s` seconds for it."""
        while True:
            try:
                data = self._child.read_nonblocking(65536, wait_s)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            self.received += data
            self._stream.feed(data)
            wait_s = 0
