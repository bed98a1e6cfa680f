"""From the operator's verdict on a held call to the agent that goes on.

    python benchmarks/held.py [--calls N]

A real headless run, in which a rule holds every write; an operator's process at a terminal of its own allows
each call over the control socket. The clock starts before that process connects. It stops when the hook
client, started by a stand-in for Claude Code, has passed the answer on and ended; and in a second run, of the
real Claude Code, at the moments by which the transcript dates the hook's answer and the call's result. The
floor is what no way can do without: a bare commit on this disk (`synchronous=FULL`), and waking a Perl that
waits for one line and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from bench_stage import (
    SUPERVISE,
    Machine,
    bundled_claude,
    figure,
    new_machine,
    options_with_stand_in,
    quantile,
    spawned_ms,
    target,
)

from harness.at_a_terminal import operator
from supervisor.errors import SuperviseError
from supervisor.runner.control import ControlClient

LIMIT_MS = 50
SETTLE_S = 0.05
"""How long a call waits before it is answered."""

STAND_IN = """\
#!/bin/sh
[ "$1" = --version ] && echo "2.1.330 (stand-in)" && exit 0
exec {python} {program} --stand-in {samples} --calls {calls} -- "$@"
"""


def stand_in(samples: Path, calls: int, words: list[str]) -> None:
    """Be the Claude Code of the run: shake hands, take the task, make calls one by one, and end."""
    settings = json.loads(words[words.index("--settings") + 1])
    transcript = samples.with_suffix(".jsonl")
    transcript.touch()

    def ask(event: str, **fields: Any) -> bytes:
        hook = settings["hooks"][event][0]["hooks"][0]
        common = {
            "session_id": words[words.index("--session-id") + 1],
            "transcript_path": str(transcript),
            "cwd": str(Path.cwd()),
            "permission_mode": "dontAsk",
            "hook_event_name": event,
        }
        return spawned_ms([hook["command"], *hook["args"]], json.dumps({**common, **fields}).encode())[1]

    ask("SessionStart", source="startup")
    ask("UserPromptSubmit", prompt=json.loads(sys.stdin.readline())["message"]["content"])
    ended = []
    for n in range(calls):
        given = {"file_path": str(Path.cwd() / f"held-{n}"), "content": "x"}
        answer = ask("PreToolUse", tool_name="Write", tool_input=given, tool_use_id=f"toolu_{n:024d}")
        ended.append(time.monotonic())
        assert json.loads(answer)["hookSpecificOutput"]["permissionDecision"] == "allow", answer
    samples.write_text(json.dumps(ended))
    print(json.dumps({"type": "result", "subtype": "success", "is_error": False, "result": "measured"}))
    sys.stdout.flush()
    sys.stdin.read()


def answered(machine: Machine, claude: Path, script: Path, calls: int) -> list[float]:
    """Play a run whose every call is allowed; when each verdict was sent, by the monotonic clock."""
    machine.write_config(
        f'mode = "mixed"\n[policy]\nhold = ["file://{machine.workspace}/held*"]\n'
        f'[targets]\n"file://{machine.workspace}/*" = "live"\n'
    )
    words: list[str | Path] = ["run", "--headless", "--claude", claude, "--script", script, "measure"]
    run = machine.start([SUPERVISE, *words])
    while not (sockets := list(machine.runtime.glob("*/control.sock"))):
        if run.poll() is not None:
            sys.exit(f"the run did not start: {run.communicate()[1]}")
        time.sleep(0.05)
    return asyncio.run(_answer(sockets[0], calls))


async def _answer(socket: Path, calls: int) -> list[float]:
    client = ControlClient(socket)
    watching = await client.watch()
    sent: list[float] = []
    with operator() as person:
        while len(sent) < calls:
            await asyncio.sleep(SETTLE_S)
            held: tuple[int, ...] = ()
            with contextlib.suppress(SuperviseError):
                held = (await client.status()).held
            if held:
                await asyncio.sleep(SETTLE_S)
                error, moment = person.verdict(socket, held[0], "allow")
                assert not error, error
                sent.append(moment)
        watching.close()
    return sent


def ended_run(machine: Machine) -> dict[str, Any]:
    """The machine's one run, once it has ended."""
    while (row := machine.json("runs", "--json")[0])["state"] != "ended":
        time.sleep(0.1)
    found: dict[str, Any] = row
    return found


