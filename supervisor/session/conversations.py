"""Where Claude Code keeps its conversations, for one of them to go on in another home."""

from __future__ import annotations

import shutil
from pathlib import Path

_KEPT = Path(".claude", "projects")


def carry_conversations(source: Path, home: Path) -> None:
    """Copy the conversations kept in the home `source` into `home`.

    Raises:
        OSError: there are none, or they cannot be copied.
    """
    shutil.copytree(source / _KEPT, home / _KEPT, dirs_exist_ok=True)
