"""The world around a shadow, full of things to reach for, and a look at all of it that sees every trace."""

from __future__ import annotations

import os
import socket
import subprocess
import tomllib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from shadowing import Yard, tree

SCRIPTS = tomllib.loads(Path(__file__).with_name("escapes.toml").read_text())
ATTEMPTS = {f"{group}: {name}": text for group, scripts in SCRIPTS.items() for name, text in scripts.items()}

SHARED_MODE = "631"
"""What attempts make of shared memory has this mode, which nobody else's has."""


@dataclass
class Outside:
    """The world around one shadow, with all that an attempt could reach for."""

    yard: Yard
    env: dict[str, str]
    sockets: list[socket.socket]
    gate: subprocess.Popen[bytes]
    gate_socket: socket.socket
    own: tuple[Path, ...] = ()

    def looks(self) -> dict[str, object]:
        """All that must stay as it is."""
        root = self.yard.machine.root
        skipped = tuple(map(str, self.own))
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
        seen["shared memory"] = [
            line
            for kind in ("shm", "msg", "sem")
            for line in Path("/proc/sysvipc", kind).read_text().splitlines()
            if line.split()[2] == SHARED_MODE  # what others share comes and goes
        ]
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


def surround(yard: Yard, stack: ExitStack) -> Outside:
    """Fill the yard's machine with things to reach for, and give the yard the names of them.

    They are gone with `stack`; one for all attempts of a user, so that traces add up.
    """
    machine, user = yard.machine, yard.user
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
        *(machine.root / "hook-client", machine.home / ".ssh/authorized_keys"),
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
    for each in sockets:
        stack.callback(Path(each.getsockname()).unlink, missing_ok=True)
        stack.enter_context(each)
    gate = subprocess.Popen(["sleep", "1000"], cwd=out, user=user.uid if os.getuid() == 0 else None)
    stack.callback(gate.wait)
    stack.callback(gate.kill)
    yard.env |= {
        "OUT": str(out),
        "WORK": str(machine.workspace),
        "STATE": str(state),
        "MARK": mark,
        "GATE": str(gate_folder / "gate.sock"),
        "GATE_PID": str(gate.pid),
        "CLIENT": str(machine.root / "hook-client"),
        "REAL_ALIAS": str(machine.root / "alias"),
        "TMP_SOCKET": str(machine.root / "t.sock"),
        "SRV_SOCKET": str(elsewhere[0]),
        "RUN_SOCKET": str(elsewhere[1]),
        "SRV_DATAGRAM": str(srv / f"{mark}.dgram"),
    }
    user.owns(machine.root)
    return Outside(yard, yard.env, sockets, gate, gate_socket)
