"""Rule packs that change while a run goes on: compiled anew, or the old ones stay in force with a warning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
from watchfiles import Change, awatch

from supervisor.config import load
from supervisor.errors import ConfigError
from supervisor.gate.gate import Gate, Judge
from supervisor.runner.rules import compiled, pack_folders
from supervisor.runner.spec import RunSpec


async def take_up_edits(
    spec: RunSpec, gate: Gate, changed: Callable[[str], None], broken: Callable[[str], None]
) -> None:
    """Give the gate the rule packs and remembered reads as they are edited; runs until cancelled.

    Nothing else of the configuration is taken up.

    Args:
        changed: told the profile of rules that compiled and differ from those before.
        broken: told what is wrong with an edit; the rules before it stay in force.
    """
    watched = [*pack_folders(spec), spec.places.config, Path(spec.cwd)]
    present = [folder for folder in watched if folder.is_dir()]
    if not present:
        return
    # The folder of the run is among them, and a busy agent writes there all the time: look once a second.
    watching = awatch(
        *present, watch_filter=_is_toml, debounce=1000, step=100, rust_timeout=5000, recursive=False
    )
    in_force = gate.rules.profile
    async for _changes in watching:
        try:
            judge = await asyncio.to_thread(_compile_anew, spec, gate)  # longer than a decision may wait
        except ConfigError as error:
            broken(str(error))
            continue
        if judge.profile != in_force:
            in_force = judge.profile
            gate.rules = msgspec.structs.replace(judge, where=gate.rules.where)  # what was learned meanwhile
            changed(judge.profile)


def _compile_anew(spec: RunSpec, gate: Gate) -> Judge:
    reads = load(spec.places, Path(spec.cwd)).config.reads
    return compiled(spec, reads, gate.rules.where)


def _is_toml(change: Change, path: str) -> bool:
    del change
    return path.endswith(".toml")
