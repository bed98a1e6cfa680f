"""Processes of a run killed by a real signal: nothing is left behind or lost, and somebody says so."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fault_run import FaultRun, Moment, Way, kill
from fault_table import CLIENT_DIES_UNHEARD

from harness.machine import SUPERVISE, Machine
from harness.terminal import Terminal
from harness.waiting import PATIENCE_S, wait_for
from supervisor.gate.peer import parent_of
from supervisor.policy import AlertKind, Execution

DAEMON = "setsid sh -c 'sleep 1000 & exec sleep 1000' < /dev/null > /dev/null 2>&1 &"
"""Leaves two processes behind, in a session of their own, whose parent is gone at once."""


def standing(machine: Machine, way: Way) -> FaultRun:
    """A run that stands between two writes, a command in the foreground, daemons in the background."""
    run = FaultRun(machine, way, Moment.AFTER, before_claude=DAEMON)
    run.start()
    wait_for(lambda: len(living(machine)) == 2, "the daemons")
    return run


def living(machine: Machine, command: bytes = b"sleep\x001000") -> list[int]:
    """Processes of this machine that run `command`."""
    found = []
    for pid in machine.processes():
        try:
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(command):
                found.append(pid)
        except OSError:
            continue
    return found


def shown(machine: Machine, run: FaultRun) -> dict[str, Any]:
    """The run as `supervise show --json` tells it."""
    return dict(machine.json("show", run.run_id, "--json"))


@pytest.mark.parametrize("way", Way)
def test_a_killed_runner_takes_everything_with_it(machine: Machine, way: Way) -> None:
    """Claude Code, the command it runs and what was daemonised end; the next command says what happened."""
    run = standing(machine, way)
    decided = run.decided()
    kill(run.runner, signal.SIGKILL)
    if way is Way.HEADLESS:
        assert run.process.wait(PATIENCE_S) == 3
    machine.wait_until_still()
    listed = machine.json("runs", "--json")
    assert [row["ending"] for row in listed] == ["runner lost"]
    told = shown(machine, run)
    assert [alert["kind"] for alert in told["alerts"]] == ["hook failure"]
    assert "the runner died" in told["alerts"][0]["detail"]
    assert run.decided() == decided and run.verify()
    assert run.written() == ["before.txt"]


@pytest.mark.parametrize("way", Way)
def test_a_killed_guard_takes_everything_with_it(machine: Machine, way: Way) -> None:
    """The runner ends what the guard left behind, and says that the containment was lost."""
    run = standing(machine, way)
    kill(run.guard, signal.SIGKILL)
    wait_for(run.ended, "the end of the run")
    machine.wait_until_still()
    if way is Way.HEADLESS:
        assert run.process.wait(PATIENCE_S) == 3
    assert [alert.alert for alert in run.alerts()] == [AlertKind.CONTAINMENT_LOST]
    assert run.verify() and run.written() == ["before.txt"]


def test_hooks_that_end_with_claude_code_are_no_hook_failure(machine: Machine) -> None:
    """Claude Code dies, and with it the hook that waits for a verdict. The runner hears of the hook first,
    and of Claude Code only a while later: the agent failed, and not the hook."""
    run = FaultRun(machine, Way.INTERACTIVE, Moment.AFTER)
    run.start()
    run.release()
    client = wait_for(run.client, "the call that is held")
    claude, guard = parent_of(client), run.guard
    kill(guard, signal.SIGSTOP)  # it tells nothing for now
    kill(claude, signal.SIGKILL)
    kill(client, signal.SIGKILL)
    wait_for(lambda: run.settled(), "the end of the waiting")
    told = time.monotonic()
    wait_for(lambda: time.monotonic() > told + 1, "a moment in which a lost hook is told otherwise")
    assert run.alerts() == []
    kill(guard, signal.SIGCONT)
    wait_for(run.ended, "the end of the run")
    assert [str(alert.detail) for alert in run.alerts(AlertKind.AGENT_FAILURE)] == [
        "Claude Code was killed by signal 9"
    ]
    assert len(run.alerts()) == 1 and run.verify() and run.written() == ["before.txt"]


def test_a_run_outlives_its_killed_foreground(machine: Machine) -> None:
    """The run goes on under the same rules, to its own end, and everything it did can be seen afterwards."""
    run = standing(machine, Way.HEADLESS)
    run.process.kill()
    run.process.wait(PATIENCE_S)
    assert not run.ended() and run.status_is("working")
    run.release()
    wait_for(run.ended, "the end of the run")
    assert run.written() == ["after-1.txt", "after-2.txt", "after-3.txt", "before.txt"]
    told = shown(machine, run)
    assert told["run"]["state"] == "ended" and told["alerts"] == []
    assert [call["decision"] for call in told["calls"]].count("blocked") == 1  # held, with nobody there
    assert {call["outcome"] for call in told["calls"]} == {"executed", "not executed"}
    machine.wait_until_still()


def test_a_paused_run_goes_on_once_the_cause_is_cured(machine: Machine) -> None:
    """`resume` is refused while the hook client is still missing; after it the agent goes on."""
    run = FaultRun(machine, Way.INTERACTIVE, Moment.AFTER)
    run.start()
    away = run.client_file.with_name("moved.pl")
    run.client_file.rename(away)
    wait_for(run.failures, "the alert")
    wait_for(run.frozen, "the run to stand still")
    refused = machine.supervise("resume", run.run_id)
    assert refused.returncode != 0 and "still broken" in refused.stderr
    away.rename(run.client_file)
    assert machine.supervise("resume", run.run_id).returncode == 0
    run.release()
    wait_for(lambda: run.status_is("waiting"), "the call that waits for a verdict")
    assert run.failures() == [f"hook failure: {run.alerts()[0].detail}"]
    run.stop()


def test_a_run_paused_by_its_journal_goes_on_once_the_journal_is_free(machine: Machine) -> None:
    """The alert that could not be journaled is, before anything else; then the agent goes on."""
    run = FaultRun(machine, Way.INTERACTIVE, Moment.AFTER)
    run.start()
    with closing(sqlite3.connect(run.journal, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        run.release()
        wait_for(lambda: run.frozen(), "the run to stand still")
        other.execute("ROLLBACK")
    wait_for(lambda: run.alerts(AlertKind.HOOK_FAILURE), "the alert in the journal")
    assert machine.supervise("resume", run.run_id).returncode == 0
    wait_for(lambda: "after-3.txt" in run.written() or run.status_is("waiting"), "the agent to go on")
    assert len(run.failures()) == 1
    run.stop()
    assert run.verify()


@pytest.mark.parametrize("victim", ["runner", "guard"])
def test_a_run_in_a_shadow_ends_with_its_killed_keeper(machine: Machine, victim: str) -> None:
    """Also what runs in namespaces of its own ends; the real folder is untouched; exit code 3."""
    script = machine.write_script(
        [
            {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/a.txt", "content": "x"}}]},
            {"calls": [{"tool": "Bash", "input": {"command": "tail -f {cwd}/a.txt"}}]},
        ]
    )
    words = ["run", "--headless", "--script", str(script), "--cwd", str(machine.workspace), "Write it."]
    run = FaultRun(machine, Way.HEADLESS, Moment.AFTER)
    (machine.workspace / "go").unlink()
    (machine.config / "supervisor.toml").unlink()
    run.process = machine.start([SUPERVISE, *words], env={"PYTHONPATH": str(run.source)})
    wait_for(lambda: living(machine, b"tail\x00-f"), "the command that runs")
    kill(run.runner if victim == "runner" else run.guard, signal.SIGKILL)
    assert run.process.wait(PATIENCE_S) == 3
    machine.wait_until_still()
    assert list(machine.workspace.iterdir()) == []
    assert [call.execution for call in run.decided()] == [Execution.SHADOW, Execution.AS_IS]
    kinds = [alert.alert for alert in run.alerts()]
    assert kinds == [AlertKind.HOOK_FAILURE if victim == "runner" else AlertKind.CONTAINMENT_LOST]


def test_a_screen_tells_of_a_gate_that_hangs(machine: Machine) -> None:
    """The runner is stopped while a screen is open: the run is ended and the hook failure raised."""
    run = FaultRun(machine, Way.INTERACTIVE, Moment.AFTER)
    run.start()
    with Terminal([SUPERVISE, "show", run.run_id], env=machine.env, cwd=machine.workspace):
        wait_for(lambda: run.status_is("working"), "the run")
        kill(run.runner, signal.SIGSTOP)
        wait_for(lambda: run.alerts(AlertKind.HOOK_FAILURE), "the alert")
    machine.wait_until_still()
    assert len(run.alerts()) == 1 and "did not answer" in run.alerts()[0].detail
    assert run.written() == ["before.txt"] and run.verify()


def test_stop_ends_a_run_whose_gate_hangs(machine: Machine) -> None:
    """`supervise stop` does not need the runner's consent."""
    run = FaultRun(machine, Way.INTERACTIVE, Moment.AFTER)
    run.start()
    kill(run.runner, signal.SIGSTOP)
    assert machine.supervise("stop", run.run_id).returncode == 0
    machine.wait_until_still()
    assert [alert.alert for alert in run.alerts()] == [AlertKind.HOOK_FAILURE]
    assert run.written() == ["before.txt"] and run.verify()


def test_a_run_whose_hooks_were_never_proven_is_not_resumed(machine: Machine) -> None:
    """The hook of the handshake dies before it connects: the run is paused, which is no waiting for a person;
    `resume` is refused, because nothing would prove the hooks any more."""
    run = FaultRun(machine, Way.INTERACTIVE, Moment.BEFORE)
    with CLIENT_DIES_UNHEARD.around(run):
        run.start()
        with CLIENT_DIES_UNHEARD.on(run):
            wait_for(lambda: run.status_is("paused"), "the pause")
            refused = machine.supervise("resume", run.run_id)
            assert refused.returncode != 0 and "never proven" in refused.stderr
            assert run.status_is("paused")
            run.stop()
    assert [alert.alert for alert in run.alerts()] == [AlertKind.HOOK_FAILURE]
