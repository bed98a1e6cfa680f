"""A runner that loads before its run is known, and what becomes of it where there is none after all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from harness.claude import bundled_claude
from harness.machine import Machine
from harness.waiting import PATIENCE_S, wait_for

UPCOMING = """\
import sys
from pathlib import Path
from supervisor.runner.start import Upcoming
with Upcoming(Path(sys.argv[1]), Path("/")) as runner:
    print(runner._process.pid, flush=True)
    sys.stdin.readline()
print("over", flush=True)
"""


def upcoming(machine: Machine, script: Path | None = None) -> tuple[subprocess.Popen[str], int]:
    """A process that keeps a runner ready until it hears something, and the runner's process id."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", UPCOMING, str(script or machine.write_script([{"say": "never"}]))],
        env=machine.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def is_gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_runner_that_gets_no_run_ends_with_whoever_wanted_it(machine: Machine) -> None:
    """They changed their mind, or what they asked for was wrong: nothing is left, and nothing was written."""
    process, runner = upcoming(machine)
    out, _ = process.communicate("\n")
    assert out == "over\n" and process.returncode == 0
    assert is_gone(runner)
    machine.wait_until_still()
    assert not machine.state.exists()


def test_the_model_of_a_runner_that_gets_no_run_is_ended_with_it(machine: Machine) -> None:
    """Whatever it does: here it waits for its script, and would not hear that nobody wants it any more."""
    script = machine.root / "script.json"
    os.mkfifo(script)
    process, _ = upcoming(machine, script)
    wait_for(lambda: "supervisor.session.model" in machine.living(), "the model to be there")
    out, _ = process.communicate("\n")
    assert out == "over\n" and process.returncode == 0
    machine.wait_until_still()


def test_a_runner_that_gets_no_run_ends_when_whoever_wanted_it_is_killed(machine: Machine) -> None:
    """Also by `kill -9`: it hears the end of its input."""
    process, runner = upcoming(machine)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: is_gone(runner), "the runner to end")
    machine.wait_until_still()
    assert not machine.state.exists()


GIVES_UP = """\
import sys
from pathlib import Path
from supervisor.places import places
from supervisor.policy import Mode
from supervisor.runner.spec import RunSpec
from supervisor.runner.start import start_runner
here, script = places(), sys.argv[1]
start_runner(RunSpec(
    run_id="given-up", name="given-up", task="go", label="", cwd="/", mode=Mode.DRY_RUN, headless=True,
    claude_path="/bin/false", claude_version="", session_id="none", state_dir=str(here.run_state("given-up")),
    runtime_dir=str(here.run_runtime("given-up")), journal=str(here.journal), script=script, places=here,
))
"""


def test_an_operator_who_gives_up_while_a_run_comes_up_leaves_none_behind(machine: Machine) -> None:
    """Ctrl-C before the runner has said that it is there: here its model waits for its script."""
    script = machine.root / "script"
    os.mkfifo(script)
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", GIVES_UP, str(script)],
        env=machine.env,
        stderr=subprocess.PIPE,
        text=True,
    )
    log = machine.state / "runs" / "given-up" / "runner.log"
    wait_for(log.exists, "the runner to have its run")
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert "KeyboardInterrupt" in err
    script.write_text("")  # the model had not even begun to look whether it is still wanted
    machine.wait_until_still()


def test_a_runner_that_cannot_load_is_an_error_and_no_run(machine: Machine) -> None:
    """Here because a library of its own is broken: its last words are told, and nothing ran."""
    script = machine.write_script([{"say": "never"}])
    words = ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), "task"]
    broken = machine.root / "broken"
    broken.mkdir()
    (broken / "watchfiles.py").write_text("raise ImportError('half installed')\n")
    done = machine.supervise(*words, env={"PYTHONPATH": str(broken)})
    assert done.returncode == 3
    assert "the runner did not come up" in done.stderr and "half installed" in done.stderr
    machine.wait_until_still()
    assert machine.json("runs", "--json") == []
