"""A service of this machine for what should not reach it, or should."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


class Service:
    """A TCP and a UDP service on one port of 127.0.0.1, and what reached them."""

    def __init__(self, stack: ExitStack) -> None:
        bound = False
        while not bound:  # somebody else's datagram socket may have the number of this one
            self._stream = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            self._datagram = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._stream.bind(("127.0.0.1", 0))
            with suppress(OSError):
                self._datagram.bind(self._stream.getsockname())
                bound = True
        self._stream.listen()
        for each in (self._stream, self._datagram):
            each.setblocking(False)

    @property
    def port(self) -> int:
        """Where both listen."""
        return int(self._stream.getsockname()[1])

    def heard(self) -> set[tuple[str, str]]:
        """Protocol and first line of all that arrived since the last look."""
        found = set()
        with suppress(BlockingIOError):
            while True:
                with self._stream.accept()[0] as connection:
                    connection.settimeout(10)
                    found.add(("tcp", _first_line(connection.recv(100))))
        with suppress(BlockingIOError):
            while True:
                found.add(("udp", _first_line(self._datagram.recv(100))))
        return found


def _first_line(data: bytes) -> str:
    return data.decode().partition("\n")[0].strip()


@contextmanager
def a_service() -> Iterator[Service]:
    """A service that listens for the block."""
    with ExitStack() as stack:
        yield Service(stack)
