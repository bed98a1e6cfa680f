"""A unix socket in the event loop that hands each connection over as it is, a socket.

With asyncio's streams it takes several turns of the loop until a connection can be read. A hook client waits
for that, and the agent for the hook client; here it takes one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

_BACKLOG = 128
_PAUSE_S = 0.2
"""After a connection that the system had no means to accept: it stays in the queue, and is tried again."""


class Listener:
    """Listens on a unix socket; each connection is served in a task of its own.

    Args:
        path: where; its folder must keep others out. A socket that stands there is replaced.
        serve: gets each connection, which does not block, and closes it.

    Raises:
        OSError: the socket cannot be made.
    """

    def __init__(self, path: Path, serve: Callable[[socket.socket], Awaitable[None]]) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if path.is_socket():
                path.unlink()
            self._socket.bind(str(path))
            path.chmod(0o600)
            self._socket.listen(_BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Accept nobody any more; those that are served go on."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _listen(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # out of file descriptors or memory
            self._loop.remove_reader(self._socket)
            self._loop.call_later(_PAUSE_S, self._listen)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._served(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _served(self, connection: socket.socket) -> None:
        with contextlib.closing(connection):
            await self._serve(connection)
