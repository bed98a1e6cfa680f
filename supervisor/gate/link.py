"""The gate's end of one connection: a request, beats while the call is held, one answer, one receipt.

    client -> gate   NONCE LENGTH\\n and LENGTH bytes of JSON
    gate -> client   \\n              are you there? (held calls only)
    client -> gate   \\n              yes
    gate -> client   supervise NONCE LENGTH\\n and LENGTH bytes of JSON
    client -> gate   taken\\n         the decision has been passed on to Claude Code, whole

A client that is gone or silent at any point has failed, and the gate knows it before Claude Code does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

from supervisor.errors import GateError
from supervisor.gate import wire

_BEAT = b"\n"
_RECEIPT = b"taken\n"
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 10
"""More than any line of a client; whoever sends a longer one is none."""


class HookClientError(GateError):
    """The hook client is gone, or gave no sign of life within the deadline."""


class StrangerError(GateError):
    """Whoever connected does not know the run's nonce."""


class Link:
    """One connection with a hook client.

    Args:
        connection: a stream socket that does not block.
        nonce: what a client of this run says first.
        deadline_s: longest silence that is accepted of it, in seconds.

    Attributes:
        asker: process id of Claude Code, which started the client; 0 as long as that is not known.
    """

    def __init__(self, connection: socket.socket, nonce: str, deadline_s: float) -> None:
        self._connection = connection
        self._nonce = nonce
        self._deadline_s = deadline_s
        self._came = bytearray()
        self._over = False
        self.asker = 0

    async def request(self) -> bytes:
        """The event, as JSON.

        Raises:
            StrangerError: it does not begin with the nonce.
            HookClientError: it is not whole within the deadline.
        """
        first = await self._line("did not send its request")
        words = first.split()
        if len(words) != 2 or words[0] != self._nonce.encode() or not words[1].isdigit():
            if not first.endswith(b"\n") and self._nonce.encode().startswith(first[: len(self._nonce)]):
                raise HookClientError("the hook client was cut off in the middle of its request")
            raise StrangerError("not the run's nonce")
        length, what = int(words[1]), "did not send its request whole"
        event = await self._heard(lambda: length if len(self._came) >= length else 0, what) if length else b""
        if len(event) != length:
            raise HookClientError(f"the hook client {what}: it is gone")
        return event

    async def attend(self, beat_s: float) -> None:
        """Stay until the client fails, asking it every `beat_s` seconds. Cancel it to answer.

        Raises:
            HookClientError: the client is gone, or did not say that it is there.
        """
        what = "hangs while its call is held"
        while True:
            await self._say(_BEAT, what)
            if await self._line(what) != _BEAT:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(beat_s):
                    await self._receive()  # nothing but the end can come here
                    break
        raise HookClientError("the hook client was gone while its call was held")

    async def answer(self, decision: dict[str, Any]) -> None:
        """Send `decision` and wait until the client has passed it on.

        Raises:
            HookClientError: it did not.
        """
        what = "hangs with the gate's answer"
        await self._say(wire.frame(self._nonce, decision), what)
        heard = _BEAT  # what it said to the last beat may still be on its way
        while heard == _BEAT:
            heard = await self._line(what)
        if heard != _RECEIPT:
            raise HookClientError("the hook client did not pass the gate's answer on")

    async def _line(self, what: str) -> bytes:
        """The next line with its end; less, if the client has closed its side."""
        return await self._heard(self._line_length, what)

    def _line_length(self) -> int:
        end = self._came.find(b"\n") + 1
        return len(self._came) if not end and len(self._came) > _LONGEST_LINE else end

    async def _heard(self, whole: Callable[[], int], what: str) -> bytes:
        """The next bytes: as many as `whole` finds, which is 0 as long as they have not all come."""
        if not whole():
            self._take_what_came()  # most often all of it: no deadline need be set up
        if not whole() and not self._over:
            async with self._within_deadline(what):
                while not whole() and not self._over:
                    await self._receive()
        length = whole() or len(self._came)
        heard = bytes(self._came[:length])
        del self._came[:length]
        return heard

    def _take_what_came(self) -> None:
        with contextlib.suppress(OSError):  # nothing, or the end of all: whoever waits for more is told
            self._came += self._connection.recv(_CHUNK)

    async def _receive(self) -> None:
        came = await asyncio.get_running_loop().sock_recv(self._connection, _CHUNK)
        self._came += came
        self._over = not came

    async def _say(self, words: bytes, what: str) -> None:
        sent = 0
        with contextlib.suppress(OSError):  # said below
            sent = self._connection.send(words)
        if sent < len(words):
            async with self._within_deadline(what):
                await asyncio.get_running_loop().sock_sendall(self._connection, words[sent:])

    @contextlib.asynccontextmanager
    async def _within_deadline(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError as cause:
            raise HookClientError(f"the hook client {what} within {self._deadline_s:.0f} s") from cause
        except OSError as cause:
            raise HookClientError(f"the hook client {what}: it is gone") from cause
