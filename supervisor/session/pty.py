"""Claude Code's own UI in a pseudo terminal: drained at all times, shown only to a screen that attaches."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pexpect

from supervisor.errors import LaunchError

_PASTE = b"\x1b[200~%s\x1b[201~"
_CHUNK = 65_536


class Terminal:
    """The PTY that a program of the run lives in.

    Spawn it before any thread exists (forkpty). Output goes to every listener and is otherwise thrown
    away: there is no terminal emulator here; a listener that joins asks for a redraw instead.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: str,
        env: dict[str, str],
        size: tuple[int, int],
        keep_fds: list[int],
    ) -> None:
        try:
            self._child = _Spawn(
                keep_fds,
                argv[0],
                list(argv[1:]),
                cwd=cwd,
                env=env,
                dimensions=size,
                timeout=None,
            )
        except pexpect.ExceptionPexpect as cause:
            raise LaunchError(f"{argv[0]} could not be started: {cause}") from cause
        self._child.delaybeforesend = None
        self._fd = int(self._child.child_fd)
        os.set_blocking(self._fd, False)
        self._listeners: list[Callable[[bytes], None]] = []
        self._outbox: deque[bytes] = deque()
        self.recent = deque[bytes](maxlen=64)
        self.closed = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    @property
    def pid(self) -> int:
        """Process id of the spawned program (the guard)."""
        return int(self._child.pid)

    def listen(self, listener: Callable[[bytes], None]) -> Callable[[], None]:
        """Send all output to `listener` from now on; call what is returned to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def resize(self, rows: int, columns: int) -> None:
        """Set the size; the program is told and draws itself anew."""
        with contextlib.suppress(OSError):
            self._child.setwinsize(rows, columns)

    def redraw(self, rows: int, columns: int) -> None:
        """Make the program draw its whole screen, also when the size has not changed."""
        self.resize(rows, max(1, columns - 1))
        asyncio.get_running_loop().call_later(0.05, self.resize, rows, columns)

    def type(self, keys: bytes) -> None:
        """Write `keys` as typed, in order, each byte once, never blocking."""
        self._outbox.append(keys)
        self._flush()

    def paste(self, text: str) -> None:
        """Put `text` into the prompt box as one paste: newlines do not send it, control codes are dropped."""
        clean = "".join(c for c in text if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))
        self.type(_PASTE % clean.encode("utf-8", "replace"))

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._outbox:
            data = self._outbox[0]
            try:
                wrote = os.write(self._fd, data)
            except BlockingIOError:
                loop.add_writer(self._fd, self._flush)
                return
            except OSError:
                self._outbox.clear()
                break
            if wrote < len(data):
                self._outbox[0] = data[wrote:]
            else:
                self._outbox.popleft()
        loop.remove_writer(self._fd)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        self.recent.append(data)
        for listener in list(self._listeners):
            listener(data)

    def _end(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        self.closed.set()

    async def wait(self) -> int:
        """The program's exit code once it has ended (128 + n after signal n)."""
        await self.closed.wait()
        _pid, status = await asyncio.to_thread(os.waitpid, self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._child.closed = True
        self._child.terminated = True
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


class _Spawn(pexpect.spawn):  # type: ignore[misc]
    """`pexpect.spawn` that leaves the given descriptors open in the child."""

    def __init__(self, keep_fds: list[int], *args: Any, **options: Any) -> None:
        self._keep_fds = keep_fds
        super().__init__(*args, **options)

    def _spawnpty(self, args: list[str], **options: Any) -> Any:
        for fd in self._keep_fds:
            os.set_inheritable(fd, True)
        return super()._spawnpty(args, pass_fds=self._keep_fds, **options)
