"""What a contained process tree sees of this machine, as a plan for the launcher `contain.pl`.

The host is there and read-only. Private are `/tmp`, `/var/tmp`, `/run`, `/dev`, the process list,
and what is written anywhere below home: a throw-away overlay takes it, so programs that keep caches or
settings start as always. What Claude Code must keep, the transcripts of this folder, is the real thing. Not
there at all: the folders in `Openings.hidden`, but for the gate's socket and what is shown on purpose.

Socket files of the host cannot be connected to: `/tmp` and `/run` are private, an overlay cuts a socket file
from its listener, and what else somebody listens on at the start is covered.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from supervisor.shadow.mount_plan import MountPlan
from supervisor.shadow.mounts import (
    NEEDED_OF_RUN,
    Mount,
    is_below,
    listening_sockets,
    mounts,
    mounts_below,
)

SHIFT = 1_000_013_824
"""First of the 65,536 user ids that root's tree really runs under: far from any that the system gives out."""

_WRITTEN_AT_HOME = (".claude", ".cache", ".config", ".local", ".npm", ".cargo", ".bun", ".gradle", ".m2")
_SMALL = 1 << 20
COPIED = "copied"
"""A file beside the upper folder of a home made of pieces; what is newer in it was written by the run."""

_PRIVATE = ("/tmp", "/var/tmp", "/run", "/dev", "/proc")


@dataclass(frozen=True)
class Openings:
    """What of the supervisor a contained tree may see.

    Attributes:
        hidden: folders that are not there: the state folder and the folder of sockets.
        gate: the gate's socket; it can be connected to, and neither removed nor replaced.
        show: files and folders that are there, read-only, wherever they lie: the program, the hook client,
            settings of this run.
    """

    hidden: tuple[Path, ...] = ()
    gate: Path | None = None
    show: tuple[Path, ...] = ()


@dataclass(kw_only=True)
class _World(MountPlan):
    """The plan of a world, with overlays.

    Attributes:
        folder: the shadow's own folder; private layers are made in it.
        mounted: what is mounted on the host.
    """

    folder: Path
    mounted: tuple[Mount, ...]

    def overlay(self, lower: str, upper: str, work: str, path: str) -> None:
        lower_name, upper_name, work_name, name = (self.name() for _ in range(4))
        self.early += ["layer", lower_name, lower, "layer", upper_name, upper, "layer", work_name, work]
        self.early += ["overlay", name, lower_name, upper_name, work_name]
        self.at(path, "folder", path, "attach", name, path)
        for below in mounts_below(Path(lower), self.mounted):
            self.copy(below, path + below[len(lower.rstrip("/")) :], "ro")

    def throw_away(self, path: str, keep: str) -> None:
        """Everything below `path` can be written, and none of it gets there."""
        layers = [self.folder / keep / "upper", self.folder / keep / "work"]
        make_layers(Path(path), *layers)
        self.overlay(path, str(layers[0]), str(layers[1]), path)


@dataclass(frozen=True)
class WorkspaceView:
    """What stands at the workspace's path: an overlay (`work` given) or a copy elsewhere (`work` None)."""

    path: Path
    upper: Path
    work: Path | None


def plan_world(
    view: WorkspaceView, folder: Path, openings: Openings, env: Mapping[str, str], *, shifted: bool
) -> bytes:
    """The launcher's plan for one start.

    Args:
        view: the workspace.
        folder: the shadow's own folder; private layers are made in it.
        env: the environment of the program to come: says where its home and its temporary files are.
        shifted: run root's tree under user ids that own nothing on this machine.
    """
    build = _World(folder=folder, mounted=mounts())
    workspace = str(view.path)
    if view.work is not None:
        build.overlay(workspace, str(view.upper), str(view.work), workspace)
    else:
        build.copy(str(view.upper), workspace, "rw")
    _private_places(build, env)
    build.devices()
    _home(build, env, workspace)
    _supervisor(build, openings, workspace)
    header = {
        "uid": str(os.getuid()),
        "gid": str(os.getgid()),
        "base": str(SHIFT if shifted else 0),
        "cwd": workspace,
        "mounts": _shifted_mounts(build) if shifted else "",
    }
    return build.text(header)


def make_layers(base: Path, upper: Path, work: Path) -> None:
    """Make the two folders an overlay over `base` needs; the upper one looks like `base` itself."""
    for layer in (upper, work):
        layer.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not layer.exists():
            layer.mkdir(mode=0o700)
            found = base.stat()
            if layer == upper:
                if os.geteuid() == 0:
                    os.chown(layer, found.st_uid, found.st_gid)
                layer.chmod(found.st_mode & 0o7777)


def config_folder(env: Mapping[str, str]) -> Path:
    """Where Claude Code keeps what it keeps, in this environment."""
    return Path(env.get("CLAUDE_CONFIG_DIR") or Path(env.get("HOME") or "/nonexistent") / ".claude").resolve()


