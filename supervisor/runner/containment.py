"""Floor 4 of one run: the shadow it works in and the sandbox around Bash, or why there is none.

A dry run has both. In the other modes, and without a shadow, the sandbox stands alone: what Bash runs can
write below the folder and has no network; MCP servers must reach their systems.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import supervisor
from supervisor.places import Places, private_dir
from supervisor.policy import Mode
from supervisor.runner.hosts import HostProxy
from supervisor.runner.spec import RunSpec
from supervisor.shadow.backend import Shadow
from supervisor.shadow.git_settings import GitSettings
from supervisor.shadow.kept import open_shadow
from supervisor.shadow.leftovers import keep_login
from supervisor.shadow.limit import SizeLimit
from supervisor.shadow.servers import Claudes, missing_programs, without_networks, without_sight
from supervisor.shadow.settings import changed_settings
from supervisor.shadow.shell import AgentShell, folder_only, in_shadow, make_shell
from supervisor.shadow.world import Openings, config_folder, transcripts_folder


class Containment:
    """The shadow and the agent's shell of one run, as its runner holds them."""

    def __init__(self, spec: RunSpec, places: Places) -> None:
        self.shadow: Shadow | None = None
        self.shell: AgentShell | None = None
        self._spec = spec
        self._places = places
        self._hosts = HostProxy(spec.hosts, Path(spec.runtime_dir) / "hosts.sock") if spec.hosts else None
        self._limit: SizeLimit | None = None
        self._git = GitSettings(Path(spec.cwd)) if spec.mode is not Mode.DRY_RUN else None
        if spec.shadow is not None and spec.capabilities is not None:
            self.shadow = open_shadow(
                places,
                spec.run_id,
                Path(spec.cwd),
                spec.capabilities,
                backend=spec.shadow,
                skip_ignored_over=spec.skip_ignored_over,
            )
            self._limit = SizeLimit(self.shadow.folder, spec.size_limit_mb)

    def give_shell(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """Make the agent's shell, where the machine can hold it: the variables that Claude Code needs for it.

        Args:
            env: Claude Code's environment.
        """
        if not self._spec.sandbox:
            return {}
        folder, workspace = Path(self._spec.state_dir), Path(self._spec.cwd)
        proxy = self._hosts.path if self._hosts is not None else None
        if self.shadow is not None:
            claudes = self._claudes(env)
            kept = (claudes.transcripts, claudes.beginnings)
            self.shell = make_shell(folder, in_shadow(read_only=kept), proxy)
            return self.shell.environment
        tmp = private_dir(folder / "tmp")  # its own: another may hold what commands must not write
        sandbox = folder_only(
            workspace,
            tmp,
            read_only=self._spec.mode is Mode.DRY_RUN,  # without a shadow nothing but reads is executed
            hidden=self._hidden,
            shown=(Path(env["HOME"]),),
        )
        self.shell = make_shell(folder, sandbox, proxy)
        return {"CLAUDE_CODE_TMPDIR": str(tmp), **self.shell.environment}

    def _claudes(self, env: Mapping[str, str]) -> Claudes:
        config = config_folder(env)
        return Claudes(transcripts_folder(config, Path(self._spec.cwd)), config / "shell-snapshots")

    @property
    def _hidden(self) -> tuple[Path, Path]:
        return self._places.state, self._places.runtime

    def full(self) -> str:
        """Why the shadow takes no more; empty while it does, and without one."""
        return self._limit.full() if self._limit is not None else ""

    def changed_settings(self, folder: str, git: bool) -> str:
        """What the run itself has changed of what tells programs what to do; nothing without a shadow."""
        return changed_settings(self.shadow, Path(folder), git=git) if self.shadow is not None else ""

    def changed_git(self, folder: str, command: str) -> str:
        """Why git may not do what the words of a command say; nothing in a dry run, which holds it anyhow."""
        return self._git.changed(Path(folder), command) if self._git is not None else ""

    def grown(self) -> None:
        """A call may have written."""
        if self._limit is not None:
            self._limit.grown()

    async def serve(self) -> None:
        """Open the way to the hosts that were opened for the run, before anything is wrapped."""
        if self._hosts is not None:
            await self._hosts.serve()

    def close(self) -> None:
        """Close that way again."""
        if self._hosts is not None:
            self._hosts.close()

    def servers(
        self, offered: Mapping[str, Any], trusted: Collection[str], env: Mapping[str, str]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """MCP servers as they are started, and what to say of them: in a dry run most have no network."""
        absent = missing_programs(offered, env.get("PATH", os.defpath))
        if self._spec.mode is Mode.DRY_RUN:
            keep = self._claudes(env)
            given, lines = without_networks(offered, trusted, keep, able=self._spec.sandbox)
            return given, (*absent, *lines)
        if self._spec.sandbox:
            return without_sight(offered, self._hidden, (Path(env["HOME"]),)), absent
        return dict(offered), absent

    def keep_login(self, env: Mapping[str, str]) -> None:
        """Carry over a login that Claude Code renewed in the shadow: the old one is void by then."""
        if self.shadow is None or self._spec.script:
            return
        home = Path(env["HOME"]).resolve()
        config = config_folder(env)
        keep_login(self.shadow.folder, home, config)

    def wrap(self, argv: Sequence[str], env: Mapping[str, str], shown: Sequence[Path]) -> list[str]:
        """`argv` as it is started in the shadow; as it is, without one.

        Args:
            shown: files and folders of the supervisor that Claude Code or its hooks read, wherever they lie.
        """
        start = list(argv) if self.shell is None else self.shell.start(argv)
        if self.shadow is None:
            return start
        program = (Path(sys.prefix), Path(sys.base_prefix), Path(supervisor.__file__).parent.parent)
        # What lies in the folder itself is there as the agent leaves it.
        elsewhere = (path for path in program if not path.is_relative_to(self._spec.cwd))
        show = (Path(argv[0]), *elsewhere, *shown)
        if self.shell is not None:
            show += (self.shell.path.parent,)
        if self._hosts is not None:
            show += (self._hosts.path,)
        return self.shadow.wrap(start, env, Openings(self._hidden, self._spec.gate_socket, show))
