"""Only the screen pays for the screen: no other path imports Textual."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness.claude import bundled_claude
from harness.machine import Machine, new_machine

TELL = {"PYTHONPROFILEIMPORTTIME": "1"}
"""Makes every Python that starts print each module it imports, runner and all, on its standard error."""


class Told:
    """A machine with one run, and what every process of that run imported."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        script = machine.write_script([{"calls": [{"tool": "Bash", "input": {"command": "ls"}}]}])
        words = ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), "task"]
        done = machine.supervise(*words, env=TELL)
        assert done.returncode == 0, done.stderr[-2000:]
        (log,) = machine.state.glob("runs/*/runner.log")
        self.imported = modules(done.stderr + log.read_text())  # the runner has its log once it has its run


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """One run, told by its imports."""
    with new_machine() as machine:
        yield Told(machine)


def modules(text: str) -> set[str]:
    """The modules named by `-X importtime`."""
    lines = [line for line in text.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def screens(found: set[str]) -> set[str]:
    """The screen's modules among them."""
    heavy = ("textual", "rich", "widgets", "supervisor.app", "supervisor.screens")
    return {name for name in found for top in heavy if name == top or name.startswith(f"{top}.")}


def test_a_headless_run_imports_no_screen(told: Told) -> None:
    """Neither in its foreground process nor in its runner."""
    assert {"supervisor.runner.follow", "supervisor.runner.life"} <= told.imported
    assert screens(told.imported) == set()


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["--help"],
        [],
        ["runs"],
        ["runs", "--json"],
        ["show", "RUN"],
        ["show", "RUN", "--json"],
        ["verify"],
        ["export", "RUN"],
        ["explain", "--bash", "ls"],
        ["stop", "--help"],
        ["attach", "--help"],
        ["doctor", "--help"],
        ["demo", "--help"],
    ],
)
def test_a_command_without_a_screen_imports_none(told: Told, words: list[str]) -> None:
    """For people and for scripts alike."""
    (row,) = told.machine.json("runs", "--json", "--limit", "1")
    done = told.machine.supervise(*(row["name"] if word == "RUN" else word for word in words), env=TELL)
    assert done.returncode == 0, done.stderr[-2000:]
    found = modules(done.stderr)
    assert "supervisor.cli.main" in found
    assert screens(found) == set()


def test_the_version_costs_next_to_no_imports(told: Told) -> None:
    """Neither the parser, the database nor the event loop is there before it is needed."""
    found = modules(told.machine.supervise("--version", env=TELL).stderr)
    assert not found & {"tree_sitter", "sqlglot", "sqlite3", "asyncio", "mcp", "pexpect", "msgspec"}


def test_the_screen_does_import_textual(machine: Machine) -> None:
    """The checks above can fail: the same look at the screen's own module finds it."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import supervisor.app"],
        env=machine.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"textual", "rich", "supervisor.screens"} <= screens(modules(done.stderr))
