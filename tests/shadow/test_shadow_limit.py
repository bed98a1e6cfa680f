"""A shadow that grows beyond its limit: the run goes on, nothing is lost, and everybody is told."""

from __future__ import annotations

from pathlib import Path

from harness.machine import Machine
from supervisor.shadow.limit import FIELD, SizeLimit

TURNS = [
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/first.txt", "content": "one\n"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "head -c 3000000 /dev/urandom > big; cat first.txt"}}]},
    {"calls": [{"tool": "Write", "input": {"file_path": "{cwd}/late.txt", "content": "two\n"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "echo three > later.txt"}}]},
    {"calls": [{"tool": "Bash", "input": {"command": "cat first.txt"}}]},
]


def test_beyond_the_limit_writes_are_not_executed_and_agent_and_operator_are_told(machine: Machine) -> None:
    """The call that went beyond it has run and is kept; later writes get the honest notice with the limit
    and its field; reads go on; the operator is alerted once.
    """
    machine.write_config("[shadow]\nsize_limit_mb = 1\n")
    script = machine.write_script(TURNS)
    done = machine.supervise("run", "--headless", "--script", str(script), "go")
    assert done.returncode == 0, done.stderr
    row = machine.json("runs", "--json")[0]
    shown = machine.json("show", row["name"], "--json")
    calls = [(call["decision"], call["outcome"]) for call in shown["calls"]]
    assert calls == [
        *[("simulated", "executed")] * 2,
        *[("simulated", "not executed")] * 2,
        ("pass", "executed"),
    ]
    assert [call["rule"] for call in shown["calls"][2:4]] == ["policy.dry-run.full"] * 2
    assert shown["run"]["fidelity"] == "diverged at #3"
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


def test_measuring_costs_little_of_the_time_however_much_there_is(tmp_path: Path) -> None:
    """A look that took a second is not repeated for twenty; without a limit there is none."""
    (tmp_path / "upper").mkdir()
    (tmp_path / "upper" / "file").write_bytes(b"x" * 2_000_000)
    now = iter([0.0, 1.0, 5.0, 22.0, 23.0])
    limit = SizeLimit(tmp_path, 1, lambda: next(now))
    assert f"{FIELD} allows 1" in limit.full()
    (tmp_path / "upper" / "file").unlink()
    assert limit.full() != ""
    assert limit.full() == ""
    assert SizeLimit(tmp_path, 0).full() == ""
