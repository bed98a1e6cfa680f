"""What a run says about its configuration when it starts: a few plain lines, the unusual first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from supervisor.config.fields import TargetMode
from supervisor.config.layers import InForce, Layer
from supervisor.config.source import printable
from supervisor.policy import Mode

_MODES = {
    Mode.DRY_RUN: "dry-run: no write reaches the real world",
    Mode.MIXED: "mixed: writes to live targets are real until the first simulated one",
    Mode.LIVE: "live: workspace writes are real, all others wait for you",
}


def start_lines(found: InForce) -> tuple[str, ...]:
    """The lines to show, in order: mode, what is real, what is opened, what was ignored."""
    config, origin = found.config, found.origin
    lines = [f"mode {_MODES[config.mode]}{_by(origin.get('mode'))}"]
    live = [glob for glob, mode in config.targets.items() if mode is TargetMode.LIVE]
    if config.mode is Mode.MIXED:
        lines.append(f"live targets: {_list(live)}")
    if config.mode is not Mode.DRY_RUN:
        lines.append("MCP servers are not contained: they must reach their systems in this mode")
    if config.policy.block:
        lines.append(f"blocked: {_list(config.policy.block)}")
    if config.policy.hold:
        lines.append(f"held: {_list(config.policy.hold)}")
    if config.network.hosts:
        lines.append(f"commands may reach: {_list(config.network.hosts)}")
    if config.mcp.trusted:
        lines.append(f"believed about what only reads: {_list(config.mcp.trusted)}")
    if config.reads:
        lines.append(f"{len(config.reads)} remembered read{'s' if len(config.reads) > 1 else ''}")
    if config.alerts.disabled:
        lines.append(f"alerts not shown: {_list(alert.value for alert in config.alerts.disabled)}")
    if config.profiles:
        lines.append(f"rule packs: {_list(config.profiles)}")
    return (*map(printable, lines), *ignored_lines(found))


def ignored_lines(found: InForce) -> tuple[str, ...]:
    """What the folder's file loosens and was ignored, and what to do about it; empty if nothing was."""
    if not found.ignored or found.folder is None:
        return ()
    name = Path(found.folder.file).name
    said = [f"ignored, {name} line {each.line}: {each.sentence}" for each in found.ignored]
    return (*said, f"`supervise allow` shows {found.folder.file} and lets you allow it as it is")


def _by(layer: Layer | None) -> str:
    return f" ({layer.value})" if layer else ""


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