def transcripts_folder(config: Path, cwd: Path) -> Path:
    """Where Claude Code keeps the conversations of `cwd`; the folder above where its name is too long."""
    name = re.sub(r"[^A-Za-z0-9]", "-", str(cwd))
    projects = config / "projects"
    return projects / name if len(name) <= 200 else projects


def _private_places(build: _World, env: Mapping[str, str]) -> None:
    for path, keep in (("/tmp", "tmp"), ("/var/tmp", "vartmp")):
        if Path(path).is_dir() and str(Path(path).resolve()) == path:
            own = build.folder / keep
            own.mkdir(mode=0o700, exist_ok=True)
            own.chmod(0o1777)
            build.copy(str(own), path, "rw")
    for name in ("TMPDIR", "CLAUDE_CODE_TMPDIR"):
        path = str(Path(env[name]).resolve()) if env.get(name, "").startswith("/") else ""
        if path and any(is_below(path, private) for private in _PRIVATE):
            build.at(path, "folder", path)
        elif path and Path(path).is_dir():
            build.copy(str(build.folder / "tmp"), path, "rw")
    build.fresh("proc", "/proc", "")
    build.fresh("tmpfs", "/run", "mode=0755")
    resolver = str(Path("/etc/resolv.conf").resolve())
    for path in (resolver, *NEEDED_OF_RUN):
        if is_below(path, "/run") and Path(path).exists():
            build.copy(path, path, "ro")
    runtime = env.get("XDG_RUNTIME_DIR", "")
    if is_below(runtime, "/run"):
        build.at(runtime, "folder", runtime)


def _home(build: _World, env: Mapping[str, str], workspace: str) -> None:
    home = Path(env.get("HOME") or "/nonexistent").resolve()
    config = config_folder(env)
    for path, keep in ((home, "home"), (config, "config")):
        covered = is_below(str(path), workspace) or (keep == "config" and is_below(str(path), str(home)))
        if path.is_dir() and not covered and str(path) != "/":
            if mounts_below(path, build.mounted):
                _home_in_pieces(build, path, keep)
            else:
                build.throw_away(str(path), keep)
    if home.is_dir():
        kept = transcripts_folder(config, Path(workspace))
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        build.copy(str(kept), str(kept), "rw")


def _home_in_pieces(build: _World, home: Path, keep: str) -> None:
    """A home with other mounts in it, over which the kernel takes no overlay as a whole.

    A private folder stands for it, with copies of its small files; the folders that programs write to are
    overlays of their own, all else is the real thing, read-only.
    """
    own = build.folder / keep / "upper"
    marker = build.folder / keep / COPIED
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    build.copy(str(own), str(home), "rw")
    for entry in sorted(home.iterdir()):
        here = own / entry.name
        if entry.is_symlink():
            if not marker.exists() and not here.is_symlink():
                here.symlink_to(entry.readlink())
        elif entry.is_dir():
            if entry.name in _WRITTEN_AT_HOME and not mounts_below(entry, build.mounted):
                build.throw_away(str(entry), f"{keep}{entry.name}")
            else:
                build.copy(str(entry), str(entry), "ro")
        elif entry.is_file() and entry.stat().st_size <= _SMALL and os.access(entry, os.R_OK):
            if not marker.exists():
                shutil.copy2(entry, here)
        elif entry.is_file():
            build.copy(str(entry), str(entry), "ro")
    marker.touch()


def _supervisor(build: _World, openings: Openings, workspace: str) -> None:
    hidden = [str(path.resolve()) for path in openings.hidden if path.is_dir()]
    for path in hidden:
        build.away(path)
    if openings.gate is not None:
        build.copy(str(openings.gate), str(openings.gate), "ro")
    for shown in dict.fromkeys(str(path) for path in openings.show):
        if any(is_below(shown, covered) for covered in (*_PRIVATE, *hidden)) and Path(shown).exists():
            build.copy(shown, shown, "ro")
    handled = tuple(path.rstrip("/") + "/" for path, _step in build.late)
    for path in listening_sockets():
        folder, _, name = path.rpartition("/")
        real = f"{os.path.realpath(folder)}/{name}"
        if not (real + "/").startswith(handled):
            build.at(real, "cover", real)


def _shifted_mounts(build: _World) -> str:
    """Where the launcher builds root's view of the host, and the mounts it consists of, one a line."""
    stage = build.folder / "stage"
    stage.mkdir(mode=0o700, exist_ok=True)
    whole = ("/proc", "/sys", "/dev")
    paths = [
        mount.path
        for mount in build.mounted
        if mount.path != "/" and "\n" not in mount.path
        if mount.path in whole or not any(is_below(mount.path, each) for each in whole)
    ]
    return "\n".join([str(stage), *dict.fromkeys(paths)])
