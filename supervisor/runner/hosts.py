"""The hosts an operator has opened for a run: a proxy that leads to them and nowhere else.

Bash has no network; a socket of this proxy is all it can reach. It takes CONNECT and plain requests, as
package managers send them, and refuses every host that was not opened.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

_HEAD = 1 << 16
"""Longest request head that is accepted, in bytes."""

_CONNECT_S = 30.0

_ENDS = (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError, ExceptionGroup)
"""How a connection can end: a bad request, a side that goes away, the end of the run."""


class HostProxy:
    """Serves the commands of one run.

    Args:
        hosts: names, or globs like `*.example.org`; a name opens that host alone.
        path: the socket to listen on, in a folder that only the owner can enter.
    """

    def __init__(self, hosts: Sequence[str], path: Path) -> None:
        self.path = path
        self._hosts = tuple(host.lower() for host in hosts)
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._connection, str(self.path), limit=_HEAD)
        self.path.chmod(0o600)

    def close(self) -> None:
        """Stop listening, and cut what is under way."""
        if self._server is not None:
            self._server.close()
        for task in self._busy:
            task.cancel()
        self.path.unlink(missing_ok=True)

    def opens(self, host: str) -> bool:
        """Whether `host` was opened."""
        return any(fnmatchcase(host.lower().rstrip("."), each) for each in self._hosts)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            with contextlib.suppress(*_ENDS):
                await self._pass_on(reader, writer)
        finally:
            self._busy.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode("ascii").split()
        tunnel = method == "CONNECT"
        url = urlsplit(f"//{target}" if tunnel else target)
        host = url.hostname or ""
        if not self.opens(host):
            said = f"{host} is not open for this run".encode()
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
            await writer.drain()
            return
        port = url.port or (443 if url.scheme == "https" else 80)
        async with asyncio.timeout(_CONNECT_S):
            there, thither = await asyncio.open_connection(host, port)
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = url.path or "/"
                asked = f"{path}?{url.query}" if url.query else path
                # One request a connection: the next may be for another host.
                kept = [
                    h for h in rest.split(b"\r\n") if not h.lower().startswith((b"connection:", b"proxy-"))
                ]
                request = f"{method} {asked} {version}\r\nConnection: close\r\n".encode()
                thither.write(request + b"\r\n".join(kept))
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, thither))
                both.create_task(_copy(there, writer))
        finally:
            thither.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while part := await source.read(1 << 16):
        sink.write(part)
        await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()
