"""Where things lie: every path of the program, from the XDG folders down.

Nothing here is created by looking; `private_dir` makes a folder that only its owner can enter.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

from supervisor.errors import FolderError

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Places:
    """The folders of one user.

    Attributes:
        state: the journal and what each run keeps (`XDG_STATE_HOME/supervise`).
        config: the operator's own configuration (`XDG_CONFIG_HOME/supervise`).
        runtime: sockets of running runs (`XDG_RUNTIME_DIR/supervise`, or a private folder in the state
            folder where the system gives none).
    """

    state: Path
    config: Path
    runtime: Path

    @property
    def journal(self) -> Path:
        """The SQLite file all runs share."""
        return self.state / "journal.db"

    @property
    def user_config(self) -> Path:
        """The operator's own `supervisor.toml`."""
        return self.config / "supervisor.toml"

    @property
    def allowed(self) -> Path:
        """Folder of records of which `supervisor.toml` the operator allowed, by hash."""
        return self.state / "allowed"

    def run_state(self, run_id: str) -> Path:
        """What one run keeps beyond its end: settings as injected, logs, shadow."""
        return self.state / "runs" / run_id

    def run_lock(self, run_id: str) -> Path:
        """Held by the only writer of the run."""
        return self.run_state(run_id) / "lock"

    def run_runtime(self, run_id: str) -> Path:
        """Sockets of one running run. Kept short: a unix socket path holds 107 bytes at the most."""
        return self.runtime / run_id


def places(environ: dict[str, str] | None = None) -> Places:
    """The places of the calling user, as the XDG variables say."""
    env = os.environ if environ is None else environ
    dirs = PlatformDirs("supervise", appauthor=False)

    def xdg(name: str, fallback: Path) -> Path:
        value = env.get(name, "")
        return Path(value) / "supervise" if value.startswith("/") else fallback

    state = xdg("XDG_STATE_HOME", dirs.user_state_path)
    return Places(
        state=state,
        config=xdg("XDG_CONFIG_HOME", dirs.user_config_path),
        runtime=xdg("XDG_RUNTIME_DIR", state / "run"),
    )


def private_dir(path: Path) -> Path:
    """Make `path` and its parents, with `path` itself closed to everybody but its owner (0700).

    Raises:
        FolderError: it cannot be made, or is not ours.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
    except OSError as cause:
        raise FolderError(path, cause) from cause
    return path


def shipped(name: str) -> Path:
    """A file or folder shipped with the program: `profiles`, `supervisor.toml`.

    An installed wheel carries them in the package; a checkout has them at its top.
    """
    packed = _PACKAGE / "_data" / name
    return packed if packed.exists() else _PACKAGE.parent / name
