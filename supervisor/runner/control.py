"""The control socket of a run: one JSON line asked, one JSON line answered.

`attach` is the exception: after its answer the connection carries the PTY's bytes both ways.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from supervisor.errors import RunnerGoneError, UsageError

ANSWER_TIMEOUT_S = 5.0


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an operator's process asks of the runner.

    Attributes:
        do: status, watch, message, verdict, stop, resume, attach, resize.
        text: the message, or the operator's sentence with a verdict.
        n: number of the held call.
        verdict: allow, allow like, deny, simulate.
        rule: with `allow like` the rule as the operator was shown it.
        rows, columns: size of the operator's terminal.
    """

    do: str
    text: str = ""
    n: int = 0
    verdict: str = ""
    rule: str = ""
    rows: int = 0
    columns: int = 0


class Status(msgspec.Struct, frozen=True):
    """How the run is, as its runner knows it this moment.

    Attributes:
        state: as in the journal.
        gate: `open`, `closed: <why>`.
        held: numbers of the calls that wait.
        pending: alerts that could not be journaled yet.
        attachable: there is a terminal to attach to.
        attached: a screen holds the terminal.
    """

    run_id: str
    pid: int
    state: str
    gate: str
    held: tuple[int, ...] = ()
    pending: tuple[str, ...] = ()
    attachable: bool = False
    attached: bool = False


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The runner's answer; `error` is empty when it did what was asked.

    Attributes:
        key: with `attach`: the key that leads back, as the configuration names it.
    """

    error: str = ""
    status: Status | None = None
    key: str = ""


class ControlClient:
    """Speaks to the runner of one run."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def status(self) -> Status:
        """How the run is.

        Raises:
            RunnerGoneError: no runner answers.
        """
        reply = await self._ask(Request("status"))
        assert reply.status is not None
        return reply.status

    async def message(self, text: str) -> None:
        """Send the agent a message."""
        await self._ask(Request("message", text=text))

    async def verdict(self, n: int, verdict: str, sentence: str = "", rule: str = "") -> None:
        """Answer held call `n` with allow, allow like (by a rule), deny or simulate."""
        await self._ask(Request("verdict", n=n, verdict=verdict, text=sentence, rule=rule))

    async def stop(self) -> None:
        """End the run."""
        await self._ask(Request("stop"))

    async def resume(self) -> None:
        """Let a paused run go on."""
        await self._ask(Request("resume"))

    async def resize(self, rows: int, columns: int) -> None:
        """Tell the attached terminal its size."""
        await self._ask(Request("resize", rows=rows, columns=columns))

    async def attach(self, rows: int, columns: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, str]:
        """Take over the agent's terminal: the streams carry its bytes until either side closes.

        Returns:
            Both streams, and the name of the key that leads back.
        """
        reader, writer = await self._connect()
        reply = await _exchange(reader, writer, Request("attach", rows=rows, columns=columns))
        return reader, writer, reply.key

    async def watch(self) -> asyncio.StreamWriter:
        """Say that an operator is here, for as long as the returned connection stays open."""
        reader, writer = await self._connect()
        await _exchange(reader, writer, Request("watch"))
        return writer

    async def _ask(self, request: Request) -> Reply:
        reader, writer = await self._connect()
        try:
            return await _exchange(reader, writer, request)
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(str(self._socket))
        except OSError as cause:
            raise RunnerGoneError(
                "no runner answers for this run", cure="It has ended; `supervise runs` says how."
            ) from cause


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request) -> Reply:
    writer.write(msgspec.json.encode(request) + b"\n")
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            line = await reader.readline()
    except (TimeoutError, ConnectionError) as cause:
        raise RunnerGoneError("the runner does not answer", cure="`supervise stop` ends it.") from cause
    if not line:
        raise RunnerGoneError("the runner closed the connection")
    reply = msgspec.json.decode(line, type=Reply)
    if reply.error:
        raise UsageError(reply.error)
    return reply


def encode(reply: Reply) -> bytes:
    """`reply` as one line."""
    return msgspec.json.encode(reply) + b"\n"


def decode(line: bytes) -> Request | None:
    """The request in `line`, None if it is none."""
    try:
        return msgspec.json.decode(line, type=Request)
    except msgspec.DecodeError:
        return None
