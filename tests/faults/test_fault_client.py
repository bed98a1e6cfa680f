"""The hook client answers whole or blocks, and the gate knows which: every way either can fail the other."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.machine import Machine
from harness.waiting import PATIENCE_S, eventually
from supervisor.gate.gate import client_program
from supervisor.gate.link import HookClientError, Link, StrangerError
from supervisor.gate.listener import Listener

NONCE = "5f0c1d6e8a7b4c3d"
EVENT = b'{"hook_event_name": "PreToolUse"}'
DECISION = json.dumps({"hookSpecificOutput": {"permissionDecision": "allow"}}).encode()
FRAME = b"supervise %s %d\n%s" % (NONCE.encode(), len(DECISION), DECISION)
BLOCKS = 2

BAD_ANSWERS = {
    "nothing": b"",
    "garbage": b"\x00\xff\xfe not a frame",
    "garbage line": b"go ahead\n",
    "plain decision": DECISION,
    "half a header": FRAME[:12],
    "half a decision": FRAME[:-20],
    "one byte short": FRAME[:-1],
    "one byte long": FRAME + b"x",
    "two frames": FRAME + FRAME,
    "empty decision": b"supervise %s 0\n" % NONCE.encode(),
    "another nonce": FRAME.replace(NONCE.encode(), b"0" * len(NONCE)),
    "no length": b"supervise %s\n%s" % (NONCE.encode(), DECISION),
    "negative length": b"supervise %s -5\n%s" % (NONCE.encode(), DECISION),
    "only beats": b"\n\n\n",
    "beats and half a frame": b"\n\n" + FRAME[:-3],
    "endless line": b"y" * 100_000,
}


Ask = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module", params=["as installed", "with sanitizers"])
def ask(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Starts a hook client with one event to be decided; also one that stops at any misuse of memory."""
    program = client_program()
    if request.param == "with sanitizers":
        program = tmp_path_factory.mktemp("client") / "hook-client"
        checks = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
        source = client_program().with_name("client.c")
        subprocess.run(["cc", "-std=c11", *checks, "-o", program, source], check=True)

    def start(
        path: Path, gate_pid: int, *, deadline_s: int = 60, event: bytes = EVENT
    ) -> subprocess.Popen[bytes]:
        client = subprocess.Popen(
            [program, path, str(gate_pid), NONCE, str(deadline_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert client.stdin is not None
        client.stdin.write(event)
        client.stdin.close()
        client.stdin = None
        return client

    return start


@pytest.fixture
def gate(machine: Machine) -> Iterator[socket.socket]:
    """A socket that listens where the gate would, in this process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(machine.root / "gate.sock"))
        server.listen()
        yield server


def answered(ask: Ask, gate: socket.socket, answer: bytes) -> tuple[int, bytes]:
    """Exit code and output of a client whose gate sends `answer` and hangs up."""
    with ask(Path(gate.getsockname()), os.getpid()) as client:
        connection, _ = gate.accept()
        with connection:
            connection.recv(65_536)
            with suppress(BrokenPipeError):  # it need not hear a bad one to its end
                connection.sendall(answer)
        out, _ = client.communicate(timeout=PATIENCE_S)
    return client.returncode, out


def test_a_whole_answer_is_passed_on_whole_and_acknowledged(ask: Ask, gate: socket.socket) -> None:
    """The decision stands on standard output, byte for byte, and the gate hears that it was taken."""
    with ask(Path(gate.getsockname()), os.getpid()) as client:
        connection, _ = gate.accept()
        with connection:
            said = connection.recv(65_536)
            connection.sendall(FRAME)
            out, _ = client.communicate(timeout=PATIENCE_S)
            receipt = connection.recv(100)
    assert said == b"%s %d\n%s" % (NONCE.encode(), len(EVENT), EVENT)
    assert (client.returncode, out, receipt) == (0, DECISION, b"taken\n")


def test_an_answer_may_be_long_and_come_in_pieces_among_beats(ask: Ask, gate: socket.socket) -> None:
    """Each beat is sent back, and nothing of them reaches Claude Code."""
    event, decision = b"e" * 3_000_000, b'"' + b"d" * 300_000 + b'"'
    frame = b"supervise %s %d\n%s" % (NONCE.encode(), len(decision), decision)
    with ask(Path(gate.getsockname()), os.getpid(), event=event) as client:
        connection, _ = gate.accept()
        with connection, connection.makefile("rb") as heard:
            assert heard.readline() == b"%s %d\n" % (NONCE.encode(), len(event))
            assert heard.read(len(event)) == event
            for _ in range(3):
                connection.sendall(b"\n")
                assert heard.read(1) == b"\n"
            for piece in (frame[:5], frame[5:40], frame[40:70_000], frame[70_000:-1], frame[-1:]):
                connection.sendall(piece)
            out, _ = client.communicate(timeout=PATIENCE_S)
            assert heard.read() == b"taken\n"
    assert (client.returncode, out) == (0, decision)


@pytest.mark.parametrize(
    "words", [(), ("socket", "1", NONCE), ("socket", "1", NONCE, "soon"), ("s" * 200, "1", NONCE, "5")]
)
def test_a_client_that_is_started_otherwise_blocks(words: tuple[str, ...]) -> None:
    """Without all it needs to know, or with what cannot be."""
    done = subprocess.run([client_program(), *words], input=EVENT, capture_output=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (BLOCKS, b"") and b"Nothing was executed" in done.stderr


@pytest.mark.parametrize("what", BAD_ANSWERS)
def test_anything_but_one_whole_frame_blocks(ask: Ask, gate: socket.socket, what: str) -> None:
    """Exit code 2 and an empty output, which Claude Code takes as a block in every mode."""
    assert answered(ask, gate, BAD_ANSWERS[what]) == (BLOCKS, b"")


def test_silence_blocks(ask: Ask, gate: socket.socket) -> None:
    """A gate that takes the event and never answers is given up after the deadline."""
    with ask(Path(gate.getsockname()), os.getpid(), deadline_s=1) as client:
        connection, _ = gate.accept()
        with connection:
            out, _ = client.communicate(timeout=PATIENCE_S)
    assert (client.returncode, out) == (BLOCKS, b"")


def test_a_gate_that_does_not_even_accept_blocks(ask: Ask, gate: socket.socket) -> None:
    """A socket that listens, in a process that is busy for ever."""
    with ask(Path(gate.getsockname()), os.getpid(), deadline_s=1) as client:
        out, _ = client.communicate(timeout=PATIENCE_S)
    assert (client.returncode, out) == (BLOCKS, b"")


def test_no_socket_blocks(ask: Ask, machine: Machine) -> None:
    """Nothing is there to connect to."""
    with ask(machine.root / "nothing.sock", os.getpid()) as client:
        out, _ = client.communicate(timeout=PATIENCE_S)
    assert (client.returncode, out) == (BLOCKS, b"")


def test_a_socket_that_nobody_serves_any_more_blocks(ask: Ask, gate: socket.socket) -> None:
    """The file is there, the process is not."""
    path = Path(gate.getsockname())
    gate.close()
    with ask(path, os.getpid()) as client:
        out, _ = client.communicate(timeout=PATIENCE_S)
    assert (client.returncode, out) == (BLOCKS, b"")


def test_another_process_on_the_socket_blocks(ask: Ask, gate: socket.socket) -> None:
    """A perfect answer from a process that is not the gate counts for nothing."""
    with ask(Path(gate.getsockname()), os.getppid()) as client:
        out, _ = client.communicate(timeout=PATIENCE_S)
    assert (client.returncode, out) == (BLOCKS, b"")


def test_a_decision_that_claude_code_does_not_take_is_not_acknowledged(ask: Ask, gate: socket.socket) -> None:
    """Standard output is closed before the answer comes: no receipt, and a block."""
    with ask(Path(gate.getsockname()), os.getpid()) as client:
        connection, _ = gate.accept()
        with connection:
            connection.recv(65_536)
            assert client.stdout is not None
            client.stdout.close()
            connection.sendall(FRAME)
            assert connection.recv(100) == b""
        assert client.wait(PATIENCE_S) == BLOCKS


Scene = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


SILENT_S = 0.5
"""Patience of a gate whose client is silent, which has to be waited for."""


async def linked(
    machine: Machine, client: Scene, *, held: bool = False, patience_s: float = PATIENCE_S
) -> str:
    """How the gate's end of a connection sees the client: `taken`, or the failure it raised."""
    seen: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(connection: socket.socket) -> None:
        link = Link(connection, NONCE, patience_s)
        try:
            await link.request()
            if held:
                await link.attend(0.05)
            await link.answer(json.loads(DECISION))
            seen.set_result("taken")
        except (HookClientError, StrangerError) as failure:
            seen.set_result(f"{type(failure).__name__}: {failure}")

    path = machine.root / "gate.sock"
    listener = Listener(path, serve)
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        await client(reader, writer)
        return await asyncio.wait_for(seen, PATIENCE_S)
    finally:
        writer.close()
        listener.close()


REQUEST = b"%s %d\n%s" % (NONCE.encode(), len(EVENT), EVENT)


async def test_the_gate_gives_up_a_client_that_says_nothing(machine: Machine) -> None:
    """Connected, and silent."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    assert "did not send its request" in await linked(machine, silent, patience_s=SILENT_S)


async def test_the_gate_gives_up_a_client_that_never_finishes_its_request(machine: Machine) -> None:
    """Half an event, and no more."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REQUEST[:-5])

    assert "did not send its request whole" in await linked(machine, half, patience_s=SILENT_S)


async def test_the_gate_knows_a_client_that_died_in_its_request(machine: Machine) -> None:
    """Half an event, and gone."""

    async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REQUEST[:-5])
        writer.close()

    assert "HookClientError" in await linked(machine, gone)


async def test_the_gate_knows_a_client_that_never_reads(machine: Machine) -> None:
    """The answer is sent and nobody takes it."""

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REQUEST)

    assert "hangs with the gate's answer" in await linked(machine, deaf, patience_s=SILENT_S)


async def test_the_gate_knows_a_client_that_died_with_the_answer(machine: Machine) -> None:
    """The answer is read and nothing is said of it."""

    async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REQUEST)
        await reader.readexactly(len(FRAME))
        writer.close()

    assert "did not pass the gate's answer on" in await linked(machine, dies)


