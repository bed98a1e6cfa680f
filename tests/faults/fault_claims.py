"""What must hold of every fault, whatever it is."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from fault_run import FaultRun, Moment, Way
from fault_table import Fault, break_answers

from harness.machine import Machine
from harness.waiting import PATIENCE_S, wait_for
from supervisor.policy import AlertKind

EXIT_HOOK_FAILURE = 3


@dataclass(frozen=True)
class Seen:
    """What a fault came to.

    Attributes:
        written: files that the agent wrote after the fault.
        failures: hook failures raised.
        alert_s: seconds from the failure to its alert: in the journal, or, where the journal is what failed,
            at the runner's door or in the foreground's words.
        nonce_told: the key to the gate stands in what is exported of the run.
        exit_code: that of the foreground process; None for a run in a terminal.
    """

    written: tuple[str, ...]
    failures: tuple[str, ...]
    alert_s: float
    exit_code: int | None
    agent_failures: int
    lost: int
    verified: bool
    nonce_told: bool


NONCE = re.compile(r"client\.pl \S+ \d+ [0-9a-f]{32}")
"""The hook's command as Claude Code repeats it when a hook fails, with the key to the gate in it."""


def suffer(machine: Machine, way: Way, moment: Moment, fault: Fault) -> Seen:
    """Run, break it, watch until it is told and over, and look at what is left."""
    run = FaultRun(machine, way, moment)
    break_answers(run)
    with fault.around(run):
        run.start()
        return _suffer(run, fault)


def _suffer(run: FaultRun, fault: Fault) -> Seen:
    machine, way, moment = run.machine, run.way, run.moment
    decided = run.decided()
    expected = ["before.txt"] if moment is Moment.AFTER else []
    run.struck = time.time()
    exit_code = None
    with fault.on(run):
        if fault.kills_runner:
            wait_for(run.ended, "the end of the runner")
        if way is Way.HEADLESS:
            told = run.hear()
            exit_code = run.process.wait(PATIENCE_S)
        else:
            if fault.kills_runner:
                machine.supervise("runs")
            wait_for(run.failures, "the alert")
            told = time.time()
            if not fault.kills_runner:
                wait_for(run.frozen, "the run to stand still")
    if way is Way.INTERACTIVE and not fault.kills_runner:
        wait_for(lambda: run.alerts(AlertKind.HOOK_FAILURE), "the alert in the journal")
        run.stop()
    machine.wait_until_still()
    shown = machine.json("show", run.run_id, "--json")
    kept = [event for event in run.decided() if event in decided]
    return Seen(
        written=tuple(name for name in run.written() if name not in expected),
        failures=tuple(run.failures()),
        alert_s=(first if 0 < (first := run.told_at()) < told else told) - run.struck - fault.silence_s,
        exit_code=exit_code,
        agent_failures=sum(alert["kind"] == "agent failure" for alert in shown["alerts"]),
        lost=len(decided) - len(kept),
        verified=run.verify(),
        nonce_told=bool(NONCE.search(machine.supervise("export", run.run_id).stdout)),
    )


def holds(machine: Machine, way: Way, moment: Moment, fault: Fault) -> None:
    """Fail unless nothing got through, one hook failure was raised, and nothing was lost."""
    seen = suffer(machine, way, moment, fault)
    assert seen.written == ()
    assert len(seen.failures) == 1, seen.failures
    assert seen.agent_failures == 0
    assert seen.lost == 0 and seen.verified
    assert not seen.nonce_told
    assert seen.exit_code == (EXIT_HOOK_FAILURE if way is Way.HEADLESS else None)
