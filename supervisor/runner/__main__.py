"""`python -m supervisor.runner SPEC READY_FD`: the resident process of one run.

It says on READY_FD, in one JSON line, that Claude Code was started under a proven gate, or why not.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path

import msgspec

from supervisor.errors import Exit, SuperviseError
from supervisor.gate.gate import Judge
from supervisor.journal.events import RunStarted
from supervisor.journal.writer import Journal
from supervisor.places import private_dir
from supervisor.policy import Mode
from supervisor.runner.approving import outsider
from supervisor.runner.containment import Containment
from supervisor.runner.lock import take
from supervisor.runner.rules import compile_rules, surroundings
from supervisor.runner.run import Run
from supervisor.runner.server import ControlServer
from supervisor.runner.spec import RunSpec, load_spec
from supervisor.session import settings
from supervisor.session.agent import Agent, HeadlessAgent, InteractiveAgent
from supervisor.session.conversations import carry_conversations
from supervisor.session.kept_environment import keep_environment
from supervisor.session.mcp_tools import read_only_tools
from supervisor.session.model import RunningModel, start_model

_PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> int:
    """Run one run."""
    spec = load_spec(Path(arguments[0]))
    ready = int(arguments[1])
    try:
        return int(_run(spec, ready))
    except SuperviseError as error:
        _say(ready, error)
        return int(error.code)
    finally:
        with contextlib.suppress(OSError):
            os.close(ready)


def _run(spec: RunSpec, ready: int) -> Exit:
    outsider(spec.places)  # a run starts no run
    _hold_lock(spec)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    private_dir(Path(spec.runtime_dir))
    with contextlib.ExitStack() as stack:
        model = stack.enter_context(start_model(Path(spec.script), Path(spec.cwd))) if spec.script else None
        journal = stack.enter_context(Journal.open(Path(spec.journal)))
        return asyncio.run(_live(spec, journal, model, ready))


async def _live(spec: RunSpec, journal: Journal, model: RunningModel | None, ready: int) -> Exit:
    launch = _Launch(spec, model)
    where = surroundings(spec, home=launch.env["HOME"], path=launch.env.get("PATH", ""))
    rules = compile_rules(spec, where)
    run = Run(spec, journal, rules, launch.containment)
    run.begin(launch.started(profile=rules.profile))
    control = ControlServer(run)
    await control.serve(spec.control_socket)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, run.stop, f"signal {number.name}")
    try:
        return await run.live(launch.start, lambda: launch.learn(rules), lambda: _say(ready, None))
    finally:
        launch.containment.keep_login(launch.env)
        await run.gate.close()
        control.close()
        for socket in (spec.gate_socket, spec.control_socket):
            socket.unlink(missing_ok=True)


class _Launch:
    """Everything Claude Code is started with."""

    def __init__(self, spec: RunSpec, model: RunningModel | None) -> None:
        self._spec = spec
        keep = Path(spec.state_dir)
        cwd = Path(spec.cwd)
        self._lifeline, self._end = os.pipe()  # the write end closes with this process, however it dies
        if model is not None:
            home = keep / "home"
            settings.prepare_private_home(home, cwd)
            if spec.resume:
                carry_conversations(spec.places.run_state(spec.rehearsal) / "home", home)
            self._user = settings.UserSettings()
            self.env = settings.private_environment(home, model.base_url)
            self._notes: tuple[str, ...] = ()
            users_home = None
        else:
            users_home = Path.home()
            self._user = settings.read_user_settings(users_home, cwd)
            self.env, self._notes = settings.environment(os.environ, self._user)
        keep_environment(keep, self.env)
        self.env |= settings.ALWAYS
        self._mcp = keep / "mcp.json"
        self._servers = settings.mcp_servers(users_home, cwd)
        settings.write_private(self._mcp, json.dumps({"mcpServers": self._servers}))
        self._memory = settings.memory_folders(users_home, cwd, keep)
        self.containment = Containment(spec, spec.places)

    async def start(self, hook: list[str]) -> Agent:
        """Start Claude Code with the gate's hooks."""
        spec = self._spec
        words = settings.arguments(
            settings=settings.injected_settings(
                hook,
                self._user,
                self.containment.sandbox,
                wait=settings.patience(
                    spec.deadline_s, 0 if spec.mode is Mode.DRY_RUN else spec.hold_deadline_s
                ),
            ),
            session_id=spec.session_id,
            resume=spec.resume,
            mcp_config=self._mcp,
            memory=self._memory,
            headless=spec.headless,
        )
        shown = (self._mcp, *self._memory[1:])
        argv = self.containment.wrap([spec.claude_path, *words], self.env, shown)
        if spec.headless:
            log = Path(spec.state_dir) / "claude.log"
            return await HeadlessAgent.start(
                argv, cwd=spec.cwd, env=self.env, log=log, lifeline=self._lifeline
            )
        return InteractiveAgent(argv, cwd=spec.cwd, env=self.env, size=spec.size, lifeline=self._lifeline)

    async def learn(self, rules: Judge) -> Judge:
        """`rules` with what the trusted MCP servers of this run say of their tools."""
        trusted = [name for name in self._servers if name in self._spec.trusted_mcp]
        told = await read_only_tools(self._mcp, trusted, cwd=self._spec.cwd, env=self.env)
        where = msgspec.structs.replace(rules.where, mcp_read_only=told)
        return msgspec.structs.replace(rules, where=where)

    def started(self, *, profile: str) -> RunStarted:
        """The run's first event."""
        spec = self._spec
        return RunStarted(
            name=spec.name,
            task=spec.task,
            label=spec.label,
            cwd=spec.cwd,
            mode=spec.mode,
            headless=spec.headless,
            session_id=spec.session_id,
            claude_path=spec.claude_path,
            claude_version=spec.claude_version,
            profile=profile,
            config=spec.config,
            suspended=(*self._user.suspended, *self._notes),
            notes=spec.notes,
            floors={**FLOORS, "4": spec.floor_4},
            shadow=self.containment.shadow is not None,
            runner_pid=os.getpid(),
            rehearsal=spec.rehearsal,
        )


FLOORS = {
    "1": "the hook client answers whole or blocks",
    "2": "a failed hook blocks (onFailure)",
    "3": "dontAsk, no setting sources, no allow rules",
}


def _hold_lock(spec: RunSpec) -> None:
    if take(spec.lock) is None:
        raise SuperviseError(f"run {spec.name} has a runner already")


def _say(ready: int, error: SuperviseError | None) -> None:
    said = (
        {"ok": True} if error is None else {"error": str(error), "cure": error.cure, "code": int(error.code)}
    )
    with contextlib.suppress(OSError):
        os.write(ready, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
