"""What a run left in places that are thrown away: what to tell the operator, and the login to keep."""

# Names on disk are bytes here, and Path takes none.
# ruff: noqa: PTH118

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from supervisor.shadow.names import as_text
from supervisor.shadow.upper import is_whiteout
from supervisor.shadow.world import COPIED

_LOGIN = ".credentials.json"
_LOGIN_LIMIT = 1 << 16
_OAUTH = "claudeAiOauth"


def written_below_home(folder: Path) -> tuple[str, ...]:
    """Files the run wrote, changed or removed below home, and that went nowhere: relative to home, sorted.

    What programs do by themselves (caches, Claude Code's own folder) is left out.

    Args:
        folder: that of the shadow.
    """
    root = os.fsencode(folder / "home" / "upper")
    copied = folder / "home" / COPIED
    since = copied.stat().st_ctime_ns if copied.exists() else 0
    found = []
    stack = [b""]
    while stack:
        below = stack.pop()
        with suppress(FileNotFoundError, PermissionError), os.scandir(os.path.join(root, below)) as entries:
            for entry in entries:
                path = os.path.join(below, entry.name)
                if path in (b".cache", b".npm", b".claude") or path.startswith(b".claude.json"):
                    continue
                at = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(at.st_mode):
                    stack.append(path)
                elif at.st_ctime_ns > since:
                    found.append(as_text(path) + (" (removed)" if is_whiteout(at) else ""))
    return tuple(sorted(found))


def keep_login(folder: Path, home: Path, config: Path) -> bool:
    """Carry a login that Claude Code renewed during the run over to the real file; whether there was one.

    A renewed login makes the old one void, so throwing it away would log the user out. Nothing else is taken
    over, and only if it is newer than what the real file holds by then.

    Args:
        folder: that of the shadow.
        home: the home of the run, real path.
        config: Claude Code's folder there (`CLAUDE_CONFIG_DIR`, or `.claude` in home), real path.
    """
    inside = config.is_relative_to(home)
    upper = folder / ("home" if inside else "config") / "upper"
    parts = (*(config.relative_to(home).parts if inside else ()), _LOGIN)
    piece = folder / f"home{config.name}" / "upper"
    if inside and piece.exists():  # a home made of pieces, of which this is one
        upper, parts = piece, (_LOGIN,)
    new = _object(_read_beneath(upper, parts))
    real = config / _LOGIN
    old = _object(_read_beneath(config, (_LOGIN,)))
    fresh, known = new.get(_OAUTH), old.get(_OAUTH)
    if not isinstance(fresh, dict) or not isinstance(known, dict):
        return False
    if not _expiry(fresh) > _expiry(known):
        return False
    old[_OAUTH] = {**known, **{key: fresh[key] for key in known if key in fresh}}
    temporary = real.with_name(f"{_LOGIN}.renewed")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(old, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(real)
    return True


def _read_beneath(root: Path, parts: tuple[str, ...]) -> bytes:
    """The regular file at `parts` below `root`, following no link: the run chose what lies there."""
    with suppress(OSError):
        here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in parts[:-1]:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
                os.close(here)
                here = below
            file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        finally:
            os.close(here)
        with os.fdopen(file, "rb") as opened:
            if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                return opened.read(_LOGIN_LIMIT)
    return b""


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _expiry(login: dict[str, Any]) -> float:
    when = login.get("expiresAt")
    return float(when) if isinstance(when, int | float) else 0.0
