"""A program in a terminal of its own, seen as a person sees it: a screen of characters and a keyboard."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

from harness.waiting import PATIENCE_S, wait_for

_LOOK_S = 0.05
_LAST_WORDS_S = 2.0


class Terminal:
    """A program in a PTY. Leave the `with` block to end it.

    As a real terminal does, it takes what the program writes all the time, whether somebody looks or not: a
    program whose output nobody takes stands still.

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
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._taking = threading.Thread(target=self._take, name="terminal", daemon=True)
        self._taking.start()

    @property
    def pid(self) -> int:
        """Process id of the program."""
        return int(self._child.pid)

    @property
    def text(self) -> str:
        """What the screen shows now, one line a row, without trailing blanks."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display).rstrip("\n")

    def press(self, keys: str | bytes) -> None:
        """Press keys: text as it is, `\\r` for Enter, `\\x1b` for Escape, …"""
        self._child.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal."""
        with self._lock:
            self._child.setwinsize(lines, columns)
            self._screen.resize(lines, columns)

    def wait_for(self, *texts: str, timeout_s: float = PATIENCE_S) -> str:
        """The screen once it shows all `texts`. AssertionError with the screen when it does not in time."""

        def look() -> str | None:
            alive = self._is_alive()  # asked first: what it has shown before it ended counts
            if all(wanted in self.text for wanted in texts):
                return self.text
            assert alive, f"ended without showing {texts}:\n{self.text}"
            return None

        return wait_for(look, f"{texts}", timeout_s, self._shown)

    def wait_until_gone(self, *texts: str, timeout_s: float = PATIENCE_S) -> str:
        """The screen once it shows none of `texts`."""

        def look() -> bool:
            return all(unwanted not in self.text for unwanted in texts)

        wait_for(look, f"no {texts}", timeout_s, self._shown)
        return self.text

    def wait_for_end(self, timeout_s: float = PATIENCE_S) -> int:
        """The program's exit code once it has ended, minus the signal's number if one ended it."""

        wait_for(lambda: not self._is_alive(), "the end of the program", timeout_s, self._shown)
        ended_by = self._child.signalstatus
        return -int(ended_by) if ended_by is not None else int(self._child.exitstatus)

    def _shown(self) -> str:
        return f"\n{self.text}"

    def close(self) -> None:
        """End the program, for good."""
        if self._child.isalive():
            os.kill(self.pid, signal.SIGKILL)
        self._closing.set()
        self._taking.join()
        self._child.close(force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_alive(self) -> bool:
        """Whether the program goes on; if it does not, all it has written was taken."""
        alive = bool(self._child.isalive())
        if not alive:
            self._taking.join(_LAST_WORDS_S)  # somebody it has left behind may keep the terminal open
        return alive

    def _take(self) -> None:
        """Take what is written, until nobody can write any more or nobody wants to see it."""
        written = self._child.fileno()
        while not self._closing.is_set():
            if not select.select([written], [], [], _LOOK_S)[0]:
                continue
            try:
                data = os.read(written, 65536)
            except OSError:  # EIO: no process has this terminal any more
                return
            if not data:
                return
            with self._lock:
                self.received += data
                self._stream.feed(data)
