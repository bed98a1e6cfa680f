"""Claude Code as the runner holds it: the same few verbs in a terminal and without one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from supervisor.session.family import signal_all
from supervisor.session.headless import Headless, StreamItem
from supervisor.session.pty import Terminal

_STASH = b"\x13"
"""Ctrl-S: puts what stands in the prompt box aside until something else was sent."""

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

    def press_return(self) -> None:
        """Send what stands in the prompt box, if there is one."""
        ...

    def no_more(self) -> None:
        """No message follows: it may end after this turn."""
        ...

    def items(self) -> AsyncIterator[StreamItem]:
        """What its stream says; nothing in a terminal."""
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
        self._saying: asyncio.Task[None] | None = None

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
        while self._to_say:
            if self._terminal.draft:  # it comes back into the box by itself, after the message
                self._terminal.type(_STASH)
                await asyncio.sleep(_RETURN_AFTER_S)
            self._terminal.paste(_as_text(self._to_say.popleft()))
            await self._terminal.sent()
            await asyncio.sleep(_RETURN_AFTER_S)
            self.press_return()
            await asyncio.sleep(_RETURN_AFTER_S)

    def press_return(self) -> None:
        """Send what stands in the prompt box."""
        self._terminal.type(b"\r")

    def no_more(self) -> None:
        """A conversation in a terminal stays open."""

    async def items(self) -> AsyncIterator[StreamItem]:
        """Nothing: the transcript tells it all."""
        return
        yield

    def end(self) -> None:
        """Kill everything below the guard, and let the guard collect it."""
        _end(self.pid)

    async def wait(self) -> int:
        """Exit code of the guard."""
        return await self._terminal.wait()

    def last_words(self) -> str:
        """The last bytes drawn, without control sequences' meaning."""
        drawn = b"".join(self._terminal.recent)[-2000:]
        return "".join(c for c in drawn.decode("utf-8", "replace") if c.isprintable() or c == "\n")[-300:]


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

    def press_return(self) -> None:
        """There is no prompt box."""

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
