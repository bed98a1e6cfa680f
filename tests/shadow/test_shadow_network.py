"""The network of processes: what a shadow alone leaves open, and what cuts it for an MCP server."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from shadowing import User, Yard, python

from harness.machine import Machine
from harness.waiting import PATIENCE_S
from supervisor.shadow.shell import folder_only, in_shadow, make_shell, without_network

REACH = """
import contextlib, socket, sys
how, where = sys.argv[1], sys.argv[2]
kind = socket.SOCK_DGRAM if how == "udp" else socket.SOCK_STREAM
with contextlib.suppress(OSError):
    if how == "raw":
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        print("raw")
    elif how == "abstract":
        socket.socket(socket.AF_UNIX).connect("\\0" + where)
    else:
        with socket.socket(socket.AF_INET, kind) as out:
            out.connect(("127.0.0.1", int(where)))
            out.send(b"x")
print(sys.stdin.read())
"""


@pytest.mark.parametrize("how", ["tcp", "udp", "abstract"])
def test_a_program_without_network_reaches_no_service_of_the_host(yard: Yard, how: str) -> None:
    """TCP, UDP and abstract sockets; the same program with the network, which the shadow leaves it, does."""
    shadow = yard.open()
    with ExitStack() as stack:
        family = socket.AF_UNIX if how == "abstract" else socket.AF_INET
        kind = socket.SOCK_DGRAM if how == "udp" else socket.SOCK_STREAM
        service = stack.enter_context(socket.socket(family, kind))
        name = f"sv-{yard.machine.root.name}-{yard.user.uid}"
        service.bind("\0" + name if how == "abstract" else ("127.0.0.1", 0))
        where = name if how == "abstract" else str(service.getsockname()[1])
        if how != "udp":
            service.listen()
        service.setblocking(False)
        program = [python(), "-I", "-c", REACH, how, where]

        cut = yard.run(shadow, *without_network(program), input="streams stay")
        assert cut.stdout.strip() == "streams stay", cut.stderr
        with pytest.raises(BlockingIOError):
            service.recv(1) if how == "udp" else service.accept()

        yard.run(shadow, *program, input="")
        if how == "udp":
            assert service.recv(1) == b"x"
        else:
            service.accept()[0].close()


def test_no_program_in_a_shadow_gets_a_raw_socket_of_the_host(yard: Yard) -> None:
    """Raw sockets need a right over the host's network that nothing inside has."""
    done = yard.run(yard.open(), python(), "-I", "-c", REACH, "raw", "", input="")
    assert "raw" not in done.stdout


def test_the_mark_of_a_shell_cannot_be_guessed_and_is_known_when_named(yard: Yard) -> None:
    """Each run has its own, of 128 bits."""
    first, second = (make_shell(yard.places.run_state(run), in_shadow()) for run in ("one", "two"))
    assert first.mark != second.mark and len(first.mark) == 32
    assert first.named_by(first.command("ls")) and not first.named_by(second.command("ls"))


