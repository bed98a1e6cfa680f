"""The same call is judged the same in every process, down to the order of its effects."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LABELLED = Path(__file__).with_name("labelled_sample.jsonl")


def test_the_judgement_does_not_depend_on_how_python_orders_a_set() -> None:
    """Sets of strings come in another order in each process; a journal must read the same."""
    sample = [json.loads(line)["command"] for line in LABELLED.read_text().splitlines()]
    sample += ["env A=1 B=2 C=3 D=4 rm f", "export A B C D; rm f"]
    calls = [{"tool_name": "Bash", "tool_input": {"command": command}} for command in sample]

    def judged(seed: str) -> str:
        words = [sys.executable, "-P", "-m", "supervisor.cli", "explain", "--jsonl"]
        return subprocess.run(
            words,
            input="".join(json.dumps(call) + "\n" for call in calls),
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "HOME": "/nowhere"},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout

    one, *others = (judged(seed) for seed in ("1", "2", "3"))
    assert one.count('"decision"') == len(sample)
    assert all(other == one for other in others)
