"""Floor 4 of one run: the shadow it works in and the shell without network, or why there is none."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import supervisor
from supervisor.config import Backend
from supervisor.gate.gate import client_script
from supervisor.places import Places
from supervisor.policy import Mode
from supervisor.runner.hosts import HostProxy
from supervisor.runner.spec import RunSpec
from supervisor.shadow.backend import BackendKind, Shadow
from supervisor.shadow.capabilities import Capabilities, probe
from supervisor.shadow.kept import open_shadow
from supervisor.shadow.leftovers import keep_login
from supervisor.shadow.shell import AgentShell, make_shell
from supervisor.shadow.world import Openings

GIANT_BYTES = 256 * 1024 * 1024
"""What git ignores and is bigger than this stays out of a clone, unless the configuration says so."""


@dataclass(frozen=True)
class Offer:
    """What this machine offers a run.

    Attributes:
        capabilities: what was tried; None where no shadow is wanted.
        backend: the shadow to open; None where there will be none.
        missing: one line for each part that is missing, with its cure; empty when floor 4 holds, or was
            not asked for.
        floor: what the run says of floor 4.
    """

    capabilities: Capabilities | None
    backend: BackendKind | None
    missing: tuple[str, ...]
    floor: str


def offer(places: Places, workspace: Path, mode: Mode, wanted: Backend) -> Offer:
    """What can be had for a run in `workspace`.

    Only a dry run works in a shadow: in the other modes MCP servers must reach their systems.
    """
    if mode is not Mode.DRY_RUN:
        return Offer(
            None, None, (), f"missing: no shadow in {mode.value} mode; decisions alone keep writes back"
        )
    if wanted is Backend.OFF:
        return Offer(None, None, (), "missing: the shadow is off by configuration; writes are not executed")
    found = probe(workspace, places.state)
    kind = found.backend if wanted is Backend.AUTO else BackendKind(wanted.value)
    fits = kind is not BackendKind.OVERLAY or found.overlay
    if found.contained and found.sandbox and fits:
        return Offer(found, kind, (), f"shadow ({kind.value}), host read-only, Bash without network")
    lines = tuple(f"{part.part.value}: {part.why} {part.cure}".strip() for part in found.missing)
    return Offer(found, None, lines, "missing: no shadow here; writes are not executed")


class Containment:
    """The shadow and the agent's shell of one run, as its runner holds them."""

    def __init__(self, spec: RunSpec, places: Places) -> None:
        self.shadow: Shadow | None = None
        self.shell: AgentShell | None = None
        self._hosts = HostProxy(spec.hosts) if spec.hosts else None
        self._spec = spec
        self._places = places
        if spec.shadow is not None and spec.capabilities is not None:
            self.shell = make_shell(Path(spec.state_dir), self._proxy)
            self.shadow = open_shadow(
                places,
                spec.run_id,
                Path(spec.cwd),
                spec.capabilities,
                backend=spec.shadow,
                skip_ignored_over=spec.skip_ignored_over,
            )

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables Claude Code is started with for it."""
        return self.shell.environment if self.shell is not None else {}

    @property
    def _proxy(self) -> Path | None:
        return Path(self._spec.runtime_dir) / "hosts.sock" if self._hosts is not None else None

    async def serve(self) -> None:
        """Open the way to the hosts that were opened for the run, before anything is wrapped."""
        if self._hosts is not None and self._proxy is not None and self.shell is not None:
            await self._hosts.serve(self._proxy)

    def close(self) -> None:
        """Close that way again."""
        if self._hosts is not None and self._proxy is not None:
            self._hosts.close()
            self._proxy.unlink(missing_ok=True)

    def keep_login(self, env: Mapping[str, str]) -> None:
        """Carry over a login that Claude Code renewed in the shadow: the old one is void by then."""
        if self.shadow is None or self._spec.script:
            return
        home = Path(env["HOME"]).resolve()
        config = Path(env.get("CLAUDE_CONFIG_DIR") or home / ".claude").resolve()
        keep_login(self.shadow.folder, home, config)

    def wrap(self, argv: Sequence[str], env: Mapping[str, str], shown: Sequence[Path]) -> list[str]:
        """`argv` as it is started in the shadow; as it is, without one.

        Args:
            shown: files and folders of the supervisor that Claude Code reads, wherever they lie.
        """
        if self.shadow is None:
            return list(argv)
        program = (Path(sys.prefix), Path(sys.base_prefix), Path(supervisor.__file__).parent.parent)
        show = (Path(argv[0]), client_script(), *program, *shown)
        if self.shell is not None:
            show += (self.shell.path,)
        if self._proxy is not None:
            show += (self._proxy,)
        hidden = (self._places.state, self._places.runtime)
        return self.shadow.wrap(argv, env, Openings(hidden, self._spec.gate_socket, show))
