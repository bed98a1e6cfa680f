"""The real app on a real terminal over a real journal: it may be killed, and it lets nothing through."""

from __future__ import annotations

import json
import os
import re
import signal
import sys

from harness.machine import Machine
from harness.terminal import Terminal
from hostile import HOSTILE
from run_recording import START, Recording
from run_stories import dry_run
from supervisor.effects.model import Scope
from supervisor.journal.events import Outcome
from supervisor.journal.writer import Journal
from supervisor.policy import AlertKind, DecisionKind


class _Written:
    """A journal on a machine, and a recording that is written to it piece by piece."""

    def __init__(self, machine: Machine, recording: Recording) -> None:
        self.machine = machine
        self.recording = recording
        self._at = 0
        self._now = START
        self._journal = Journal.open(machine.state / "journal.db", clock=lambda: self._now)
        self.write()

    def write(self) -> None:
        """Commit what the recording has gained."""
        for event, time in list(zip(self.recording.events, self.recording.times, strict=True))[self._at :]:
            self._now = time
            self._journal.append(self.recording.run_id, event, durable=False)
            self._at += 1

    def screen(self) -> Terminal:
        """The app, opened on the run."""
        code = f"from supervisor.app import run_app; raise SystemExit(run_app({self.recording.run_id!r}))"
        env = {**self.machine.env, "TERM": "xterm-256color"}
        return Terminal(
            [sys.executable, "-c", code], env=env, cwd=self.machine.workspace, columns=120, lines=40
        )

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()


def test_a_screen_that_is_killed_loses_nothing(machine: Machine) -> None:
    """After SIGKILL, and calls made meanwhile, the next screen shows all of them, and goes on following."""
    written = _Written(machine, dry_run())
    with written.screen() as first:
        first.wait_for("#9", "6 simulated")
        os.kill(first.pid, signal.SIGKILL)
        assert first.wait_for_end() == -signal.SIGKILL
    written.recording.write("meanwhile.txt")
    written.write()
    with written.screen() as second, written.screen() as third:
        for screen in (second, third):
            screen.wait_for("meanwhile.txt", "7 simulated")
        written.recording.alert(AlertKind.TAMPERING, "the journal was touched")
        written.write()
        for screen in (second, third):
            screen.wait_for("TAMPERING", "the journal was touched")
    written.close()


def test_no_byte_of_hostile_text_reaches_the_terminal(machine: Machine) -> None:
    """Through journal and transcript, in every pane: no sequence of the agent's is among the bytes."""
    said = machine.root / "transcript.jsonl"
    bad = [text for text in HOSTILE.values() if text]
    said.write_text("".join(_said(text) for text in bad), encoding="utf-8")
    recording = Recording()
    recording.start(task=HOSTILE["clipboard"], name="hostile-run", transcript=str(said))
    for text in bad:
        n = recording.call(
            f"mcp__x__{text[:60]}", {"command": text, text[:200]: [text]}, DecisionKind.SIMULATED,
            f"mcp://x/{text[:300]}", Scope.REMOTE, why=text, notice=text, rule=text[:300],
        )  # fmt: skip
        recording.outcome(n, Outcome.FAILED, text, "Bash")
    recording.alert(AlertKind.TAMPERING, HOSTILE["escape"] + HOSTILE["bidi"])
    recording.end(result=HOSTILE["clipboard"])
    written = _Written(machine, recording)
    with written.screen() as screen:
        screen.wait_for("TAMPERING", f"{len(bad)} simulated", "◆ agent", "ended: completed")
        for _ in bad:
            screen.press("k")
        screen.press("\t\t")
        for _ in range(8):
            screen.press("\x1b[5~")
        screen.press("?")
        screen.wait_for("help · escape closes")
        screen.press("q")
        screen.wait_until_gone("help · escape closes")
        screen.press("q")
        assert screen.wait_for_end() == 0
        sent = screen.received
    assert set(re.findall(rb"\x1b\](..)", sent)) <= {b"22"}, "an OSC that is not the shape of the pointer"
    for payload in (
        b"\x1bP",
        b"\x1b_",
        b"\x9b31m",
        "\x9b".encode(),
        "\x9d".encode(),
        "\u202e".encode(),
        "\u200b".encode(),
        "\U000e0041".encode(),
        b"\x00",
    ):
        assert payload not in sent
    written.close()


def _said(text: str) -> str:
    """One line of a transcript in which the agent says `text`."""
    return (
        json.dumps(
            {
                "type": "assistant",
                "message": {"role": "assistant", "content": [{"type": "text", "text": text}]},
            }
        )
        + "\n"
    )


def test_the_list_of_runs_opens_on_an_empty_machine(machine: Machine) -> None:
    """No journal yet: the list says what to do, and q leaves with exit code 0."""
    code = "from supervisor.app import run_app; raise SystemExit(run_app(None))"
    env = {**machine.env, "TERM": "xterm-256color"}
    with Terminal([sys.executable, "-c", code], env=env, cwd=machine.workspace) as screen:
        screen.wait_for("No run yet.", "supervise demo")
        screen.press("q")
        assert screen.wait_for_end() == 0
