"""Getting out of the shadow, tried from inside with no gate in the way: nothing may leave a trace outside.

Each attempt is a shell script that runs in the contained tree, as any MCP server could. It does its worst and
then says `ESCAPED` if it believes that it got out; what counts is what can be seen outside after. Sockets
and processes of the host are real ones, set up for the attempt. The network is not cut at this level: Claude
Code and MCP servers have it. That Bash has none, is shown with the real Claude Code in `test_shadow_claude`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from outside import ATTEMPTS, SCRIPTS, Outside, surround
from shadowing import User, Yard

from harness.machine import new_machine


@pytest.fixture(scope="module", params=["self", "ordinary"] if os.getuid() == 0 else ["self"])
def outside(request: pytest.FixtureRequest, ordinary: User) -> Iterator[Outside]:
    """A machine full of things to reach for, and the shadow to reach from."""
    user = User(os.getuid(), os.getgid()) if request.param == "self" else ordinary
    with ExitStack() as stack:
        machine = stack.enter_context(new_machine())
        yard = Yard(machine, user, show=(machine.root / "hook-client",))
        made = surround(yard, stack)
        shadow = yard.open()
        gate = Path(yard.env["GATE"])
        assert yard.shell(shadow, "socat -u - UNIX-CONNECT:$GATE <<< hi; echo $?", gate=gate) == "0\n"
        with made.gate_socket.accept()[0] as connection:
            assert connection.recv(2) == b"hi"
        made.own = (shadow.folder,)
        yield made


@pytest.mark.parametrize("attempt", list(ATTEMPTS))
def test_an_attempt_to_get_out_leaves_no_trace(outside: Outside, attempt: str) -> None:
    """Files, owners, times, sockets, processes, kernel settings outside are as before; nothing lives on."""
    before = outside.looks()
    gate = Path(outside.env["GATE"])
    done = outside.yard.run(outside.yard.open(), "/bin/bash", "-c", ATTEMPTS[attempt], gate=gate)
    assert "ESCAPED" not in done.stdout, done.stdout + done.stderr
    assert outside.looks() == before, done.stderr
    assert outside.heard() == []
    assert outside.gate.poll() is None
    left = [pid for pid in outside.yard.machine.processes() if pid != outside.gate.pid]
    assert left == [], [Path(f"/proc/{pid}/cmdline").read_text() for pid in left]


def test_there_are_at_least_sixty_attempts() -> None:
    """The list is long, and each attempt is one of its own."""
    assert len(ATTEMPTS) >= 60
    assert len(set(ATTEMPTS.values())) == len(ATTEMPTS)


def test_the_same_attempts_do_leave_a_trace_without_the_shadow(outside: Outside) -> None:
    """The look outside can see: a plain process with the same script is noticed."""
    before = outside.looks()
    script, undo = SCRIPTS["files"]["absolute path"], "rm $OUT/new"
    env, user = outside.env, outside.yard.user

    def plain(text: str) -> int:
        return subprocess.run(
            ["bash", "-c", text], env=env, cwd=outside.yard.workspace, check=True
        ).returncode

    user.do(lambda: plain(script))
    assert outside.looks() != before
    user.do(lambda: plain("socat -u - UNIX-CONNECT:$TMP_SOCKET <<< hi"))
    assert outside.heard() == [env["TMP_SOCKET"]]
    user.do(lambda: plain(undo))
