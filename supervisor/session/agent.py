"""Claude Code as the runner holds it: the same few verbs in a terminal and without one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

from supervisor.session.family import signal_all
from supervisor.session.headless import Headless, StreamItem
from supervisor.session.opening import SEQUENCE, Opening
from supervisor.session.pty import Terminal

_CONTROL = re.compile(rb"\A[^\x1b\n]*|" + SEQUENCE, re.DOTALL)
"""Control sequences, and what may be the rest of one at the beginning."""

_LAST_DRAWN = 8_000
"""Bytes."""

_STASH = b"\x13"
"""Ctrl-S: puts what stands in the prompt box aside until something else was sent."""

_RETURNS = 5
_HEARD_S = 1.5
"""A return key can be lost while the UI starts or is busy. On an empty prompt box it does nothing, so it is
pressed again until the gate has heard of a prompt, or somebody types there."""

_RETURN_AFTER_S = 0.15
"""A return key that follows a paste too closely is taken for a part of it, and the other way round."""


def guarded(argv: Sequence[str], pipe: int) -> list[str]:
    """`argv` behind the guard, which ends everything below it when `pipe` sees its end."""
    guard = Path(__file__).with_name("guard.py")
    return [sys.executable, "-I", "-S", str(guard), str(pipe), "--", *argv]


class Agent(Protocol):
    """One Claude Code process and everything below it."""

    @property
    def pid(self) -> int:
        """Process id of its guard."""
        ...

    @property
    def terminal(self) -> Terminal | None:
        """Its PTY, if it has one."""
        ...

    def say(self, text: str) -> None:
        """Send it a message."""
        ...

    def heard(self) -> None:
        """A prompt has passed the gate."""
        ...

    def no_more(self) -> None:
        """No message follows: it may end after this turn."""
        ...

    def items(self) -> AsyncIterator[StreamItem]:
        """What its stream says; in a terminal what it draws before the handshake."""
        ...

    def end(self) -> None:
        """Kill it and all its children."""
        ...

    async def wait(self) -> int:
        """Its exit code, once it and all its children are gone; -n where signal n ended the guard itself."""
        ...

    def last_words(self) -> str:
        """The end of what it printed, for an error message."""
        ...


class InteractiveAgent:
    """Claude Code's own UI in a PTY."""

    def __init__(
        self, argv: Sequence[str], *, cwd: str, env: dict[str, str], size: tuple[int, int], lifeline: int
    ) -> None:
        self._terminal = Terminal(guarded(argv, lifeline), cwd=cwd, env=env, size=size, keep_fds=[lifeline])
        self._to_say: deque[str] = deque()
        self._heard = asyncio.Event()
        self._saying: asyncio.Task[None] | None = None
        self._opening = Opening()
        self._items: asyncio.Queue[StreamItem] = asyncio.Queue()
        self._look_away: Callable[[], None] | None = self._terminal.listen(self._look)

    def _look(self, data: bytes) -> None:
        for item in self._opening.see(data):
            self._items.put_nowait(item)

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._terminal.pid

    @property
    def terminal(self) -> Terminal | None:
        """The PTY."""
        return self._terminal

    def say(self, text: str) -> None:
        """Paste `text` and press return; the next message waits until this one is on its way."""
        self._to_say.append(text)
        if self._saying is None or self._saying.done():
            self._saying = asyncio.create_task(self._say_all())

    async def _say_all(self) -> None:
        terminal = self._terminal
        while self._to_say:
            if stashed := terminal.draft:  # it comes back into the box by itself, after the message
                terminal.type(_STASH)
                terminal.draft = False
                await asyncio.sleep(_RETURN_AFTER_S)
            self._heard.clear()
            await terminal.paste(_as_text(self._to_say.popleft()))
            await asyncio.sleep(_RETURN_AFTER_S)
            for _ in range(1 if stashed else _RETURNS):
                terminal.type(b"\r")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._heard.wait(), _HEARD_S)
                if self._heard.is_set() or terminal.draft:
                    break
            terminal.draft = terminal.draft or stashed

    def heard(self) -> None:
        """A prompt has passed the gate."""
        self._heard.set()
        if self._look_away is not None:
            self._look_away()
            self._look_away = None

    def no_more(self) -> None:
        """A conversation in a terminal stays open."""

    async def items(self) -> AsyncIterator[StreamItem]:
        """What it draws, up to its first prompt; the transcript tells the rest."""
        while True:
            yield await self._items.get()

    def end(self) -> None:
        """Kill everything below the guard, and let the guard collect it."""
        _end(self.pid)

    async def wait(self) -> int:
        """Exit code of the guard."""
        return await self._terminal.wait()

    def last_words(self) -> str:
        """The end of what it drew, without control sequences, blanks and empty lines."""
        drawn = b"".join(self._terminal.recent)[-_LAST_DRAWN:]
        text = _CONTROL.sub(b" ", drawn).decode("utf-8", "replace").replace("\r", "\n")
        lines = ("".join(c for c in line if c.isprintable()).strip() for line in text.split("\n"))
        return "\n".join(line for line in lines if line)[-300:]


def _as_text(message: str) -> str:
    """`message` so that the prompt box takes it for text and the return key for its end.

    A leading `!` would open a shell that no hook is asked about; a last `\\` would turn the return key into a
    new line.
    """
    return (" " if message.startswith("!") else "") + message + (" " if message.endswith("\\") else "")


class HeadlessAgent:
    """Claude Code with stream-json; what it prints as errors goes to a log."""

    def __init__(self, process: Headless, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def start(
        cls, argv: Sequence[str], *, cwd: str, env: dict[str, str], log: Path, lifeline: int
    ) -> HeadlessAgent:
        """Start it."""
        errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = await Headless.start(
                guarded(argv, lifeline), cwd=cwd, env=env, keep_fds=[lifeline], errors=errors
            )
        finally:
            os.close(errors)
        return cls(process, log)

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._process.pid

    @property
    def terminal(self) -> Terminal | None:
        """There is none."""
        return None

    def say(self, text: str) -> None:
        """Send a message on the stream."""
        self._process.send(text)

    def heard(self) -> None:
        """What was written to the stream arrives."""

    def no_more(self) -> None:
        """Close the stream: it ends after this turn."""
        self._process.no_more()

    def items(self) -> AsyncIterator[StreamItem]:
        """What the stream says."""
        return self._process.items()

    def end(self) -> None:
        """Kill everything below the guard, and let the guard collect it."""
        _end(self.pid)

    async def wait(self) -> int:
        """Exit code of the guard."""
        return await self._process.wait()

    def last_words(self) -> str:
        """The end of its error log."""
        try:
            return self._log.read_text(errors="replace").strip()[-300:]
        except OSError:
            return ""


def _end(guard: int) -> None:
    signal_all(guard, signal.SIGKILL)
