"""The doctor's checks, in their order: parts, a whole run, floors 1 to 3 broken in turn, floor 4."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from supervisor.doctor.containment import prove_containment
from supervisor.doctor.stage import TIMEOUT_S, Check, claude_words, converse, write_call, write_script
from supervisor.errors import JournalError, SuperviseError
from supervisor.gate.gate import client_program, hook_command
from supervisor.journal.events import AlertRaised, AnyEvent, CallDecided, RunEnded, SessionReady
from supervisor.journal.listing import run_events
from supervisor.journal.writer import Journal
from supervisor.places import Places, private_dir
from supervisor.policy import Mode
from supervisor.runner.spec import RunSpec
from supervisor.runner.start import start_runner
from supervisor.session import settings
from supervisor.session.find import Claude, find_claude
from supervisor.session.model_process import start_model


def examine(places: Places, given: str | None) -> Iterator[Check]:
    """All checks, in order, each yielded as soon as it is known."""
    try:
        claude = find_claude(given)
    except SuperviseError as error:
        yield Check("Claude Code", False, str(error), error.cure)
        return
    yield Check("Claude Code", True, f"{claude.version} at {claude.path} ({claude.origin})")
    yield _hook_client()
    yield _journal(places)
    yield _live_run(claude)
    yield from prove_floors(claude)
    yield from prove_containment(claude)


def _live_run(claude: Claude) -> Check:
    """A whole run, as `supervise run` starts it: handshake, one write decided, nothing written."""
    name = "a run: handshake, decision, journal"
    with tempfile.TemporaryDirectory(prefix="supervise-doctor-") as made:
        folder = Path(made)
        workspace = folder / "workspace"
        workspace.mkdir()
        written = workspace / "written.txt"
        script = write_script(folder, write_call(written))
        spec = RunSpec(
            run_id="doctor",
            name="doctor",
            task="Write the file.",
            label="",
            cwd=str(workspace),
            mode=Mode.DRY_RUN,
            headless=True,
            claude_path=str(claude.path),
            claude_version=claude.version,
            session_id=str(uuid.uuid4()),
            state_dir=str(folder / "run"),
            runtime_dir=str(folder / "sockets"),
            journal=str(folder / "journal.db"),
            script=str(script),
            places=Places(folder, folder / "config", folder / "sockets"),
        )
        try:
            pid = start_runner(spec)
            events = _until_ended(Path(spec.journal), pid)
        except SuperviseError as error:
            return Check(name, False, str(error), error.cure)
        ready = any(isinstance(event, SessionReady) for event in events)
        decided = [event for event in events if isinstance(event, CallDecided)]
        if not ready or len(decided) != 1 or written.exists():
            said = "; ".join(event.detail for event in events if isinstance(event, AlertRaised))
            return Check(name, False, f"it did not go as it must: {said or 'no alert'}")
        return Check(name, True, f"proven; the write was {decided[0].decision.value} by {decided[0].rule}")


def _until_ended(journal: Path, pid: int) -> list[AnyEvent]:
    """The run's events, once it has ended; the runner is killed if that takes too long."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        events = [recorded.event for recorded in run_events(journal, "doctor")]
        if events and isinstance(events[-1], RunEnded):
            return events
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return events
        time.sleep(0.05)


def prove_floors(claude: Claude) -> Iterator[Check]:
    """Break floors 1 to 3, one at a time, with the others taken away, and see whether a write gets through.

    The last check takes all of them away: there the write must get through, or the other checks prove
    nothing.
    """
    yield _proof(
        claude,
        "floor 1: the hook client answers whole or blocks",
        "the gate's answer was cut short; acceptEdits, no onFailure",
        mode="acceptEdits",
        hook=lambda socket_path: hook_command(client_program(), socket_path, "doctor", 5),
        on_failure=False,
        expect_written=False,
    )
    yield _proof(
        claude,
        "floor 2: a failed hook blocks",
        "the hook client was missing; acceptEdits, onFailure: block",
        mode="acceptEdits",
        hook=lambda socket_path: [str(socket_path.parent / "missing-client")],
        on_failure=True,
        expect_written=False,
    )
    yield _proof(
        claude,
        "floor 3: silence denies",
        "there was no hook at all; dontAsk, no setting sources, no allow rules",
        mode=settings.PERMISSION_MODE,
        hook=None,
        on_failure=True,
        expect_written=False,
    )
    yield _proof(
        claude,
        "control: without the floors the same write gets through",
        "the hook client was missing; acceptEdits, no onFailure",
        mode="acceptEdits",
        hook=lambda socket_path: [str(socket_path.parent / "missing-client")],
        on_failure=False,
        expect_written=True,
    )


def _proof(
    claude: Claude,
    name: str,
    how: str,
    *,
    mode: str,
    hook: Callable[[Path], list[str]] | None,
    on_failure: bool,
    expect_written: bool,
) -> Check:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="supervise-doctor-")))
        workspace = folder / "workspace"
        workspace.mkdir()
        written = workspace / "written.txt"
        script = write_script(folder, write_call(written))
        model = stack.enter_context(start_model(script, workspace))
        gate = stack.enter_context(_broken_gate(folder))
        home = folder / "home"
        settings.prepare_private_home(home, workspace)
        injected = settings.injected_settings(hook(gate) if hook else ["/bin/false"], settings.UserSettings())
        _alter(injected, hooks=hook is not None, on_failure=on_failure)
        argv = claude_words(claude, folder, injected, mode)
        env = {**settings.private_environment(home, model.base_url), **settings.ALWAYS}
        try:
            done = converse(argv, workspace, env, "Write the file.")
        except subprocess.TimeoutExpired:
            return Check(name, False, f"{how}: no end within {TIMEOUT_S} s")
        asked = '"tool_use"' in done.stdout
        got_through = written.exists()
    if not asked:
        said = (done.stderr or done.stdout).strip()[-200:]
        return Check(name, False, f"{how}: the scripted write was never tried: {said}")
    seen = "the write got through" if got_through else "the write did not get through"
    cure = "" if got_through == expect_written else "Do not run this claude under the gate; update it."
    return Check(name, got_through == expect_written, f"{how}: {seen}", cure)


def _alter(injected: dict[str, Any], *, hooks: bool, on_failure: bool) -> None:
    """Take floors away from settings that have them all. Only the call's own hook stays."""
    injected["hooks"] = {"PreToolUse": injected["hooks"]["PreToolUse"]} if hooks else {}
    for groups in injected["hooks"].values():
        for entry in groups[0]["hooks"]:
            entry["timeout"] = 10
            if not on_failure:
                del entry["onFailure"]
    injected["permissions"].pop("disableBypassPermissionsMode", None)


@contextmanager
def _broken_gate(folder: Path) -> Iterator[Path]:
    """A gate that cuts every answer short."""
    path = folder / "gate.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(b'supervise doctor 400\n{"hookSpecificOutput":{"hookEvent')

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _hook_client() -> Check:
    program = client_program()
    if os.access(program, os.X_OK):
        return Check("hook client", True, f"compiled at {program}")
    cure = "Install supervise again, with a C compiler (Debian: apt install gcc libc6-dev)."
    return Check("hook client", False, f"{program} was not compiled", cure)


def _journal(places: Places) -> Check:
    try:
        private_dir(places.state)
        with Journal.open(places.journal):
            return Check("journal", True, str(places.journal))
    except JournalError as error:
        return Check("journal", False, str(error), error.cure)
