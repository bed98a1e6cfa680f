"""Whether the process at the other end is the operator's, and never the run's own.

A verdict counts only from a process that the kernel says is this user's, does not descend from the
runner (a child subreaper keeps daemonised ones in the family), lives in the runner's namespaces, and
has a controlling terminal that is not the run's PTY.
"""

from __future__ import annotations

import os
import pwd
import sys

from supervisor.gate.peer import Peer, namespace_of, same_user, stat_fields
from supervisor.session.family import is_below

GONE = "a process that has ended since"
"""Why a process may not speak of which nobody can tell any more whose it was."""

_NAMESPACES = ("user", "mnt", "pid", "net")


def refusal(peer: Peer, runner_pid: int) -> str:
    """Why `peer` may not speak for the operator at all; empty if it may."""
    if not same_user(peer):
        return "another user's process"
    if peer.pid and is_below(peer.pid, runner_pid):
        return "a process of the run itself"
    if sys.platform == "linux":
        theirs = _namespaces(peer.pid)
        if theirs is None and peer.pid:  # which is 0 where the process cannot be seen from here
            return GONE
        if theirs is None or theirs != _namespaces(runner_pid):
            return "a process in other namespaces"
    return ""


def terminal_of(pid: int) -> str:
    """Device of the controlling terminal of `pid`, e.g. `/dev/pts/3`; empty if it has none."""
    fields = stat_fields(pid)
    device = fields[4] if fields else 0
    if device == 0:
        return ""
    major, minor = os.major(device), os.minor(device)
    return f"/dev/pts/{minor}" if 136 <= major <= 143 else f"/dev/tty {major}:{minor}"


def describe(peer: Peer) -> str:
    """The operator as the journal names them: `operator <user> on <tty>`."""
    try:
        user = pwd.getpwuid(peer.uid).pw_name
    except KeyError:
        user = str(peer.uid)
    where = terminal_of(peer.pid)
    return f"operator {user} on {where}" if where else f"operator {user}"


def _namespaces(pid: int) -> tuple[str, ...] | None:
    """What the kernel calls the namespaces of `pid`; None where there is no such process (any more)."""
    try:
        return tuple(namespace_of(pid, kind) for kind in _NAMESPACES)
    except PermissionError:
        return ()
    except (FileNotFoundError, ProcessLookupError):
        return None
