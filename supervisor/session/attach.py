"""Hand this terminal to Claude Code's own UI, until one key brings us back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Awaitable, Callable
from typing import BinaryIO

DETACH_KEY = b"\x1c"
"""Ctrl-\\: Claude Code has no use for it."""

_LEAVE = (
    b"\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?1049l\x1b[<u\x1b[>4;0m"
    b"\x1b[?25h\x1b[0m\x1b[2J\x1b[H"
)
"""Undoes what a UI may have switched on: paste, mouse and focus reports, other screen, keyboard modes."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def attach(
    connect: Callable[[int, int], Awaitable[Streams]],
    resize: Callable[[int, int], Awaitable[None]],
    *,
    key: bytes = DETACH_KEY,
) -> bool:
    """Carry bytes between this terminal and the run's until `key` is typed or the run lets go.

    Every key before `key` in the same read is delivered, none after it; each exactly once.

    Returns:
        True when the operator came back by `key`, False when the other side ended it.

    Raises:
        OSError: standard input is not a terminal.
    """
    stdin, stdout = sys.stdin.fileno(), sys.stdout.buffer
    before = termios.tcgetattr(stdin)
    size = shutil.get_terminal_size()
    reader, writer = await connect(size.lines, size.columns)
    loop = asyncio.get_running_loop()
    came_back = asyncio.Event()
    resizing: set[asyncio.Task[None]] = set()

    def typed() -> None:
        try:
            data = os.read(stdin, 65_536)
        except BlockingIOError:
            return
        keys, found, _rest = data.partition(key)
        if keys:
            writer.write(keys)
        if found or not data:
            came_back.set()

    def resized() -> None:
        now = shutil.get_terminal_size()
        task = asyncio.ensure_future(resize(now.lines, now.columns))
        resizing.add(task)
        task.add_done_callback(resizing.discard)

    tty.setraw(stdin)
    os.set_blocking(stdin, False)
    stdout.write(b"\x1b[2J\x1b[H")
    stdout.flush()
    loop.add_reader(stdin, typed)
    loop.add_signal_handler(signal.SIGWINCH, resized)
    shown = asyncio.create_task(_show(reader, stdout))
    back = asyncio.create_task(came_back.wait())
    try:
        await asyncio.wait({shown, back}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        loop.remove_reader(stdin)
        loop.remove_signal_handler(signal.SIGWINCH)
        for task in (shown, back):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        writer.close()
        os.set_blocking(stdin, True)
        stdout.write(_LEAVE)
        stdout.flush()
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
    return came_back.is_set()


async def _show(reader: asyncio.StreamReader, stdout: BinaryIO) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            stdout.write(data)
            stdout.flush()
