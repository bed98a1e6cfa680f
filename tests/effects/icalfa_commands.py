"""The commands and set-up scripts of the `icalfa` wheel (InterCode-ALFA, MIT), read where it is installed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

WORLDS = 5


@dataclass(frozen=True)
class World:
    """One of its file systems.

    Attributes:
        setup: a bash script that makes it, below `/`.
        commands: all that are to be run there, each once.
    """

    setup: str
    commands: tuple[str, ...]


def _assets() -> Path:
    # The package itself is not imported: it would load half of scikit-learn for a few JSON files.
    return Path(str(distribution("icalfa").locate_file("icalfa"))) / "assets"


def worlds() -> list[World]:
    """Every file system with its commands."""
    found = []
    for number in range(1, WORLDS + 1):
        rows = json.loads((_assets() / f"datasets/nl2bash_fs_{number}.json").read_text(encoding="utf-8"))
        commands = dict.fromkeys(row[key] for row in rows for key in ("gold", "gold2"))
        script = (_assets() / f"docker/setup_nl2b_fs_{number}.sh").read_text(encoding="utf-8")
        found.append(World(script, tuple(commands)))
    return found
