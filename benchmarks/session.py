"""A scripted session of 100 calls, supervised and bare: what the supervisor and its shadow add to each call.

    python benchmarks/session.py [--calls N] [--repetitions R]

All variants play the same script on the same Claude Code with the same model server, in turns, and really
run every call: writes, edits, reads and shell commands in the folder, which is live for the supervised one,
and in the shadow of the folder in a dry run. The floor of what a hook costs is a session without supervisor
whose hook before each call is `/bin/true`.
What counts is the conversation, from the task to the last word by Claude Code's own clock; the whole command,
start-up included, stands beside it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_stage import (
    Machine,
    bundled_claude,
    claude_env,
    conversation_ms,
    figure,
    new_machine,
    noted_ms,
    target,
)

from supervisor.session.model_process import start_model


@dataclass(frozen=True)
class Session:
    """How long one session took, in milliseconds.

    Attributes:
        talk: from the task to the last word.
        whole: the whole command, from start to exit.
        hooks: durations of our hooks as Claude Code noted them; none in a bare session.
    """

    talk: float
    whole: float
    hooks: tuple[float, ...] = ()


def calls() -> Iterator[dict[str, Any]]:
    """An endless mix of calls, each one cheap."""
    for n in itertools.count():
        path = f"{{cwd}}/file-{n}.txt"
        yield _call("Write", file_path=path, content=f"line {n}\n")
        yield _call("Edit", file_path=path, old_string="line", new_string="row")
        yield _call("Read", file_path=path)
        yield _call("Bash", command=f"cat file-{n}.txt")


def _call(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "input": arguments}


def script(machine: Machine, count: int) -> Path:
    """A script of `count` calls, one a turn."""
    return machine.write_script([{"calls": [call]} for call in itertools.islice(calls(), count)])


def supervised(count: int, *, live: bool) -> Session:
    """The session under the gate: in a live folder, or in a shadow of it."""
    with new_machine() as machine:
        if live:
            machine.write_config(f'mode = "mixed"\n[targets]\n"file://{machine.workspace}/*" = "live"\n')
        words = [
            "run",
            "--headless",
            "--claude",
            str(bundled_claude()),
            "--script",
            str(script(machine, count)),
        ]
        began = time.perf_counter()
        done = machine.supervise(*words, "task", timeout_s=600)
        whole = (time.perf_counter() - began) * 1000
        assert done.returncode == 0, done.stderr
        (row,) = machine.json("runs", "--json")
        shown = machine.json("show", row["id"], "--json")
        assert [each["outcome"] for each in shown["calls"]] == ["executed"] * count, done.stderr
        assert any(machine.workspace.iterdir()) is live
        transcript = Path(row["transcript"])
        return Session(conversation_ms(transcript), whole, tuple(noted_ms(transcript, "PreToolUse")))


_NOTHING = {
    "PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "/bin/true", "args": []}]}]
}
"""A hook in exec form that does nothing before each call."""


def bare(count: int, *, hooked: bool = False) -> Session:
    """The same session without a supervisor; `hooked` with a hook that does nothing."""
    with new_machine() as machine:
        words = [*("--print", "--verbose", "--output-format", "stream-json"), "--setting-sources", ""]
        words += ["--permission-mode", "bypassPermissions", "--strict-mcp-config"]
        words += ["--settings", json.dumps({"hooks": _NOTHING})] if hooked else []
        words += ["--", "task"]
        began = time.perf_counter()
        with start_model(script(machine, count), machine.workspace) as model:
            done = subprocess.run(
                [str(bundled_claude()), *words],
                cwd=machine.workspace,
                env=claude_env(machine, model.base_url),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
        whole = (time.perf_counter() - began) * 1000
        assert done.returncode == 0, done.stderr
        (transcript,) = machine.home.glob(".claude/projects/*/*.jsonl")
        return Session(conversation_ms(transcript), whole)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    count = options.calls
    rounds = [
        (supervised(count, live=True), bare(count), supervised(count, live=False), bare(count, hooked=True))
        for _ in range(options.repetitions)
    ]
    ours, theirs, shadowed = ([each[place] for each in rounds] for place in range(3))
    base = [each.talk for each in theirs]
    figure(f"conversation of {count} calls, bare", base)
    figure(f"conversation of {count} calls, supervised", [each.talk for each in ours], floor=base)
    live = [each.talk for each in ours]
    talk = figure("the same in a shadow, to the supervised one", [each.talk for each in shadowed], floor=live)
    whole = [each.whole for each in theirs]
    figure("whole command, bare", whole)
    all_live = [each.whole for each in ours]
    figure("whole command, supervised", all_live, floor=whole)
    all_shadowed = figure(
        "whole command in a shadow, to the supervised one", [each.whole for each in shadowed], floor=all_live
    )
    figure("PreToolUse hook as Claude Code noted it", [ms for each in ours for ms in each.hooks])
    added = [(mine.talk - other.talk) / count for mine, other, *_ in rounds]
    all_added = [(mine.whole - other.whole) / count for mine, other, *_ in rounds]
    least = [(nothing.talk - other.talk) / count for _, other, _, nothing in rounds]
    figure("added a call by a hook that does nothing (floor)", least)
    figure("added a call, in the conversation", added, floor=least)
    figure("added a call, start-up and end included", all_added)
    target("added wall time a call, median", statistics.median(added), 12)
    target("the same, start-up and end included", statistics.median(all_added), 12)
    target("conversation in a shadow, to live", talk / statistics.median(live), 1.15, "x")
    target("whole command in a shadow, to live", all_shadowed / statistics.median(all_live), 1.15, "x")


if __name__ == "__main__":
    main()
