"""Looking at the targets of calls that were not executed, in the real world, by commands that only read.

A probe runs outside of the shadow: it is judged anew each time, whoever kept it since, and runs only if the
agent itself could run it as a read. Where the machine can, every file system is read-only to it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from supervisor.effects import ToolCall
from supervisor.effects.foresight import Foreseen
from supervisor.gate.gate import Judge
from supervisor.journal.events import CallDecided, Probe, TargetsSeen
from supervisor.journal.rows import RunRow
from supervisor.places import Places
from supervisor.policy import DecisionKind, Mode, RunState, decide
from supervisor.runner.rules import compiled, surroundings
from supervisor.runner.spec import load_spec
from supervisor.session.kept_environment import kept_environment
from supervisor.shadow.capabilities import Capabilities

PROBE_S = 20.0
"""A probe that takes longer tells nothing."""

_END_S = 2 * PROBE_S
"""The end of a run waits for its probes no longer."""

_OUTPUT = 65_536
_WORDS = 300
_AT_ONCE = 4
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "AWS_PAGER": "", "PAGER": "cat"}
"""A probe asks nobody anything."""


class Prober:
    """Takes the probes of one run."""

    def __init__(
        self, judge: Callable[[], Judge], environment: Mapping[str, str], machine: Capabilities | None
    ) -> None:
        self._judge = judge
        self._environment = {**environment, **_QUIET}
        self._read_only: tuple[str, ...] = ()
        bwrap = shutil.which("bwrap")
        if bwrap is not None and machine is not None and machine.contained:
            self._read_only = (bwrap, "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--")

    def foresee(self, call: CallDecided) -> tuple[Foreseen, ...]:
        """What the rule packs know of the call beyond its effects."""
        rules = self._judge()
        where = msgspec.structs.replace(rules.where, cwd=call.cwd or rules.where.cwd)
        return rules.foresee(ToolCall(call.tool, call.input), where)

    def look(self, probe: Probe) -> Probe:
        """The probe, taken now. Blocks for up to `PROBE_S`; never raises."""
        bare = Probe(probe.command, probe.folder)
        if why := self._refusal(probe):
            return msgspec.structs.replace(bare, trouble=why)
        try:
            code, output, said = self._run(probe)
        except subprocess.TimeoutExpired:
            return msgspec.structs.replace(bare, trouble=f"no answer within {PROBE_S:g} s")
        except (OSError, ValueError) as cause:  # there is no such folder, or a word that no argv can hold
            return msgspec.structs.replace(bare, trouble=f"{probe.command[0]}: {cause}")
        if code != 0:
            words = said.decode("utf-8", "replace").strip()[-_WORDS:]
            return msgspec.structs.replace(bare, trouble=f"{probe.command[0]} ended with {code}: {words}")
        return msgspec.structs.replace(bare, output=_text(output))

    def _refusal(self, probe: Probe) -> str:
        """Why the command is not run: it does more than read, or reads what no run may."""
        rules = self._judge()
        where = msgspec.structs.replace(rules.where, cwd=probe.folder)
        judgement = rules.judge(ToolCall("Bash", {"command": shlex.join(probe.command)}), where)
        decision = decide(judgement, RunState(Mode.DRY_RUN), rules.rulings)
        return "" if decision.kind is DecisionKind.PASS else f"the probe is no read: {decision.why}"

    def _run(self, probe: Probe) -> tuple[int, bytes, bytes]:
        process = subprocess.Popen(
            [*self._read_only, *probe.command],
            cwd=probe.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with process:
            try:
                output, said = process.communicate(timeout=PROBE_S)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        return process.returncode, output, said


def _text(output: bytes) -> str:
    text = output.decode("utf-8", "replace")
    if len(text) <= _OUTPUT:
        return text
    return f"{text[:_OUTPUT]}\n… {len(output)} bytes, sha256 {hashlib.sha256(output).hexdigest()}"


def prober_of(places: Places, row: RunRow) -> Prober:
    """The prober of an ended run, in the environment that its agent had."""
    state = places.run_state(row.id)
    spec, environment = load_spec(state / "spec.json"), kept_environment(state)
    where = surroundings(spec, home=environment.get("HOME", ""), path=environment.get("PATH", ""))
    rules = _Once(lambda: compiled(spec, spec.reads, where))
    return Prober(rules.get, environment, spec.capabilities)


class _Once:
    """Rules that are compiled when they are first needed, and by one thread: decoders build their tables at
    their first use, and two threads at that at once crash the interpreter.
    """

    def __init__(self, make: Callable[[], Judge]) -> None:
        self._make = make
        self._made: Judge | None = None
        self._lock = threading.Lock()

    def get(self) -> Judge:
        """The rules."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return self._made


class Lookout:
    """Looks at the targets of a living run's simulated calls, beside the gate and never in its way.

    Args:
        seen: told what was seen of one call.
    """

    def __init__(self, prober: Prober, seen: Callable[[TargetsSeen], None]) -> None:
        self._prober = prober
        self._seen = seen
        self._tasks: dict[asyncio.Task[None], CallDecided] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)

    def simulated(self, call: CallDecided) -> None:
        """A call was not executed. Returns at once."""
        task = asyncio.create_task(self._look(call))
        self._tasks[task] = call
        task.add_done_callback(self._tasks.pop)

    async def finish(self) -> None:
        """Wait for the looks under way, not without end: what is not seen by then is told as not known."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_END_S)
        for task, call in list(self._tasks.items()):
            task.cancel()
            late = Probe((), "", trouble="the run ended before it was looked at")
            self._seen(TargetsSeen(call.n, call.tool_use_id, (late,), ()))

    async def _look(self, call: CallDecided) -> None:
        async with self._room:
            seen = await asyncio.to_thread(self._seen_of, call)
        if seen.probes or seen.reverse:
            self._seen(seen)

    def _seen_of(self, call: CallDecided) -> TargetsSeen:
        known = self._prober.foresee(call)
        probes = [
            Probe(each.probe, each.folder, "", each.doubt) for each in known if each.probe or each.doubt
        ]
        return TargetsSeen(
            call.n,
            call.tool_use_id,
            tuple(probe if probe.trouble else self._prober.look(probe) for probe in dict.fromkeys(probes)),
            tuple(dict.fromkeys(each.reverse for each in known if each.reverse)),
        )
