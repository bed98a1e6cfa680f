"""Who is at the other end of a unix socket, as the kernel says."""

from __future__ import annotations

import os
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path


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
    fields = stat_fields(pid)
    return fields[1] if fields else 0


def has_other_network(pid: int) -> bool:
    """Whether `pid` lives in another network namespace than we; false if that cannot be told."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    except OSError:
        return False


def started_at(pid: int) -> int:
    """When `pid` was started, in clock ticks since boot; 0 if it is gone or the system does not tell."""
    fields = stat_fields(pid)
    return fields[19] if fields else 0


def stat_fields(pid: int) -> list[int]:
    """The fields of `/proc/<pid>/stat` behind the program's name (see proc(5)), the first of them, a letter,
    as its code; empty if the process is gone or the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return []
    state, *numbers = stat.rpartition(b")")[2].split()
    return [ord(state), *map(int, numbers)]


def same_user(peer: Peer) -> bool:
    """Whether the peer runs as this very user."""
    return peer.uid == os.getuid()
