"""The network of processes: what a shadow alone leaves open, and what cuts it for an MCP server."""

from __future__ import annotations

import socket
import subprocess
from contextlib import ExitStack

import pytest
from shadowing import User, Yard, python

from harness.machine import Machine
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
        done = subprocess.run([shell.path, "-c", probing], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr
