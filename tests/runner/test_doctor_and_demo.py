"""`supervise doctor` and `supervise demo`, as a new user runs them."""

from __future__ import annotations

import json
from pathlib import Path

from harness.machine import Machine


def test_doctor_proves_every_floor_on_the_real_claude_code(machine: Machine, claude: Path) -> None:
    """Each floor is broken in turn; the control, with no floor left, must let the write through."""
    done = machine.supervise("doctor", "--json", "--claude", str(claude))
    told = json.loads(done.stdout)
    failed = [check for check in told["checks"] if check["ok"] is not True]
    assert done.returncode == 0 and told["ok"] and not failed, failed
    names = " ".join(check["name"] for check in told["checks"])
    held = ("floor 4: what still runs", "control: without floor 4")
    assert all(part in names for part in held)
    assert all(part in names for part in ("floor 1", "floor 2", "floor 3", "control: without the", "a run:"))


def test_doctor_says_what_is_wrong_with_a_claude_that_is_too_old(machine: Machine) -> None:
    """An old version ignores `onFailure` without a word; doctor names the version it needs."""
    old = machine.root / "claude"
    old.write_text("#!/bin/sh\necho '2.1.200 (Claude Code)'\n")
    old.chmod(0o755)
    done = machine.supervise("doctor", "--json", "--claude", str(old))
    assert done.returncode == 3
    (check,) = json.loads(done.stdout)["checks"]
    assert "2.1.200" in check["detail"] and "2.1.295" in check["cure"]


def test_the_demo_tells_its_story_and_leaves_nothing_behind(machine: Machine) -> None:
    """The upload is simulated, no orphan is written, the killed gate lets nothing through, no file stays."""
    done = machine.supervise("demo", "--headless", env={"TMPDIR": str(machine.root)})
    assert done.returncode == 0, done.stderr
    assert "The story held." in done.stderr
    assert "HOOK FAILURE" in done.stderr and "AGENT FAILURE" not in done.stderr
    assert sorted(path.name for path in machine.root.iterdir()) == ["home", "run", "work"]
    assert not list(machine.home.iterdir())
    machine.wait_until_still()
