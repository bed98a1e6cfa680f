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
from typing import Any

from supervisor.errors import GateError
from supervisor.gate import wire

_BEAT = b"\n"
_RECEIPT = b"taken\n"


class HookClientError(GateError):
    """The hook client is gone, or gave no sign of life within the deadline."""


class StrangerError(GateError):
    """Whoever connected does not know the run's nonce."""


class Link:
    """One connection with a hook client.

    Args:
        nonce: what a client of this run says first.
        deadline_s: longest silence that is accepted of it, in seconds.

    Attributes:
        asker: process id of Claude Code, which started the client; 0 as long as that is not known.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, nonce: str, deadline_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._nonce = nonce
        self._deadline_s = deadline_s
        self.asker = 0

    async def request(self) -> bytes:
        """The event, as JSON.

        Raises:
            StrangerError: it does not begin with the nonce.
            HookClientError: it is not whole within the deadline.
        """
        first = await self._heard(self._reader.readline(), "did not send its request")
        words = first.split()
        if len(words) != 2 or words[0] != self._nonce.encode() or not words[1].isdigit():
            if not first.endswith(b"\n") and self._nonce.encode().startswith(first[: len(self._nonce)]):
                raise HookClientError("the hook client was cut off in the middle of its request")
            raise StrangerError("not the run's nonce")
        return await self._heard(self._reader.readexactly(int(words[1])), "did not send its request whole")

    async def attend(self, beat_s: float) -> None:
        """Stay until the client fails, asking it every `beat_s` seconds. Cancel it to answer.

        Raises:
            HookClientError: the client is gone, or did not say that it is there.
        """
        while True:
            self._writer.write(_BEAT)
            if await self._heard(self._reader.readline(), "hangs while its call is held") != _BEAT:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(beat_s):
                    await self._reader.read(1)  # nothing but the end can come here
                    break
        raise HookClientError("the hook client was gone while its call was held")

    async def answer(self, decision: dict[str, Any]) -> None:
        """Send `decision` and wait until the client has passed it on.

        Raises:
            HookClientError: it did not.
        """
        self._writer.write(wire.frame(self._nonce, decision))
        heard = _BEAT  # what it said to the last beat may still be on its way
        while heard == _BEAT:
            heard = await self._heard(self._reader.readline(), "hangs with the gate's answer")
        if heard != _RECEIPT:
            raise HookClientError("the hook client did not pass the gate's answer on")

    async def close(self) -> None:
        """Let go of the client."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            self._writer.close()
            async with asyncio.timeout(self._deadline_s):
                await self._writer.wait_closed()

    async def _heard(self, reading: Any, what: str) -> bytes:
        try:
            async with asyncio.timeout(self._deadline_s):
                heard: bytes = await reading
        except TimeoutError as cause:
            raise HookClientError(f"the hook client {what} within {self._deadline_s:.0f} s") from cause
        except (ConnectionError, asyncio.IncompleteReadError, ValueError) as cause:
            raise HookClientError(f"the hook client {what}: it is gone") from cause
        return heard
