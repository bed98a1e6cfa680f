"""Claude Code's own UI in a pseudo terminal: drained at all times, shown only to a screen that attaches."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pexpect

from supervisor.errors import LaunchError
from supervisor.session.draft import drafted
from supervisor.session.modes import Modes

_PASTE = b"\x1b[200~%s\x1b[201~"
_CHUNK = 65_536
_SEEN = 6
_ECHO_S = 3.0
"""How many characters of a paste must have been drawn, and how long that is waited for."""

_CLEAR = b"\x1b[2J"
_DRAW_S = 0.5
_DRAW_TRIES = 5
"""How long and how often a program that does not draw itself anew is asked to."""

_PIECE = 400
"""Half of what Claude Code 2.1 takes for a long paste."""


class Terminal:
    """The PTY that a program of the run lives in.

    Spawn it before any thread exists (forkpty). Output goes to every listener and is otherwise thrown
    away: there is no terminal emulator here; a listener that joins is told the modes, and asks for a redraw.

    Attributes:
        modes: what the program has switched on in its terminal.
        recent: the last pieces of output.
        closed: set once the program has let go of its terminal.
        draft: somebody has typed by hand what was not sent yet.
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
        self._size = size
        self.modes = Modes()
        self.draft = False
        self._cleared = asyncio.Event()
        self._drawing: asyncio.Task[None] | None = None
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
        self._size = (rows, columns)
        self._set_size(rows, columns)

    def _set_size(self, rows: int, columns: int) -> None:
        if self.closed.is_set():
            return
        with contextlib.suppress(OSError):
            self._child.setwinsize(rows, columns)

    def redraw(self, rows: int, columns: int) -> None:
        """Make the program draw its whole screen, also when the size has not changed."""
        self._size = (rows, columns)
        if self._drawing is not None:
            self._drawing.cancel()
        self._drawing = asyncio.create_task(self._draw_anew())

    async def _draw_anew(self) -> None:
        """Another size, and the right one once the program has followed; both at once could go unseen."""
        for _ in range(_DRAW_TRIES):
            rows, columns = self._size
            await self._until_cleared(rows, columns - 1 if columns > 1 else 2)
            if await self._until_cleared(*self._size):
                return

    async def _until_cleared(self, rows: int, columns: int) -> bool:
        """Set the size; True once the program has cleared its screen to draw it all."""
        self._cleared.clear()
        self._set_size(rows, columns)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._cleared.wait(), _DRAW_S)
        return self._cleared.is_set()

    def type(self, keys: bytes) -> None:
        """Write `keys` as typed, in order, each byte once, never blocking; after its end, nowhere."""
        if self.closed.is_set():  # its descriptor may be another file's by now
            return
        self._outbox.append(keys)
        self._flush()

    def type_by_hand(self, keys: bytes) -> None:
        """As `type`, for keys of a person."""
        self.draft = drafted(keys, self.draft)
        self.type(keys)

    async def paste(self, text: str) -> None:
        """Put `text` into the prompt box: newlines do not send it, control codes are dropped.

        It goes in small pieces: of a long paste Claude Code makes an attachment, and not the person's words.
        Returns once the end of it was drawn, or after a while without: a busy UI takes keys late.
        """
        clean = plain(text)
        words, drawn, there = clean.split(), b"", asyncio.Event()
        last = words[-1][-_SEEN:].encode() if words else b""

        def look(data: bytes) -> None:
            nonlocal drawn
            drawn = drawn[-4 * _SEEN :] + data
            if last in drawn:
                there.set()

        hush = self.listen(look)
        try:
            for piece in _pieces(clean):
                self.type(_PASTE % piece.encode("utf-8", "replace"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(there.wait(), _ECHO_S)
        finally:
            hush()

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
        if _CLEAR in (self.recent[-1][-3:] if self.recent else b"") + data:
            self._cleared.set()
        self.recent.append(data)
        self.modes.see(data)
        for listener in list(self._listeners):
            listener(data)

    def _end(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        if self._drawing is not None:
            self._drawing.cancel()
        self.closed.set()

    async def wait(self) -> int:
        """The program's exit code once it has ended, -n after signal n."""
        await self.closed.wait()
        _pid, status = await asyncio.to_thread(os.waitpid, self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._child.closed = True
        self._child.terminated = True
        return os.waitstatus_to_exitcode(status)


def plain(text: str) -> str:
    """`text` without control codes; newlines and tabs stay, and every kind of line end is a newline."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))


def _pieces(text: str) -> Iterator[str]:
    """`text` in pieces of at most two line ends and `_PIECE` characters."""
    for found in re.finditer(r"(?:[^\n]*\n){2}|[\s\S]+\Z", text):
        yield from (found[0][at : at + _PIECE] for at in range(0, len(found[0]), _PIECE))


class _Spawn(pexpect.spawn):  # type: ignore[misc]
    """`pexpect.spawn` that leaves the given descriptors open in the child."""

    def __init__(self, keep_fds: list[int], *args: Any, **options: Any) -> None:
        self._keep_fds = keep_fds
        super().__init__(*args, **options)

    def _spawnpty(self, args: list[str], **options: Any) -> Any:
        for fd in self._keep_fds:
            os.set_inheritable(fd, True)
        return super()._spawnpty(args, pass_fds=self._keep_fds, **options)
