"""Who is at the other end of a unix socket, as the kernel says."""

from __future__ import annotations

import os
import socket
import struct
import sys
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Peer:
    """The process that connected. `pid` is 0 where the system does not tell."""

    pid: int
    uid: int


def peer_of(connection: socket.socket) -> Peer:
    """The connecting process, from `SO_PEERCRED` (Linux) or `LOCAL_PEERCRED`/`LOCAL_PEERPID` (macOS)."""
    if sys.platform == "linux":
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, _gid = struct.unpack("3i", raw)
        return Peer(pid, uid)
    # struct xucred {u_int version; uid_t uid; …}; LOCAL_PEERCRED = 1, LOCAL_PEERPID = 2 at level 0
    raw = connection.getsockopt(0, 1, 76)
    _version, uid = struct.unpack_from("II", raw)
    (pid,) = struct.unpack("i", connection.getsockopt(0, 2, 4))
    return Peer(pid, uid)


def parent_of(pid: int) -> int:
    """Parent process id of `pid`, 0 if it is gone or the system does not tell."""
    try:
        return int(_stat(pid).split(None, 2)[1])
    except (OSError, IndexError):
        return 0


def has_other(kind: str, pid: int) -> bool | None:
    """Whether `pid` lives in another namespace of this kind (`net`, `mnt`) than we; None if that cannot be
    told."""
    try:
        return namespace_of(pid, kind) != _own(kind)
    except OSError:
        return None


def namespace_of(pid: int, kind: str) -> str:
    """What the kernel calls the namespace of this kind (`net`, `mnt`) that `pid` lives in: namespaces(7).

    Raises:
        PermissionError: it is nothing for this user.
        FileNotFoundError, ProcessLookupError: the process has ended, or cannot be seen from here.
    """
    return os.readlink(f"/proc/{pid}/ns/{kind}")  # noqa: PTH115 (for every call)


@cache
def _own(kind: str) -> str:
    return namespace_of(os.getpid(), kind)


def _stat(pid: int) -> bytes:
    """`/proc/<pid>/stat` behind the program's name (see proc(5)). Raises OSError: there is none."""
    opened = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(opened, 4096).rpartition(b")")[2]
    finally:
        os.close(opened)


def started_at(pid: int) -> int:
    """When `pid` was started, in clock ticks since boot; 0 if it is gone or the system does not tell."""
    fields = stat_fields(pid)
    return fields[19] if fields else 0


def stat_fields(pid: int) -> list[int]:
    """The fields of `/proc/<pid>/stat` behind the program's name (see proc(5)), the first of them, a letter,
    as its code; empty if the process is gone or the system does not tell."""
    try:
        state, *numbers = _stat(pid).split()
    except (OSError, ValueError):
        return []
    return [ord(state), *map(int, numbers)]


def is_alive(pid: int) -> bool:
    """Whether `pid` still runs, stopped or not: it is there, and has not ended without being collected. Where
    the system does not tell, it does."""
    if sys.platform != "linux":
        return True
    state = stat_fields(pid)[:1]
    return bool(state) and chr(state[0]) not in "ZX"


def same_user(peer: Peer) -> bool:
    """Whether the peer runs as this very user."""
    return peer.uid == os.getuid()
