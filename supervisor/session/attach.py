"""Hand this terminal to Claude Code's own UI, until one key brings us back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import termios
import tty
from collections.abc import Awaitable, Callable
from typing import BinaryIO

from supervisor.errors import SuperviseError
from supervisor.session.modes import LEAVE

_ENTER_SCREEN = b"\x1b[22;0t\x1b[?1049h\x1b[2J\x1b[H"
_LEAVE_SCREEN = b"\x1b[?1049l\x1b[23;0t"
"""The other screen and back, so that what stood in the terminal stands there again; title alike."""

_FLUSH_S = 1.0
"""How long a runner that reads nothing may hold up the way back."""

Attached = tuple[asyncio.StreamReader, asyncio.StreamWriter, str]
"""The agent's bytes both ways, and the name of the key that leads back."""


def detach_key(name: str) -> re.Pattern[bytes]:
    """What terminals send for the key `name`, e.g. `ctrl+\\`.

    As a control character, and as the two keyboard protocols that Claude Code may switch on write it, with
    Caps Lock and Num Lock or without.
    """
    char = ord(name.removeprefix("ctrl+"))
    protocols = rb"\x1b\[%d(?::[0-9]*)*;(?:5|69|133|197)(?::1)?(?:;[0-9:]*)?u|\x1b\[27;5;%d~" % (char, char)
    return re.compile(re.escape(bytes([char & 0x1F])) + b"|" + protocols)


async def attach(
    connect: Callable[[int, int], Awaitable[Attached]],
    resize: Callable[[int, int], Awaitable[None]],
) -> bool:
    """Carry bytes between this terminal and the run's until the key back is typed or the run lets go.

    Every key before it in the same read is delivered, none after it; each exactly once.

    Returns:
        True when the operator came back by the key, False when the other side ended it.

    Raises:
        OSError: standard input is not a terminal.
        SuperviseError: from `connect`; the terminal is as it was.
    """
    stdin, stdout = sys.stdin.fileno(), sys.stdout.buffer
    before = termios.tcgetattr(stdin)
    # Raw first, and without a flush: what is typed while the connection is made is the agent's, unchanged.
    tty.setraw(stdin, termios.TCSANOW)
    try:
        size = os.get_terminal_size(stdin)
        reader, writer, key = await connect(size.lines, size.columns)
        following = asyncio.create_task(_follow_size(stdin, size, resize))
        try:
            return await _carry(stdin, stdout, reader, writer, detach_key(key))
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


async def _carry(
    stdin: int,
    stdout: BinaryIO,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    key: re.Pattern[bytes],
) -> bool:
    loop = asyncio.get_running_loop()
    came_back = asyncio.Event()

    def typed() -> None:
        # One read for each time the loop says there is something. The terminal stays in blocking mode: that
        # mode is shared with standard output, and with every other program that has this terminal open.
        try:
            data = os.read(stdin, 65_536)
        except OSError:  # the terminal was closed
            data = b""
        found = key.search(data)
        if keys := data[: found.start()] if found else data:
            writer.write(keys)
        if found or not data:
            loop.remove_reader(stdin)  # what is typed from here on is ours
            came_back.set()

    stdout.write(_ENTER_SCREEN)
    stdout.flush()
    loop.add_reader(stdin, typed)
    shown = asyncio.create_task(_show(reader, stdout, came_back))
    back = asyncio.create_task(came_back.wait())
    try:
        await asyncio.wait({shown, back}, return_when=asyncio.FIRST_COMPLETED)
        # The runner reads to the end of what was typed and then lets go. Were the connection closed from
        # here, its next write would fail, and with it the connection that still holds those keys.
        with contextlib.suppress(OSError, TimeoutError):
            writer.write_eof()
            await asyncio.wait_for(shown, _FLUSH_S)
    finally:
        loop.remove_reader(stdin)
        for task in (shown, back):
            task.cancel()
        await asyncio.gather(shown, back, return_exceptions=True)
        writer.close()
        stdout.write(LEAVE + _LEAVE_SCREEN)
        stdout.flush()
    return came_back.is_set()


async def _show(reader: asyncio.StreamReader, stdout: BinaryIO, enough: asyncio.Event) -> None:
    """Show what comes, to its end; from `enough` on it is only taken."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            if not enough.is_set():
                stdout.write(data)
                stdout.flush()


async def _follow_size(
    terminal: int, told: os.terminal_size, resize: Callable[[int, int], Awaitable[None]]
) -> None:
    """Tell the other side each new size of `terminal`, one after the other, so that the last one stands."""
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, changed.set)
    try:
        while True:
            if (now := os.get_terminal_size(terminal)) != told:
                told = now
                with contextlib.suppress(SuperviseError):
                    await resize(now.lines, now.columns)
                continue
            await changed.wait()
            changed.clear()
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)
