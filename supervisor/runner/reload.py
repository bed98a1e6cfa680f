"""Rule packs that change while a run goes on: compiled anew, or the old ones stay in force with a warning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, awatch

from supervisor.errors import ConfigError
from supervisor.gate.gate import Judge


async def watch_packs(
    folders: list[Path],
    in_force: str,
    compile_anew: Callable[[], Judge],
    changed: Callable[[Judge], None],
    broken: Callable[[str], None],
) -> None:
    """Watch the folders that exist; runs until cancelled.

    Args:
        in_force: profile of the rules in force by now.
        compile_anew: called in a thread: it takes longer than a decision may wait.
        changed: told of rules that compiled and differ from those before.
        broken: told what is wrong with an edit; the rules before it stay in force.
    """
    present = [folder for folder in folders if folder.is_dir()]
    if not present:
        return
    # The folder of the run is among them, and a busy agent writes there all the time: look once a second.
    watching = awatch(
        *present, watch_filter=_is_toml, debounce=1000, step=100, rust_timeout=5000, recursive=False
    )
    async for _changes in watching:
        try:
            judge = await asyncio.to_thread(compile_anew)
        except ConfigError as error:
            broken(str(error))
            continue
        if judge.profile != in_force:
            in_force = judge.profile
            changed(judge)


def _is_toml(change: Change, path: str) -> bool:
    del change
    return path.endswith(".toml")
