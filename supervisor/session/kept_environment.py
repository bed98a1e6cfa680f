"""The environment that a run's agent had, kept for what is applied of it later, from whatever terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from supervisor.session.settings import write_private

_FILE = "environment.json"
_ITS_OWN = ("ANTHROPIC_", "CLAUDE")
"""What is Claude Code's and the model's alone, credentials among it, is not kept."""


def keep_environment(state: Path, environment: Mapping[str, str]) -> None:
    """Keep it in the run's state folder, readable by its owner only."""
    kept = {name: value for name, value in environment.items() if not name.startswith(_ITS_OWN)}
    write_private(state / _FILE, json.dumps(kept))


def kept_environment(state: Path) -> dict[str, str]:
    """What was kept; this process's own where nothing was."""
    try:
        return {str(name): str(value) for name, value in json.loads((state / _FILE).read_text()).items()}
    except FileNotFoundError:
        return dict(os.environ)
