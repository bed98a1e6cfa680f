"""Getting out of the shadow, tried from inside with no gate in the way: nothing may leave a trace outside.

Each attempt is a shell script that runs in the contained tree, as any MCP server could. It does its worst and
then says `ESCAPED` if it believes that it got out; what counts is what can be seen outside after. Sockets
and processes of the host are real ones, set up for the attempt. The network is not cut at this level: Claude
Code and MCP servers have it. That Bash has none, is shown with the real Claude Code in `test_shadow_claude`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from shadowing import User, Yard, tree

from harness.machine import new_machine
from supervisor.shadow.backend import Shadow

SCRIPTS = tomllib.loads(Path(__file__).with_name("escapes.toml").read_text())
ATTEMPTS = {f"{group}: {name}": text for group, scripts in SCRIPTS.items() for name, text in scripts.items()}


@dataclass
class Outside:
    """The world around one shadow, with all that an attempt could reach for."""

    yard: Yard
    shadow: Shadow
    env: dict[str, str]
    sockets: list[socket.socket]
    gate: subprocess.Popen[bytes]
    stack: ExitStack = field(default_factory=ExitStack)

    def looks(self) -> dict[str, object]:
        """All that must stay as it is."""
        root = self.yard.machine.root
        skipped = str(self.shadow.folder)
        seen: dict[str, object] = {}
        everything = tree(root, times=True).items()
        seen |= {path: what for path, what in everything if not f"{root}{path}".startswith(skipped)}
        for name in ("kernel/core_pattern", "kernel/hostname", "vm/overcommit_memory"):
            seen[name] = Path("/proc/sys", name).read_text()
        for folder in ("/", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/local/bin", "/etc/cron.d", "/srv"):
            mine = [name for name in os.listdir(folder) if self.env["MARK"] in name]  # noqa: PTH208
            seen[folder] = sorted(mine)
        seen["gate"] = (
            self.gate.poll(),
            Path(f"/proc/{self.gate.pid}/stat").read_text().split()[2],
            os.getpriority(os.PRIO_PROCESS, self.gate.pid),
        )
        seen["shared memory"] = subprocess.run(["ipcs"], capture_output=True, text=True, check=True).stdout
        return seen

    def heard(self) -> list[str]:
        """Sockets of the host that somebody got through to."""
        found = []
        for listener in self.sockets:
            try:
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(10)
                found.append(str(listener.getsockname()))
            except BlockingIOError:
                continue
        return found


def listen(path: Path, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A service of the host that must not be reached."""
    listener = socket.socket(socket.AF_UNIX, kind)
    listener.bind(str(path))
    path.chmod(0o777)
    if kind == socket.SOCK_STREAM:
        listener.listen()
    listener.setblocking(False)
    return listener


@pytest.fixture(scope="module", params=["self", "ordinary"] if os.getuid() == 0 else ["self"])
def outside(request: pytest.FixtureRequest, ordinary: User) -> Iterator[Outside]:
    """A machine full of things to reach for; one for all attempts of a user, so that traces add up."""
    user = User(os.getuid(), os.getgid()) if request.param == "self" else ordinary
    with ExitStack() as stack:
        machine = stack.enter_context(new_machine())
        mark = f"mark-{os.getpid()}-{user.uid}"
        out = machine.root / "outside"
        state, gate_folder = machine.state, machine.runtime / "run"
        for folder in (
            out,
            state / "runs" / "other",
            gate_folder,
            machine.home / ".ssh",
            machine.workspace / "d",
        ):
            folder.mkdir(parents=True)
        (machine.home / ".claude" / "projects" / "-other").mkdir(parents=True)
        (machine.home / ".claude" / "projects" / "-other" / "a.jsonl").write_text("{}\n")
        (machine.home / ".config").mkdir()
        for path in (
            *(out / "file", machine.workspace / "file", state / "journal.db", state / "runs/other/key"),
            *(
                machine.home / ".bashrc",
                machine.home / ".claude.json",
                machine.home / ".claude/settings.json",
            ),
            *(machine.root / "client.pl", machine.home / ".ssh/authorized_keys"),
        ):
            path.write_text("real\n")
        (machine.workspace / "out-link").symlink_to(out)
        os.link(out / "file", machine.workspace / "twin")
        (machine.root / "alias").symlink_to(machine.workspace)
        services = [
            machine.root / "t.sock",
            machine.home / "agent.sock",
            machine.home / ".ssh/agent.sock",
            machine.workspace / "dev.sock",
            gate_folder / "control.sock",
        ]
        srv = Path("/srv") if os.access("/srv", os.W_OK) else machine.root
        run = Path("/run") if os.access("/run", os.W_OK) else machine.root
        elsewhere = [srv / f"{mark}.sock", run / f"{mark}.sock"]
        sockets = [listen(path) for path in (*services, *elsewhere)]
        sockets.append(listen(srv / f"{mark}.dgram", socket.SOCK_DGRAM))
        gate_socket = stack.enter_context(listen(gate_folder / "gate.sock"))
        yard = Yard(machine, user, show=(machine.root / "client.pl",))
        for each in sockets:
            stack.callback(Path(each.getsockname()).unlink, missing_ok=True)
            stack.enter_context(each)
        gate = user.do(lambda: None) or subprocess.Popen(
            ["sleep", "1000"], cwd=out, user=user.uid if os.getuid() == 0 else None
        )
        stack.callback(gate.wait)
        stack.callback(gate.kill)
        yard.env |= {
            "OUT": str(out),
            "WORK": str(machine.workspace),
            "STATE": str(state),
            "MARK": mark,
            "GATE": str(gate_folder / "gate.sock"),
            "GATE_PID": str(gate.pid),
            "CLIENT": str(machine.root / "client.pl"),
            "REAL_ALIAS": str(machine.root / "alias"),
            "TMP_SOCKET": str(machine.root / "t.sock"),
            "SRV_SOCKET": str(elsewhere[0]),
            "RUN_SOCKET": str(elsewhere[1]),
            "SRV_DATAGRAM": str(srv / f"{mark}.dgram"),
        }
        shadow = yard.open()
        assert (
            yard.shell(
                shadow, "socat -u - UNIX-CONNECT:$GATE <<< hi; echo $?", gate=gate_folder / "gate.sock"
            )
            == "0\n"
        )
        with gate_socket.accept()[0] as connection:
            assert connection.recv(2) == b"hi"
        yield Outside(yard, shadow, yard.env, sockets, gate, stack)


@pytest.mark.parametrize("attempt", list(ATTEMPTS))
def test_an_attempt_to_get_out_leaves_no_trace(outside: Outside, attempt: str) -> None:
    """Files, owners, times, sockets, processes, kernel settings outside are as before; nothing lives on."""
    before = outside.looks()
    gate = Path(outside.env["GATE"])
    done = outside.yard.run(outside.shadow, "/bin/bash", "-c", ATTEMPTS[attempt], gate=gate, timeout_s=60)
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
