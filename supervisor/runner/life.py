"""A run brought to life: what Claude Code is started with, its gate, its control socket."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from supervisor.errors import Exit, LaunchError
from supervisor.gate.gate import Judge, client_in
from supervisor.journal.events import RunStarted
from supervisor.journal.writer import Journal
from supervisor.plan.servers import server_digests
from supervisor.policy import Mode
from supervisor.runner.containment import Containment
from supervisor.runner.rules import Memory, packs_of, surroundings
from supervisor.runner.run import Run
from supervisor.runner.server import ControlServer
from supervisor.runner.spec import RunSpec
from supervisor.runner.trust import trust
from supervisor.session import settings
from supervisor.session.agent import Agent, HeadlessAgent, InteractiveAgent
from supervisor.session.conversations import carry_conversations
from supervisor.session.kept_environment import keep_environment
from supervisor.session.mcp_tools import read_only_tools
from supervisor.session.model_process import RunningModel


async def live(
    spec: RunSpec, journal: Journal, model: RunningModel | None, ready: Callable[[], None]
) -> Exit:
    """Live the run to its end.

    Args:
        model: the scripted model that stands in for a real one.
        ready: called once Claude Code was started under a proven gate.

    Raises:
        SuperviseError: nothing was started, and why.
    """
    packs = packs_of(spec)
    packs.check_own()
    memory = Memory(packs, spec.reads, spec.rulings)
    # The model and Claude Code come up meanwhile.
    compiling = asyncio.get_running_loop().run_in_executor(None, memory.compile)
    launch = _Launch(spec, model)
    rules = memory.judge_in(surroundings(spec, home=launch.env["HOME"], path=launch.env.get("PATH", "")))

    async def learn() -> Judge:
        await compiling
        gc.freeze()  # what was loaded stays: no collection need look through it while a call waits
        gc.enable()
        return await launch.learn(rules)

    run = Run(spec, journal, rules, launch.containment)
    run.begin(launch.started(profile=rules.profile))
    control = ControlServer(run)
    await control.serve(spec.control_socket)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, run.stop, f"signal {number.name}")
    try:
        return await run.live(launch.start, learn, ready)
    finally:
        launch.containment.keep_login(launch.env)
        launch.containment.close()
        run.gate.close()
        control.close()
        for path in (spec.gate_socket, spec.control_socket, client_in(Path(spec.state_dir))):
            path.unlink(missing_ok=True)


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
        self._servers = settings.mcp_servers(users_home, cwd)
        self.trust = trust(spec.trusted_mcp, self._servers, settings.own_servers(users_home, cwd))
        self._require_servers(spec)
        self._offered = _write_servers(keep / "mcp.json", self._servers)
        self._memory = settings.memory_folders(users_home, cwd, keep)
        self.containment = Containment(spec, spec.places)
        given, self._told = self.containment.servers(self._servers, self.trust.servers, self.env)
        self._given = _write_servers(keep / "mcp-given.json", given)
        self.env |= self.containment.give_shell(self.env)

    def _require_servers(self, spec: RunSpec) -> None:
        """A run that is held to a plan reaches the very servers that the plan was approved with."""
        now = server_digests(self._servers)
        for item in spec.expected or ():
            if item.server and now.get(name := item.tool.split("__")[1]) != item.server:
                raise LaunchError(
                    f"the MCP server {name!r} is not configured as it was in {spec.rehearsal_name}",
                    cure="Rehearse again with it as it is now.",
                )

    async def start(self, hook: list[str]) -> Agent:
        """Start Claude Code with the gate's hooks."""
        spec = self._spec
        words = settings.arguments(
            settings=settings.injected_settings(
                hook,
                self._user,
                wait=settings.patience(
                    spec.deadline_s, 0 if spec.mode is Mode.DRY_RUN else spec.hold_deadline_s
                ),
            ),
            session_id=spec.session_id,
            resume=spec.resume,
            mcp_config=self._given,
            memory=self._memory,
            headless=spec.headless,
        )
        await self.containment.serve()
        shown = (Path(hook[0]), self._given, *self._memory[1:])
        argv = self.containment.wrap([spec.claude_path, *words], self.env, shown)
        if spec.headless:
            log = Path(spec.state_dir) / "claude.log"
            return await HeadlessAgent.start(
                argv, cwd=spec.cwd, env=self.env, log=log, lifeline=self._lifeline
            )
        return InteractiveAgent(argv, cwd=spec.cwd, env=self.env, size=spec.size, lifeline=self._lifeline)

    async def learn(self, rules: Judge) -> Judge:
        """`rules` with what the trusted MCP servers of this run say of their tools."""
        trusted = self.trust.servers
        told = await read_only_tools(self._offered, trusted, cwd=self._spec.cwd, env=self.env)
        where = msgspec.structs.replace(rules.where, trusted_mcp=frozenset(trusted), mcp_read_only=told)
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
            notes=(*spec.notes, *self.trust.notes, *self._told),
            floors={**FLOORS, "4": spec.floor_4},
            shadow=self.containment.shadow is not None,
            runner_pid=os.getpid(),
            rehearsal=spec.rehearsal,
        )


def _write_servers(path: Path, servers: Mapping[str, Any]) -> Path:
    settings.write_private(path, json.dumps({"mcpServers": servers}))
    return path


FLOORS = {
    "1": "the hook client answers whole or blocks",
    "2": "a failed hook blocks (onFailure)",
    "3": "dontAsk, no setting sources, no allow rules",
}