def outside_of_claude(machine: Machine, calls: int) -> list[float]:
    """Milliseconds from each verdict to the end of the hook client."""
    samples, program = machine.root / "samples.json", machine.root / "claude"
    filled = STAND_IN.format(
        python=sys.executable, program=Path(__file__).resolve(), samples=samples, calls=calls
    )
    program.write_text(filled)
    program.chmod(0o755)
    sent = answered(machine, program, machine.write_script([{"say": "never asked"}]), calls)
    ended_run(machine)
    return [(end - begin) * 1000 for begin, end in zip(sent, json.loads(samples.read_text()), strict=True)]


def inside_of_claude(machine: Machine, calls: int) -> tuple[list[float], list[float]]:
    """Milliseconds from each verdict to the hook's answer and to the call's result, by the transcript."""
    turns = [
        {"calls": [{"tool": "Write", "input": {"file_path": f"{{cwd}}/held-{n}", "content": "x"}}]}
        for n in range(calls)
    ]
    sent = answered(machine, bundled_claude(), machine.write_script(turns), calls)
    shift = time.time() - time.monotonic()
    heard, done = [], []
    for line in Path(ended_run(machine)["transcript"]).read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        attached = data.get("attachment") or {}
        if attached.get("type") == "hook_success" and attached.get("hookEvent") == "PreToolUse":
            heard.append(_moment(data))
        elif data.get("type") == "user" and "toolUseResult" in data:
            done.append(_moment(data))
    return (
        [(at - shift - begin) * 1000 for begin, at in zip(sent, heard, strict=True)],
        [(at - shift - begin) * 1000 for begin, at in zip(sent, done, strict=True)],
    )


def _moment(data: dict[str, Any]) -> float:
    return datetime.fromisoformat(data["timestamp"]).timestamp()


def floor(machine: Machine, calls: int) -> list[float]:
    """Milliseconds of a bare commit and of waking a waiting Perl until it has ended."""
    bare = sqlite3.connect(machine.root / "bare.db", isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE t (body TEXT)"):
        bare.execute(statement)
    found = []
    for _ in range(calls):
        read, write = os.pipe()
        duplicate = [(os.POSIX_SPAWN_DUP2, read, 0), (os.POSIX_SPAWN_CLOSE, write)]
        pid = os.posix_spawn("/usr/bin/perl", ["perl", "-e", "<STDIN>"], {}, file_actions=duplicate)
        time.sleep(SETTLE_S)
        began = time.perf_counter()
        bare.execute("INSERT INTO t VALUES (?)", ("x" * 2000,))
        os.write(write, b"\n")
        os.waitpid(pid, 0)
        found.append((time.perf_counter() - began) * 1000)
        os.close(read)
        os.close(write)
    bare.close()
    return found


def main() -> None:
    """Print the figures."""
    options = options_with_stand_in(__doc__, calls=100, help="held calls of each kind [100]")
    if options.stand_in is not None:
        stand_in(options.stand_in, options.calls, options.words)
        return
    with new_machine() as machine:
        least = floor(machine, options.calls)
        client = outside_of_claude(machine, options.calls)
    with new_machine() as machine:
        heard, done = inside_of_claude(machine, options.calls)
    figure("a bare commit, and a waiting perl woken to its end (floor)", least)
    figure("verdict -> the hook client has answered and ended", client, floor=least)
    figure("verdict -> Claude Code has the answer (transcript)", heard, floor=least)
    figure("verdict -> Claude Code has the call's result (transcript)", done, floor=least)
    target("verdict -> hook client, p95", quantile(client, 0.95), LIMIT_MS)
    target("verdict -> the agent goes on, p95", quantile(heard, 0.95), LIMIT_MS)


if __name__ == "__main__":
    main()