def test_a_socket_that_others_have_closed_to_us_does_not_keep_commands_from_running(
    machine: Machine, ordinary: User
) -> None:
    """A socket in its owner's own folder, as ssh keeps its agent's: root sees it and the command does not."""
    closed, tmp = machine.root / "closed", machine.root / "tmp"
    for folder in (closed, tmp):
        folder.mkdir(mode=0o700)
    sandbox = folder_only(machine.workspace, tmp, read_only=False, hidden=(machine.root / "run",), shown=())
    shell = make_shell(machine.root, sandbox)
    with ExitStack() as stack:
        for name, folder in (("theirs", closed), ("ours", machine.root)):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(f"{folder}/{name}")
            listener.listen()
        ordinary.owns(closed)
        probing = f"test -S {machine.root}/ours && echo uncovered; echo ran"
        done = subprocess.run(
            shell.start([str(shell.path), "-c", probing]), capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr


@contextmanager
def _sockets_that_come_and_go(folder: Path) -> Iterator[None]:
    """Somebody makes and removes listening sockets in `folder` without a pause."""
    enough = threading.Event()

    def flap() -> None:
        while not enough.is_set():
            with ExitStack() as stack:
                for name in map(str, range(8)):
                    listener = stack.enter_context(socket.socket(socket.AF_UNIX))
                    listener.bind(f"{folder}/{name}")
                    listener.listen()
                    stack.callback(os.unlink, f"{folder}/{name}")

    thread = threading.Thread(target=flap)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def test_a_socket_that_goes_while_a_command_starts_does_not_keep_it_from_running(machine: Machine) -> None:
    """Other programs end at any time, another run of ours among them, and their sockets go with them."""
    tmp = machine.root / "tmp"
    tmp.mkdir(mode=0o700)
    shell = make_shell(
        machine.root, folder_only(machine.workspace, tmp, read_only=False, hidden=(), shown=())
    )
    with _sockets_that_come_and_go(machine.root):
        for _ in range(20):
            done = subprocess.run(
                shell.start([str(shell.path), "-c", "echo ran"]), capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr


def test_a_socket_that_goes_while_a_shadow_opens_does_not_keep_it_from_opening(yard: Yard) -> None:
    """The same for the launcher of a dry run."""
    shadow = yard.open()
    elsewhere = tempfile.TemporaryDirectory(dir=Path(__file__).parent, prefix=".sv-")
    with elsewhere as folder, _sockets_that_come_and_go(Path(folder)):
        for _ in range(20):
            done = yard.run(shadow, "/bin/echo", "ran")
            assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr


def test_a_command_alone_cannot_uncover_a_socket_nor_change_a_device(machine: Machine) -> None:
    """It has no right over mounts left, as root has neither, and `/dev` is its own."""
    tmp = machine.root / "tmp"
    tmp.mkdir(mode=0o700)
    shell = make_shell(
        machine.root, folder_only(machine.workspace, tmp, read_only=False, hidden=(), shown=())
    )
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{machine.root}/service")
        listener.listen()
        tries = f"""
umount {machine.root}/service; umount -l {machine.root}/service; unshare -Urm umount {machine.root}/service
test -S {machine.root}/service && echo uncovered
chmod 666 /dev/null && echo changed; mkdir /dev/shm/../here && rmdir /dev/here && echo made
grep -h ^Cap /proc/self/status | grep -v 0000000000000000
echo written > /dev/null && echo hidden > /dev/shm/here && script -qc 'echo own terminal' /dev/null
"""
        done = subprocess.run(
            shell.start([str(shell.path), "-c", tries]), capture_output=True, text=True, check=False
        )
    assert done.stdout.strip() == "own terminal", done.stderr
    assert not Path("/dev/shm/here").exists()


def test_commands_alone_share_a_network_that_is_not_the_machines(machine: Machine) -> None:
    """What one command serves another one reaches; the machine's own services neither does."""
    shell = make_shell(
        machine.root, folder_only(machine.workspace, machine.workspace, read_only=False, hidden=(), shown=())
    )
    serve = "socat TCP-LISTEN:8123,bind=127.0.0.1 SYSTEM:'echo served' & echo $! > serving"
    reach = "until socat -u TCP:127.0.0.1:$0 -; do [ $0 = 8123 ] && sleep 0.05 || exit 7; done 2>/dev/null"
    with socket.socket() as service:
        service.bind(("127.0.0.1", 0))
        service.listen()
        calls = ((serve,), (reach, "8123"), (reach, str(service.getsockname()[1])))
        lines = [shlex.join([str(shell.path), "-c", *call]) + "; echo $?" for call in calls]
        program = shell.start(["/bin/sh", "-c", "\n".join(lines)])
        done = subprocess.run(
            program, cwd=machine.workspace, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    assert done.stdout.split() == ["0", "served", "0", "7"], done.stderr
