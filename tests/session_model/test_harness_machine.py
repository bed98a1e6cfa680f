"""The harness keeps its word."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from harness.machine import Machine, new_machine
from harness.terminal import Terminal
from harness.waiting import PATIENCE_S, wait_for


def test_a_unix_socket_fits_below_the_runtime_folder(machine: Machine) -> None:
    """The path of a run's socket stays within the 107 bytes that the kernel takes."""
    assert len(os.fsencode(machine.runtime / ("r" * 32) / "control.sock")) <= 107


def test_nothing_of_the_callers_environment_reaches_the_machine(machine: Machine) -> None:
    """Every folder that the environment names lies below the machine's root, and no key is handed on."""
    folders = [value for name, value in machine.env.items() if name == "HOME" or name.startswith("XDG_")]
    assert all(Path(folder).is_relative_to(machine.root) for folder in folders)
    assert not [name for name in machine.env if name.startswith("ANTHROPIC")]


def test_a_daemon_ends_with_its_machine() -> None:
    """A process that left its parent and session is found by its environment and ended."""
    detach = "import os, sys, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(3600)\n"
    with new_machine() as made:
        starter = made.start([sys.executable, "-c", detach])
        starter.wait(PATIENCE_S)
        assert len(wait_for(made.processes, "the daemon to show")) == 1
    assert not made.processes()
    assert not made.root.exists()


def test_a_terminal_takes_what_is_written_while_nobody_looks(machine: Machine) -> None:
    """More than any buffer of the kernel holds: the program goes on to its end."""
    flood = "print('x' * 4_000_000); open('through', 'w')"
    with Terminal([sys.executable, "-c", flood], env=machine.env, cwd=machine.workspace):
        wait_for((machine.workspace / "through").exists, "the program to get through")
