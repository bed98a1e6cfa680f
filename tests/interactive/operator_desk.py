"""The operator's desk: real terminals on a tmux server of its own, and runs of the real Claude Code."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from harness.claude import bundled_claude, claude_env
from harness.machine import SUPERVISE, Machine, new_machine
from harness.waiting import wait_for
from supervisor.journal.events import (
    AnyEvent,
    CallDecided,
    CallSettled,
    Event,
    PromptPassed,
    RunEnded,
    State,
    StateChanged,
)
from supervisor.journal.listing import list_runs, run_events

Turn = Mapping[str, Any]
E = TypeVar("E", bound=Event)


def bash(command: str) -> dict[str, Any]:
    """One shell command of a script."""
    return {"tool": "Bash", "input": {"command": command, "description": "Part of the task"}}


def busy(turns: int, wait_s: float = 0.2) -> list[Turn]:
    """A script that makes one call a turn, for a long time."""
    return [{"say": f"Step {n}.", "calls": [bash(f"echo {n}")], "wait_s": wait_s} for n in range(turns)]


AGENTS_SCREEN = "don't ask on"
"""Stands in Claude Code's own screen, below its prompt box."""

IDLE = "▫ idle"
"""Stands in the run screen's header when the turn is finished."""

OUR_SCREEN = "─writes─"
"""Stands in the run screen only."""

COME_BACK = "C-\\"
"""The key that leaves the agent's terminal, as tmux names it."""


