"""Ten thousand calls through `supervise explain --jsonl`: seconds, memory, growth; and one call in process.

Run it: `python benchmarks/explain.py [--lines N]`. The floors of the same run: Python that only echoes the
same JSON, and `cat`. Every line is another command, so that nothing is answered from a cache.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "effects"))

from bench_stage import SUPERVISE, figure, target
from everyday_commands import COMMANDS
from tricky_code import TRICKY

from supervisor.effects.classifier import Classifier
from supervisor.effects.model import Surroundings, ToolCall
from supervisor.effects.profiles import load
from supervisor.places import shipped
from supervisor.runner.files import LocalFiles

LIMIT_S = 10.0
ECHO = (
    "import json, sys\nfor line in sys.stdin.buffer: sys.stdout.write(json.dumps(json.loads(line)) + '\\n')"
)


@dataclass(frozen=True)
class Pass:
    """One run over a file of calls: seconds, peak memory in MB, lines answered."""

    seconds: float
    memory_mb: float
    lines: int


def commands(count: int) -> list[str]:
    """`count` commands, no two alike: the lists over and over, each with a number that changes nothing."""
    simple = [command for command in (*COMMANDS, *TRICKY) if "\n" not in command]
    return [f"{simple[n % len(simple)]} # {n}" for n in range(count)]


def one_pass(argv: list[str], calls: Path, env: dict[str, str]) -> Pass:
    """Feed the file to a program and wait for its end."""
    with calls.open("rb") as given, tempfile.TemporaryFile() as answers:
        began = time.perf_counter()
        child = subprocess.Popen(argv, stdin=given, stdout=answers, env=env)
        memory_kb = 0
        # Not ru_maxrss: that of a child begins with what its parent had.
        while child.poll() is None:
            memory_kb = max(memory_kb, _peak_kb(child.pid))
            time.sleep(0.01)
        seconds = time.perf_counter() - began
        answers.seek(0)
        lines = sum(1 for _ in answers)
    if child.returncode != 0:
        raise SystemExit(f"{argv[0]} ended with {child.returncode}")
    return Pass(seconds, memory_kb / 1024, lines)


def _peak_kb(pid: int) -> int:
    """Peak resident memory so far, 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def in_process(given: list[str]) -> None:
    """What judging one command costs where the classifier is already there, as in the gate."""
    classifier = Classifier(load(shipped("profiles")))
    here = str(Path.cwd())
    files = LocalFiles(os.environ.get("PATH", ""))
    around = Surroundings(cwd=here, workspace=here, home=str(Path.home()), files=files)
    samples, spent = [], []
    for command in given:
        call = ToolCall("Bash", {"command": command})
        began, busy = time.perf_counter(), time.thread_time()
        classifier.judge(call, around)
        spent.append((time.thread_time() - busy) * 1000)
        samples.append(((time.perf_counter() - began) * 1000, command))
    figure("judge one command, in process", [took for took, _ in samples])
    figure("  processor time alone (others share this machine)", spent)
    for took, command in sorted(samples, reverse=True)[:3]:
        print(f"  slow: {took:.1f} ms {command[:100]!r}")


def main(count: int) -> None:
    """Measure and print."""
    given = commands(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {"PATH": os.environ.get("PATH", ""), "HOME": name, "XDG_RUNTIME_DIR": name}
        for part, size in (("whole", count), ("tenth", count // 10)):
            rows = [json.dumps({"tool_name": "Bash", "tool_input": {"command": c}}) for c in given[:size]]
            (folder / part).write_text("\n".join(rows) + "\n", encoding="utf-8")
        explain = [str(SUPERVISE), "explain", "--jsonl", "--cwd", name]
        tenth = one_pass(explain, folder / "tenth", env)
        whole = one_pass(explain, folder / "whole", env)
        echo = one_pass([sys.executable, "-c", ECHO], folder / "whole", env)
        cat = one_pass(["/bin/cat"], folder / "whole", env)
    for title, each in (("explain", whole), ("explain, a tenth", tenth), ("json echo", echo), ("cat", cat)):
        print(f"{title:<18} {each.lines:6} lines {each.seconds:7.2f} s   at most {each.memory_mb:6.1f} MB")
    print(f"explain is {whole.seconds / echo.seconds:.1f} x a Python echo of the same JSON")
    if whole.lines != count:
        raise SystemExit(f"{count} calls, {whole.lines} answers")
    target(f"{count} calls", whole.seconds, LIMIT_S * count / 10_000, "s")
    target("memory of all beside that of a tenth", whole.memory_mb / tenth.memory_mb, 1.5, "x")
    in_process(given)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    main(parser.parse_args().lines)
