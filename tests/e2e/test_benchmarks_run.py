"""The benchmarks of whole runs work: each ends well and prints its figures, a ratio and its targets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.machine import Machine

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("program", "options", "targets"),
    [
        ("hook.py", ["--calls", "5"], 3),
        ("session.py", ["--calls", "8", "--repetitions", "1"], 4),
        ("version.py", ["--repetitions", "2"], 1),
        ("held.py", ["--calls", "3"], 2),
        ("apply.py", ["--files", "60", "--rounds", "1"], 1),
        ("review.py", ["--items", "400", "--repetitions", "1", "--pages", "2"], 2),
    ],
)
def test_a_benchmark_prints_figures_ratios_and_targets(
    machine: Machine, program: str, options: list[str], targets: int
) -> None:
    """What the figures are is not judged here: this machine may be busy."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / program), *options],
        cwd=machine.workspace,
        env=machine.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"p50 +\d+\.\d\d   p99 +\d+\.\d\d m?s +\d+\.\d\d x$", done.stdout, re.MULTILINE)
    assert (
        len(re.findall(r"^  (met   |MISSED)  .*, target [\d.]+ (?:ms|x)$", done.stdout, re.MULTILINE))
        == targets
    )
