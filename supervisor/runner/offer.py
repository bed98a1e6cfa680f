"""What this machine can give a run for floor 4, before it is started, and what is missing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from supervisor.config import Backend
from supervisor.places import Places
from supervisor.policy import Mode
from supervisor.shadow.backend import BackendKind
from supervisor.shadow.capabilities import Capabilities, Capability, Part, probe, probe_sandbox

GIANT_BYTES = 256 * 1024 * 1024
"""What git ignores and is bigger than this stays out of a clone, unless the configuration says so."""


@dataclass(frozen=True)
class Offer:
    """What this machine offers a run.

    Attributes:
        capabilities: what was tried for a shadow; None where none is wanted.
        backend: the shadow to open; None where there will be none.
        sandbox: a sandbox stands around Bash.
        missing: one line for each part that is missing, with its cure; empty when the machine gives all that
            was asked for.
        floor: what the run says of floor 4.
        instead: what the operator accepts where a part is missing.
        hosts: of those that are opened for the run, the ones that commands can be led to.
    """

    capabilities: Capabilities | None
    backend: BackendKind | None
    sandbox: bool
    missing: tuple[str, ...]
    floor: str
    instead: str = ""
    hosts: tuple[str, ...] = ()


def offer(places: Places, workspace: Path, mode: Mode, wanted: Backend, hosts: tuple[str, ...] = ()) -> Offer:
    """What can be had for a run in `workspace`.

    Only a dry run works in a shadow: in the other modes MCP servers must reach their systems.

    Args:
        hosts: names that are opened for the run.
    """
    held = _held(places, workspace, mode, wanted)
    if not hosts or not held.sandbox or shutil.which("socat") is not None:
        return replace(held, hosts=hosts)
    unreachable = "the hosts that are opened for it cannot be reached"
    return replace(
        held,
        missing=(*held.missing, _NO_WAY_TO_HOSTS),
        floor=f"{held.floor}, opened hosts out of reach",
        instead=f"{held.instead}, and {unreachable}" if held.missing else f"a run in which {unreachable}",
    )


_NO_WAY_TO_HOSTS = (
    "hosts: Hosts are opened for this run, and what leads to them is missing: socat. Install it (Debian: apt"
    " install socat), or open none: [network] hosts = []"
)


def _held(places: Places, workspace: Path, mode: Mode, wanted: Backend) -> Offer:
    """What can be had but for the way to opened hosts."""
    if mode is not Mode.DRY_RUN:
        sandbox = probe_sandbox()
        floor = (
            "Bash sandboxed: it writes in the folder only and has no network; MCP servers reach their systems"
        )
        instead = "a run in which nothing but decisions keeps Bash from this machine and the network"
        return _alone(sandbox, floor, f"missing: {instead}", instead)
    if wanted is Backend.OFF:
        sandbox = probe_sandbox()
        floor = "missing: the shadow is off by configuration; writes are not executed"
        instead = "a run in which nothing but decisions keeps reads of Bash harmless"
        return _alone(sandbox, f"{floor}, Bash is sandboxed", f"{floor}", instead)
    found = probe(workspace, places.state)
    kind = found.backend if wanted is Backend.AUTO else BackendKind(wanted.value)
    fits = kind is not BackendKind.OVERLAY or found.overlay
    parts = [part for part in found.missing if part.part is not Part.OVERLAY or wanted is not Backend.CLONE]
    lines = tuple(map(_line, parts))
    if found.contained and found.sandbox and fits:
        floor = f"shadow ({kind.value}), host read-only, Bash without network"
        without = "".join(f", without {part.part.value}" for part in parts)
        return Offer(found, kind, True, lines, floor + without, "a run without it")
    floor = "missing: no shadow here; writes are not executed"
    return Offer(found, None, probe_sandbox().present, lines, floor, "a run in which writes are not executed")


def _alone(sandbox: Capability, floor: str, bare: str, instead: str) -> Offer:
    """The sandbox without a shadow, or neither."""
    if sandbox.present:
        return Offer(None, None, True, (), floor)
    return Offer(None, None, False, (_line(sandbox),), bare, instead)


def _line(part: Capability) -> str:
    return f"{part.part.value}: {part.why} {part.cure}".strip()
