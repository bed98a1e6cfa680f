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
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(stat.rpartition(b")")[2].split()[1])


def same_user(peer: Peer) -> bool:
    """Whether the peer runs as this very user."""
    return peer.uid == os.getuid()