async def test_the_gate_knows_a_client_that_hangs_while_its_call_is_held(machine: Machine) -> None:
    """It does not say that it is there."""

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REQUEST)

    said = await linked(machine, hangs, held=True, patience_s=SILENT_S)
    assert "hangs while its call is held" in said


async def test_the_gate_tells_a_stranger_from_a_client(machine: Machine) -> None:
    """Whoever does not know the nonce is no hook client of this run, and that is another alert."""

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"let me in\n")

    assert "StrangerError" in await linked(machine, stranger)


async def test_the_gate_reads_no_endless_first_line(machine: Machine) -> None:
    """A line without an end is not kept until it has one: whoever sends it is a stranger."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 100_000)

    assert "StrangerError" in await linked(machine, endless)


async def test_a_large_request_in_small_pieces_is_read_whole(machine: Machine) -> None:
    """Two megabytes; the first line comes byte by byte."""

    async def large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"hook_event_name": "x" * 2_000_000}).encode()
        for byte in b"%s %d\n" % (NONCE.encode(), len(body)):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        writer.write(body)
        await reader.readexactly(len(FRAME))
        writer.write(b"taken\n")

    assert await linked(machine, large) == "taken"


async def test_a_client_that_comes_while_nothing_can_be_opened_is_served_later(machine: Machine) -> None:
    """The runner has no file descriptor left: the client waits until there is one."""
    served = asyncio.Event()

    async def serve(connection: socket.socket) -> None:
        served.set()

    listener = Listener(machine.root / "gate.sock", serve)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as client:
        taken: list[int] = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 20, hard))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                while True:
                    taken.append(os.dup(client.fileno()))
            client.connect(str(machine.root / "gate.sock"))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not served.is_set()
        finally:
            for each in taken:
                os.close(each)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await asyncio.wait_for(served.wait(), PATIENCE_S)
    listener.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_client_that_waits_is_missed_when_it_is_hit(
    ask: Ask, machine: Machine, number: signal.Signals
) -> None:
    """The real client, killed or stopped by a real signal while its call is held."""
    failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waits = asyncio.Event()

    async def serve(connection: socket.socket) -> None:
        assert await Link(connection, NONCE, PATIENCE_S).request() == EVENT
        waits.set()
        try:
            await Link(connection, NONCE, SILENT_S if number is signal.SIGSTOP else PATIENCE_S).attend(0.05)
        except HookClientError as failure:
            failed.set_result(str(failure))

    path = machine.root / "gate.sock"
    listener = Listener(path, serve)
    client = ask(path, os.getpid())
    try:
        await eventually(waits.is_set, "the client's request")
        client.send_signal(number)
        assert "held" in await asyncio.wait_for(failed, PATIENCE_S)
    finally:
        client.kill()
        client.communicate()
        listener.close()
