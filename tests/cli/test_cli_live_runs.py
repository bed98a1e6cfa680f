"""Commands that speak to a run while it goes on, and the ways a run can end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import Popen
from typing import Any

from harness.claude import KEY, bundled_claude, onboard
from harness.machine import SUPERVISE, Machine
from harness.terminal import Terminal
from harness.waiting import PATIENCE_S, wait_for

LONG: list[dict[str, Any]] = [
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/a.txt", "content": "a"}}]},
    {"wait_s": 120, "calls": [{"tool": "Write", "input": {"file_path": "{cwd}/b.txt", "content": "b"}}]},
]


def begun(machine: Machine) -> tuple[Popen[str], dict[str, Any]]:
    """A run that has decided its first call and now waits for its model."""
    script = machine.write_script(LONG)
    words = ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), "task"]
    process = machine.start([SUPERVISE, *words])

    def decided() -> dict[str, Any] | None:
        rows = machine.json("runs", "--json")
        return rows[0] if rows and rows[0]["decisions"]["simulated"] else None

    return process, wait_for(decided, "the first decision")


@contextmanager
def broken_api() -> Iterator[str]:
    """An endpoint that refuses every request for good. Yields its URL."""

    class Refuse(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            body = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "out of order"}}'
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_stop_ends_a_run_and_everything_it_started(machine: Machine) -> None:
    """By its name: the foreground process ends too, nothing is left running, the journal says who did it."""
    process, row = begun(machine)
    assert (row["state"], row["ended"]) == ("working", None)
    shown = machine.json("show", row["name"], "--json")
    assert shown["run"]["ended"] is None
    done = machine.supervise("stop", row["name"])
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"{row['name']}: stopped" in done.stderr
    _, progress = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert f"{row['name']}: stopped" in progress
    run = machine.json("show", row["id"], "--json")["run"]
    assert (run["state"], run["ending"], run["exit_code"]) == ("ended", "stopped", 1)
    machine.wait_until_still()
    assert not (machine.workspace / "b.txt").exists()


def test_an_interrupt_of_the_foreground_stops_the_run(machine: Machine) -> None:
    """Ctrl-C at a headless run in a shell: the run is ended, not orphaned."""
    process, row = begun(machine)
    process.send_signal(2)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert machine.json("show", row["id"], "--json")["run"]["ending"] == "stopped"
    machine.wait_until_still()


def test_a_lost_gate_ends_in_exit_code_3(machine: Machine) -> None:
    """Its socket is removed in mid-run: one hook failure, no agent failure, nothing decided is lost."""
    process, row = begun(machine)
    (machine.runtime / row["id"] / "gate.sock").unlink()
    _, progress = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, progress
    assert "!! HOOK FAILURE: the gate's socket is gone" in progress
    shown = machine.json("show", row["id"], "--json")
    assert [alert["kind"] for alert in shown["alerts"]] == ["hook failure"]
    assert (shown["run"]["ending"], shown["run"]["exit_code"]) == ("hook failure", 3)
    assert [call["decision"] for call in shown["calls"]] == ["simulated"]
    assert machine.json("verify", "--json")["ok"] is True


def test_an_agent_that_fails_ends_in_exit_code_1(machine: Machine) -> None:
    """The model's API refuses: an agent failure, of its own kind, not a hook failure."""
    onboard(machine, machine.workspace)
    with broken_api() as url:
        done = machine.supervise(
            *("run", "--headless", "--claude", str(bundled_claude()), "task"),
            env={"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY},
        )
    assert done.returncode == 1, done.stderr
    assert "! AGENT FAILURE: " in done.stderr
    assert "out of order" in done.stderr
    (row,) = machine.json("runs", "--json")
    shown = machine.json("show", row["id"], "--json")
    assert {alert["kind"] for alert in shown["alerts"]} == {"agent failure"}
    assert (shown["run"]["ending"], shown["run"]["exit_code"]) == ("agent failed", 1)


def test_a_claude_that_never_shakes_hands_is_not_given_the_task(machine: Machine) -> None:
    """It hears nothing; when it ends the run has not started: exit code 1, its last words in the error."""
    program, told = machine.root / "fake-claude", machine.root / "told"
    version = '[ "$1" = --version ] && echo 2.1.330 && exit 0'
    program.write_text(f'#!/bin/sh\n{version}\ntimeout 2 cat > {told}\necho "no room" >&2\nexit 7\n')
    program.chmod(0o755)
    script = machine.write_script([{"say": "Done."}])
    words = ["--headless", "--mode", "mixed", "--claude", str(program), "--script", str(script)]
    done = machine.supervise("run", *words, "the secret task")
    assert done.returncode == 1, done.stderr
    assert "before the handshake" in done.stderr
    assert "no room" in done.stderr
    assert told.read_text() == ""
    (row,) = machine.json("runs", "--json")
    assert (row["ending"], row["decisions"]["real"]) == ("not started", 0)


def test_allow_asks_a_person_and_only_then_the_file_loosens(machine: Machine) -> None:
    """Without a terminal it refuses; with one it shows the lines, takes a yes, and the next run obeys."""
    (machine.workspace / "supervisor.toml").write_text(
        f'mode = "mixed"\n[targets]\n"file://{machine.workspace}/*" = "live"\n'
    )
    script = machine.write_script(
        [{"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/a.txt", "content": "a"}}]}]
    )
    words = ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), "task"]
    before = machine.supervise(*words)
    assert "ignored, supervisor.toml line 1" in before.stderr
    assert "supervise allow" in before.stderr
    assert not (machine.workspace / "a.txt").exists()

    alone = machine.supervise("allow")
    assert alone.returncode == 2
    assert "only a person at a terminal can allow it" in alone.stderr
    assert "line 3" in alone.stdout

    shown = machine.json("allow", "--json")
    assert (shown["path"], shown["allowed"]) == (str(machine.workspace / "supervisor.toml"), False)
    assert [each["line"] for each in shown["loosens"]] == [1, 3] and all(
        each["field"] and each["sentence"] for each in shown["loosens"]
    )

    for answer, ending in (("n", "Not allowed"), ("y", "Allowed.")):
        with Terminal([SUPERVISE, "allow"], env=machine.env, cwd=machine.workspace, columns=120) as terminal:
            terminal.wait_for("Allow exactly this file?")
            terminal.press(f"{answer}\r")
            terminal.wait_for_end()
            assert ending in terminal.text
    assert "is allowed as it is" in machine.supervise("allow").stdout
    assert machine.json("allow", "--json") == shown | {"allowed": True}

    after = machine.supervise(*words)
    assert "ignored" not in after.stderr
    assert (machine.workspace / "a.txt").read_text() == "a"
    modes = [row["mode"] for row in machine.json("runs", "--json")]
    assert modes == ["mixed", "dry-run"]


def test_a_run_outlives_the_death_of_its_foreground(machine: Machine) -> None:
    """Killed outright, the foreground takes nothing with it: the run goes on and can be stopped."""
    process, row = begun(machine)
    process.kill()
    process.communicate()
    assert machine.json("show", row["id"], "--json")["run"]["state"] == "working"
    assert machine.supervise("stop", row["id"]).returncode == 0


def test_a_run_whose_runner_was_killed_is_told_by_the_next_command(machine: Machine) -> None:
    """SIGKILL of the runner: Claude Code ends with it, and the journal gets its end and its alert."""
    process, row = begun(machine)
    process.kill()
    process.communicate()
    Popen(["/bin/kill", "-9", str(row["runner_pid"])]).wait()
    machine.wait_until_still()
    (told,) = machine.json("runs", "--json")
    assert (told["state"], told["ending"], told["exit_code"]) == ("ended", "runner lost", 3)
    alerts = machine.json("show", row["id"], "--json")["alerts"]
    assert [alert["kind"] for alert in alerts] == ["hook failure"]
    assert json.dumps(alerts).count("runner died without a word") == 1
