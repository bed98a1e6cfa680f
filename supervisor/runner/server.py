"""The runner's side of the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from supervisor.gate.hold import Answer
from supervisor.gate.peer import Peer, peer_of
from supervisor.journal.events import State
from supervisor.runner.control import Reply, Request, Status, decode, encode
from supervisor.runner.operator import GONE, describe, refusal, terminal_of
from supervisor.runner.run import Run
from supervisor.session.pty import Terminal

_HIGH_WATER = 1 << 20
"""Bytes a slow attached screen may lag behind before it is let go; the PTY itself is drained at all times."""


class ControlServer:
    """Listens for operators of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._server: asyncio.Server | None = None
        self._attached: asyncio.StreamWriter | None = None
        self._refused: set[int] = set()

    async def serve(self, path: Path) -> None:
        """Listen on `path`, whose folder only the owner can enter."""
        self._server = await asyncio.start_unix_server(self._connection, str(path))
        path.chmod(0o600)

    def close(self) -> None:
        """Stop listening and let the attached screen go."""
        if self._server is not None:
            self._server.close()
        if self._attached is not None:
            self._attached.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = peer_of(writer.get_extra_info("socket"))
        with contextlib.suppress(ConnectionError):
            if why := refusal(peer, os.getpid()):
                if why != GONE or _is_order(decode(await reader.readline())):
                    self._tell(why, peer)
                writer.write(encode(Reply(f"refused: {why}")))
            elif (request := decode(await reader.readline())) is None:
                writer.write(encode(Reply("request not understood")))
            elif request.do == "attach":
                await self._attach(request, reader, writer)
            elif request.do == "watch":
                await self._watch(reader, writer)
            else:
                writer.write(encode(self._do(request, peer)))
            await writer.drain()
        writer.close()

    def _tell(self, why: str, peer: Peer) -> None:
        if peer.pid not in self._refused:  # one that tries again and again is one alert
            self._refused.add(peer.pid)
            self._run.tampering(f"{why} (process {peer.pid}) spoke to the control socket", 0)

    def _do(self, request: Request, peer: Peer) -> Reply:
        by = describe(peer)
        match request.do:
            case "status":
                return Reply(status=self._status())
            case "message":
                return Reply(self._run.message(request.text, by))
            case "stop":
                return Reply(self._run.stop(by))
            case "resume":
                return Reply(self._run.resume(by))
            case "resize":
                if (terminal := self._terminal()) is not None and request.rows and request.columns:
                    terminal.resize(request.rows, request.columns)
                return Reply()
            case "verdict" if request.verdict in tuple(Answer):
                answer = Answer(request.verdict)
                if answer in (Answer.ALLOW, Answer.ALLOW_LIKE) and not self._at_a_terminal(peer):
                    return Reply("only a person at a terminal can allow a call")
                return Reply(self._run.verdict(request.n, answer, request.text, by, request.rule))
            case "verdict":
                return Reply(f"a verdict is one of {', '.join(Answer)}, not {request.verdict!r}")
            case other:
                return Reply(f"{other!r} is nothing the runner does")

    def _at_a_terminal(self, peer: Peer) -> bool:
        agent = self._run.agent
        own = terminal_of(agent.pid) if agent is not None else ""
        return terminal_of(peer.pid) not in ("", own)

    def _terminal(self) -> Terminal | None:
        return self._run.agent.terminal if self._run.agent is not None else None

    def _status(self) -> Status:
        run = self._run
        return Status(
            run_id=run.spec.run_id,
            pid=os.getpid(),
            state=run.state.value,
            gate=f"closed: {run.gate.closed}" if run.gate.closed else "open",
            held=run.gate.held.numbers,
            pending=run.pending,
            attachable=self._terminal() is not None,
            attached=self._attached is not None,
        )

    async def _watch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """An operator is here until the connection ends."""
        self._run.watchers += 1
        try:
            writer.write(encode(Reply()))
            await reader.read()
        finally:
            self._run.watchers -= 1

    async def _attach(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry the PTY's bytes; the newest screen has it, the one before is let go."""
        terminal = self._terminal()
        if terminal is None:
            writer.write(encode(Reply("this run has no terminal to attach to (headless, or not started)")))
            return
        if self._run.state is State.PAUSED:
            writer.write(
                encode(Reply("the run is paused, and its terminal stands still: let it go on first"))
            )
            return
        if self._attached is not None:
            self._attached.close()
        self._attached = writer
        writer.write(encode(Reply(key=self._run.spec.attach_key)) + terminal.modes.replay())

        def show(data: bytes) -> None:
            if writer.transport.get_write_buffer_size() > _HIGH_WATER:
                writer.transport.abort()  # closing would wait for a screen that takes nothing
            elif not writer.is_closing():
                writer.write(data)

        hush = terminal.listen(show)
        terminal.redraw(request.rows or 24, request.columns or 80)
        try:
            while keys := await reader.read(65_536):
                terminal.type_by_hand(keys)
        except ConnectionError:
            pass
        finally:
            hush()
            if self._attached is writer:
                self._attached = None


def _is_order(request: Request | None) -> bool:
    """Whether something is to be done by it: a command that was killed had only asked how things are."""
    return request is not None and request.do not in ("status", "watch")
