"""What the other classifiers say, line by line: run by `classifier.py` inside a venv that holds only them.

    python bench_rivals.py (bash-classify|nah) < commands.jsonl > answers.jsonl

A line in is `{"command"}`, a line out `{"read", "ms"}`. It imports nothing of ours: the venv
has nothing of ours.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

READING = frozenset(
    (
        "filesystem_read",
        "git_safe",
        "container_read",
        "service_inspect",
        "service_read",
        "network_diagnostic",
        "db_safe",
        "agent_read",
        "browser_read",
    )
)
"""The action types of nah whose own description says that they only read."""


def bash_classify() -> Callable[[str], bool]:
    """Whether bash-classify calls a command READONLY."""
    module: Any = importlib.import_module("bash_classify")
    classify, database = module.classify_expression, module.load_database()
    return lambda command: bool(classify(command, database).classification.value == "READONLY")


def nah() -> Callable[[str], bool]:
    """Whether every stage of a command is of an action type that only reads, to nah."""
    module: Any = importlib.import_module("nah.bash")
    classify = module.classify_command

    def reads(command: str) -> bool:
        stages = classify(command).stages
        return bool(stages) and all(stage.action_type in READING for stage in stages)

    return reads


def main(name: str) -> None:
    """Answer every line; an exception of theirs is no read."""
    reads = {"bash-classify": bash_classify, "nah": nah}[name]()
    reads("true")
    for line in sys.stdin:
        command = json.loads(line)["command"]
        start = time.thread_time()
        try:
            read = reads(command)
        except Exception:
            read = False
        print(json.dumps({"read": read, "ms": (time.thread_time() - start) * 1000}))


if __name__ == "__main__":
    main(sys.argv[1])