@dataclass(frozen=True)
class Pane:
    """One terminal on the desk: a screen to look at and a keyboard."""

    _desk: Desk
    name: str

    @property
    def text(self) -> str:
        """What the screen shows now, one line a row."""
        return self._desk.tmux("capture-pane", "-p", "-t", self._target)

    @property
    def pid(self) -> int:
        """Process id of the program in it."""
        return int(self._desk.kept(self.name, "pid"))

    @property
    def exit_code(self) -> int | None:
        """The program's exit code; None while it runs. -n: ended by signal n."""
        told = self._desk.kept(self.name, "exit")
        if not told.endswith("\n"):
            return None
        code = int(told)
        return code if code <= 128 else 128 - code

    def type(self, text: str) -> None:
        """Type characters, as fast as the terminal takes them."""
        self._desk.tmux("send-keys", "-t", self._target, "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `Escape`, `C-\\\\`, …"""
        self._desk.tmux("send-keys", "-t", self._target, *keys)

    def paste(self, text: str) -> None:
        """Paste, as a terminal does: bracketed if the program asked for that."""
        subprocess.run(
            self._desk.command("load-buffer", "-"), input=text.encode(), env=self._desk.env, check=True
        )
        self._desk.tmux("paste-buffer", "-p", "-t", self._target)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal."""
        self._desk.tmux("resize-window", "-t", self._target, "-x", str(columns), "-y", str(lines))

    def wait_for(self, *texts: str) -> str:
        """The screen once it shows all `texts`."""
        return self._wait(lambda text: all(each in text for each in texts), f"{texts}")

    def wait_until_gone(self, *texts: str) -> str:
        """The screen once it shows none of `texts`."""
        return self._wait(lambda text: all(each not in text for each in texts), f"no {texts}")

    def wait_for_end(self) -> int:
        """The program's exit code, once it has ended."""
        wait_for(lambda: self.exit_code is not None, f"the end of {self.name}", shown=self._shown)
        code = self.exit_code
        assert code is not None
        return code

    def _wait(self, seen: Callable[[str], bool], what: str) -> str:
        def look() -> str | None:
            text = self.text
            return text if seen(text) else None

        return wait_for(look, f"{what} on {self.name}", shown=self._shown)

    def _shown(self) -> str:
        return f"\n{self.text}"

    @property
    def _target(self) -> str:
        return f"={self.name}:"


class Desk:
    """A tmux server of its own, and what stands on it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        path = f"{SUPERVISE.parent}:{machine.env['PATH']}"
        self.env = {**machine.env, "PATH": path, "TMUX_TMPDIR": str(machine.root), "SHELL": "/bin/sh"}
        self._panes = 0

    def command(self, *words: str) -> list[str]:
        """A tmux command on this server."""
        return ["tmux", "-L", "desk", "-f", "/dev/null", *words]

    def tmux(self, *words: str) -> str:
        """Run a tmux command; what it prints."""
        done = subprocess.run(self.command(*words), env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"tmux {words}: {done.stderr}"
        return done.stdout

    def open(
        self, *argv: str | Path, columns: int = 120, lines: int = 40, env: Mapping[str, str] | None = None
    ) -> Pane:
        """Start a program in a terminal of its own; the terminal stays when it has ended."""
        self._panes += 1
        name = f"t{self._panes}"
        words = ["env", *(f"{key}={value}" for key, value in (env or {}).items()), *map(str, argv)]
        if self._panes == 1:
            self.tmux("new-session", "-d", "-s", "keeper", "exec sleep 100000", ";",
                      "set", "-g", "remain-on-exit", "on", ";",
                      "set", "-g", "default-terminal", "tmux-256color", ";",
                      "set", "-s", "escape-time", "0")  # fmt: skip
        self.tmux("new-session", "-d", "-s", name, "-x", str(columns), "-y", str(lines),
                  "-c", str(self.machine.workspace), self._noting(name, words))  # fmt: skip
        return Pane(self, name)

    def _noting(self, name: str, words: list[str]) -> str:
        """A shell command that runs `words` and notes its pid and exit code: tmux can miss an end."""
        pid, end = (shlex.quote(str(self.machine.root / f"{name}.{what}")) for what in ("pid", "exit"))
        inner = shlex.join(["sh", "-c", f"echo $$ > {pid}; exec {shlex.join(words)}"])
        return f"{inner}; echo $? > {end}; exec sleep 100000"

    def kept(self, name: str, what: str) -> str:
        """What was noted of a pane's program; empty if nothing was yet."""
        try:
            return (self.machine.root / f"{name}.{what}").read_text()
        except FileNotFoundError:
            return ""

    def supervise(self, *arguments: str, columns: int = 120, lines: int = 40) -> Pane:
        """Start `supervise ARGUMENTS` in a terminal of its own."""
        return self.open(SUPERVISE, *arguments, columns=columns, lines=lines)

    def start_run(
        self,
        turns: Sequence[Turn],
        *options: str,
        task: str = "the task",
        claude: Path | None = None,
        columns: int = 120,
        lines: int = 40,
    ) -> Pane:
        """`supervise run` a script in a terminal, which will show its screen."""
        script = self.machine.write_script(turns)
        words = ["--script", str(script), "--claude", str(claude or bundled_claude()), *options, task]
        return self.supervise("run", *words, columns=columns, lines=lines)

    def start_own_run(self, base_url: str, *options: str, task: str = "the task") -> Pane:
        """`supervise run` with the machine's own home, as a user does, and a model at `base_url`."""
        env = {
            key: claude_env(self.machine, base_url)[key]
            for key in ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY")
        }
        words = ["run", "--claude", str(bundled_claude()), *options, task]
        return self.open(SUPERVISE, *words, env=env)

    def the_run(self) -> DeskRun:
        """The one run of this machine, once it is in the journal."""
        row = wait_for(lambda: next(iter(list_runs(self.journal)), None), "the run in the journal")
        return DeskRun(self, row.id, row.name)

    @property
    def journal(self) -> Path:
        """The journal of this machine."""
        return self.machine.state / "journal.db"

    def end(self) -> None:
        """End the tmux server."""
        subprocess.run(self.command("kill-server"), env=self.env, capture_output=True, check=False)


@dataclass(frozen=True)
class DeskRun:
    """A run, as its journal tells it."""

    desk: Desk
    id: str
    name: str

    @property
    def events(self) -> list[AnyEvent]:
        """Everything that was journaled so far."""
        return [recorded.event for recorded in run_events(self.desk.journal, self.id)]

    def all(self, kind: type[E]) -> list[E]:
        """Its events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def prompts(self) -> list[str]:
        """The prompts that passed the gate, in order."""
        return [event.text for event in self.all(PromptPassed)]

    @property
    def state(self) -> tuple[State, str]:
        """How it stands, and why."""
        changes = self.all(StateChanged)
        return (changes[-1].state, changes[-1].detail) if changes else (State.STARTING, "")

    def wait_for_state(self, state: State, detail: str = "") -> None:
        """Return once it stands so, for a reason that holds the words `detail`."""
        wait_for(
            lambda: self.state[0] is state and detail in self.state[1],
            f"the run to be {state} ({detail})",
            shown=lambda: self.state,
        )

    def wait_for_prompts(self, count: int) -> list[str]:
        """The prompts, once there are so many."""
        wait_for(lambda: len(self.prompts) >= count, f"{count} prompts", shown=lambda: self.prompts)
        return self.prompts

    def wait_for_calls(self, count: int) -> list[CallDecided]:
        """The calls, once so many were decided."""
        wait_for(lambda: len(self.all(CallDecided)) >= count, f"{count} calls")
        return self.all(CallDecided)

    def wait_for_end(self) -> RunEnded:
        """Its last event."""
        return wait_for(lambda: next(iter(self.all(RunEnded)), None), "the end of the run")

    @property
    def control_socket(self) -> Path:
        """Where its runner listens for operators."""
        return self.desk.machine.runtime / self.id / "control.sock"


def confirm(screen: Pane) -> None:
    """Type the run's name, as a live run asks."""
    asked = screen.wait_for("This run is LIVE", "Type the run's name")
    screen.type(asked.split("confirm (", 1)[1].split(")", 1)[0])
    screen.press("Enter")


def answer(screen: Pane, run: DeskRun, n: int, key: str) -> None:
    """Press the key that answers call `n`, again while a call that has just come up takes no answer."""

    def settled() -> bool:
        if f"HELD  #{n} " in screen.text:
            screen.press(key)
        return any(verdict.n == n for verdict in run.all(CallSettled))

    wait_for(settled, f"the verdict on #{n}")


@contextmanager
def a_desk() -> Iterator[Desk]:
    """A desk on a machine of its own, both gone when the block ends."""
    with new_machine() as machine:
        desk = Desk(machine)
        try:
            yield desk
        finally:
            desk.end()
