"""A shadow that grows beyond its limit: the run goes on, nothing is lost, and everybody is told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from harness.claude import KEY, bundled_claude, onboard
from harness.machine import Machine
from harness.paced_model import answered, serving
from harness.waiting import wait_for
from supervisor.journal.listing import list_runs
from supervisor.session.answer import Answer, Asker, answer
from supervisor.session.model import ScriptedModel
from supervisor.session.script import Script, load_script
from supervisor.shadow.limit import FIELD, SizeLimit

GROW = [
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/first.txt", "content": "one\n"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "head -c 3000000 /dev/urandom > big; cat first.txt"}}]},
]
LOOK = {"calls": [{"tool": "Read", "input": {"file_path": "{cwd}/first.txt"}}]}
GO_ON = [
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/late.txt", "content": "two\n"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "echo three > later.txt"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "cat first.txt"}}]},
]


class LookingModel(ScriptedModel):
    """Lets the shadow grow, looks at a file until the operator is told that it is full, and goes on writing.

    Attributes:
        looks: how often it looked.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.looks = 1
        super().__init__(self._written(), str(machine.workspace))

    def play(self, request: dict[str, Any], asker: Asker) -> Answer:
        """The next turn, for which one more look is put in while nobody was told."""
        (run,) = list_runs(self._machine.state / "journal.db")
        if run.alerts == 0 and answered(request) == len(GROW) + self.looks:
            self.looks += 1
        return answer(self._written(), request, asker, cwd=str(self._machine.workspace), twin=0)

    def _written(self) -> Script:
        return load_script(self._machine.write_script([*GROW, *[LOOK] * self.looks, *GO_ON]))


def test_beyond_the_limit_writes_are_not_executed_and_agent_and_operator_are_told(machine: Machine) -> None:
    """The call that went beyond it has run and is kept; later writes get the honest notice with the limit
    and its field, from the first decision after its end has been measured; reads go on; the operator is
    alerted once.
    """
    machine.write_config("[shadow]\nsize_limit_mb = 1\n")
    onboard(machine, machine.workspace)
    model = LookingModel(machine)
    with serving(model) as base_url:
        env = {"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_KEY": KEY}
        done = machine.supervise("run", "--headless", "--claude", str(bundled_claude()), "go", env=env)
    assert done.returncode == 0, done.stderr
    row = machine.json("runs", "--json")[0]
    shown = machine.json("show", row["name"], "--json")
    calls = [(call["decision"], call["outcome"]) for call in shown["calls"]]
    assert calls == [
        *[("simulated", "executed")] * 2,
        *[("pass", "executed")] * model.looks,
        *[("simulated", "not executed")] * 2,
        ("pass", "executed"),
    ]
    late = len(GROW) + model.looks
    assert [call["rule"] for call in shown["calls"][late:-1]] == ["policy.dry-run.full"] * 2
    assert shown["run"]["fidelity"] == f"diverged at #{late + 1}"
    (alert,) = shown["alerts"]
    assert alert["kind"] == "config warning" and f"{FIELD} allows 1" in alert["detail"]
    assert alert["detail"] in done.stderr
    told = Path(row["transcript"]).read_text()
    assert told.count("SIMULATED, NOT EXECUTED: ") >= 2 and f"{FIELD} allows 1" in told
    assert {change["path"]: change["after"]["size"] for change in shown["changes"]} == {
        "first.txt": 4,
        "big": 3_000_000,
    }
    assert list(machine.workspace.iterdir()) == []


def test_no_call_waits_while_a_shadow_is_measured(tmp_path: Path) -> None:
    """It is measured after a call has ended; that it is full is known from then on, and that it is not any
    more, too. A decision only asks for what was measured. Without a limit nothing is."""
    limit, endless = SizeLimit(tmp_path, 1), SizeLimit(tmp_path, 0)
    (tmp_path / "upper").mkdir()
    (tmp_path / "upper" / "file").write_bytes(b"x" * 2_000_000)
    assert limit.full() == ""
    limit.grown()
    wait_for(lambda: f"{FIELD} allows 1" in limit.full(), "the limit to be seen")
    (tmp_path / "upper" / "file").unlink()
    assert limit.full() != ""
    limit.grown()
    wait_for(lambda: limit.full() == "", "the room to be seen")
    endless.grown()
    assert [each.name for each in threading.enumerate()].count("size limit") == 1


def test_measuring_costs_little_of_the_time_however_much_there_is(tmp_path: Path) -> None:
    """A look that took a second is followed by four of rest, and calls that end meanwhile make one look."""
    now = iter(range(100))
    rests: list[float] = []
    woken = threading.Event()

    def rest(seconds: float) -> None:
        rests.append(seconds)
        assert woken.wait(60)

    limit = SizeLimit(tmp_path, 1, lambda: float(next(now)), rest)
    limit.grown()
    wait_for(lambda: rests == [4.0], "the first look")
    for _ in range(3):
        limit.grown()
    woken.set()
    wait_for(lambda: len(rests) > 1, "the second look")
    assert rests == [4.0, 4.0]
