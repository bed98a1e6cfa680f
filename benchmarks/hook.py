"""The hook round trip: the exact hook command, started as a process, to its decision from a running gate.

    python benchmarks/hook.py [--calls N]

A real headless run is started, with a stand-in for Claude Code that does what Claude Code does with the hook
it was given, and holds a clock to it. So the gate is the runner's own, with its journal (`synchronous=FULL`,
the reply leaves after the commit), its classifier and its checks of who asks. The floor is `sh -c true`,
started the same way, in turns, and so are the two parts that no gate can do without: a process that does
nothing and a bare commit on this disk. Beside it stands what the real Claude Code noted as our hook's
duration in a real session.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench_stage import (
    Machine,
    bundled_claude,
    figure,
    new_machine,
    noted_ms,
    options_with_stand_in,
    quantile,
    spawned_ms,
    target,
)

COMMANDS = ("cat notes.txt", "git push origin main", "ls -la | head", "echo x > out.txt", "make build")
STAND_IN = """\
#!/bin/sh
[ "$1" = --version ] && echo "2.1.330 (stand-in)" && exit 0
exec {python} {program} --stand-in {samples} --calls {calls} -- "$@"
"""


def stand_in(samples: Path, calls: int, words: list[str]) -> None:
    """Be the Claude Code of the run: shake hands, take the task, ask the gate about calls, and end."""
    settings = json.loads(words[words.index("--settings") + 1])
    session = words[words.index("--session-id") + 1]
    transcript = samples.with_suffix(".jsonl")
    transcript.touch()
    hooks = {event: entries[0]["hooks"][0] for event, entries in settings["hooks"].items()}

    def ask(event: str, **fields: Any) -> tuple[float, bytes]:
        hook = hooks[event]
        common = {
            "session_id": session,
            "transcript_path": str(transcript),
            "cwd": str(Path.cwd()),
            "permission_mode": "dontAsk",
            "hook_event_name": event,
        }
        return spawned_ms([hook["command"], *hook["args"]], json.dumps({**common, **fields}).encode())

    ask("SessionStart", source="startup")
    task = json.loads(sys.stdin.readline())["message"]["content"]
    ask("UserPromptSubmit", prompt=task)
    found: dict[str, list[float]] = {"hook": [], "sh": [], "true": [], "commit": []}
    bare = sqlite3.connect(samples.with_suffix(".db"), isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE t (body TEXT)"):
        bare.execute(statement)
    for n in range(calls):
        command = COMMANDS[n % len(COMMANDS)]
        took_ms, answer = ask(
            "PreToolUse", tool_name="Bash", tool_input={"command": command}, tool_use_id=f"toolu_{n:024d}"
        )
        assert json.loads(answer)["hookSpecificOutput"]["permissionDecision"] in ("allow", "deny")
        found["hook"].append(took_ms)
        found["sh"].append(spawned_ms(["/bin/sh", "-c", "true"])[0])
        found["true"].append(spawned_ms(["/bin/true"])[0])
        began = time.perf_counter()
        bare.execute("INSERT INTO t VALUES (?)", ("x" * 2000,))
        found["commit"].append((time.perf_counter() - began) * 1000)
    bare.close()
    samples.write_text(json.dumps(found))
    print(json.dumps({"type": "result", "subtype": "success", "is_error": False, "result": "measured"}))
    sys.stdout.flush()
    sys.stdin.read()


def outside_of_claude(machine: Machine, calls: int) -> dict[str, list[float]]:
    """Samples in milliseconds of the hook and its floors, from within a real run."""
    samples = machine.root / "samples.json"
    program = machine.root / "claude"
    text = STAND_IN.format(
        python=sys.executable, program=Path(__file__).resolve(), samples=samples, calls=calls
    )
    program.write_text(text)
    program.chmod(0o755)
    script = machine.write_script([{"say": "never asked"}])
    # In mixed mode there is no shadow, in which the stand-in could not leave its samples.
    words = ["--headless", "--mode", "mixed", "--claude", str(program), "--script", str(script)]
    done = machine.supervise("run", *words, "measure", timeout_s=600)
    if not samples.exists():
        sys.exit(f"the run did not come to its end: {done.returncode}\n{done.stderr}")
    (row,) = machine.json("runs", "--json")
    decided = machine.json("show", row["id"], "--json")["calls"]
    assert len(decided) == calls
    inside = [each["gate_ms"] for each in decided]
    found: dict[str, list[float]] = json.loads(samples.read_text())
    return {**found, "gate": inside}


def inside_of_claude(machine: Machine, calls: int) -> list[float]:
    """What the real Claude Code noted, in milliseconds, as the duration of our PreToolUse hook."""
    turns = [
        {"calls": [{"tool": "Bash", "input": {"command": COMMANDS[n % len(COMMANDS)]}}]} for n in range(calls)
    ]
    script = machine.write_script(turns)
    (machine.workspace / "notes.txt").write_text("notes\n")
    claude = str(bundled_claude())
    done = machine.supervise(
        "run", "--headless", "--claude", claude, "--script", str(script), "task", timeout_s=600
    )
    assert done.returncode == 0, done.stderr
    (row,) = machine.json("runs", "--json")
    return noted_ms(Path(row["transcript"]), "PreToolUse")


def main() -> None:
    """Print the figures."""
    options = options_with_stand_in(__doc__, calls=400, help="hook round trips [400]")
    if options.stand_in is not None:
        stand_in(options.stand_in, options.calls, options.words)
        return
    with new_machine() as machine:
        found = outside_of_claude(machine, options.calls)
    with new_machine() as machine:
        noted = inside_of_claude(machine, max(5, options.calls // 10))
    figure("sh -c true (floor)", found["sh"])
    figure("/bin/true (floor of the client)", found["true"], floor=found["sh"])
    figure("a bare SQLite commit, synchronous=FULL (floor of the gate)", found["commit"], floor=found["sh"])
    p50 = figure("hook command, start to decision and end", found["hook"], floor=found["sh"])
    figure("  of it, in the gate before the commit", found["gate"])
    figure("the same hook, as Claude Code noted it (durationMs)", noted)
    target("hook round trip p50", p50, 5)
    target("hook round trip p99", quantile(found["hook"], 0.99), 15)
    target("durationMs, median", statistics.median(noted), 12)


if __name__ == "__main__":
    main()
