"""What this machine can give a run, found by trying; a missing part has a name, a reason and a cure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from supervisor.shadow.backend import BackendKind
from supervisor.shadow.mounts import is_below, mount_of, mounts, mounts_below
from supervisor.shadow.overlay import contained
from supervisor.shadow.shell import in_shadow, make_shell, perl, trial
from supervisor.shadow.world import Openings, WorkspaceView, make_layers

_TRIAL_TIMEOUT_S = 60  # of a busy machine; a trial takes some 20 ms
_COPY = 'choose the copy: backend = "clone" under [shadow].'
_ELSEWHERE = "Run it in a Linux virtual machine or container."


class Part(StrEnum):
    """The parts of a containment."""

    LAUNCHER = "launcher"
    NAMESPACES = "namespaces"
    OVERLAY = "overlay"
    SHIFTED_OWNERS = "shifted owners"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class Capability:
    """One part.

    Attributes:
        present: it was tried, and it works.
        why: one sentence: what it gives, or why it is missing.
        cure: what to install or set; empty if present, or if nothing helps.
    """

    part: Part
    present: bool
    why: str
    cure: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What the machine can do for one workspace."""

    parts: tuple[Capability, ...]

    def has(self, part: Part) -> bool:
        """Whether a part works."""
        return any(each.part is part and each.present for each in self.parts)

    @property
    def missing(self) -> tuple[Capability, ...]:
        """What the operator must be told, and asked about."""
        return tuple(part for part in self.parts if not part.present)

    @property
    def contained(self) -> bool:
        """Programs can be kept from the rest of the machine."""
        return self.has(Part.NAMESPACES)

    @property
    def overlay(self) -> bool:
        """The workspace can be shadowed by an overlay."""
        return self.has(Part.OVERLAY)

    @property
    def sandbox(self) -> bool:
        """Bash can be held in a sandbox."""
        return self.has(Part.SANDBOX)

    @property
    def shifted(self) -> bool:
        """Root's programs own nothing outside."""
        return self.has(Part.SHIFTED_OWNERS)

    @property
    def backend(self) -> BackendKind:
        """The best backend."""
        return BackendKind.OVERLAY if self.overlay else BackendKind.CLONE


def probe_sandbox(env: Mapping[str, str] | None = None, platform: str = sys.platform) -> Capability:
    """Try what the sandbox around Bash needs where a run has no shadow around it. Takes 15 ms.

    Args:
        env: the environment of the program to come; None takes the caller's.
        platform: as `sys.platform` names it.
    """
    environ = dict(os.environ if env is None else env)
    if platform != "linux":
        return Capability(Part.SANDBOX, False, f"There is no sandbox for Bash on {platform}.", _ELSEWHERE)
    if absent := _bwrap_missing(environ):
        return absent
    with tempfile.TemporaryDirectory(prefix="supervise-probe-") as folder:
        return _sandbox(_ended(trial(Path(folder)), environ))


def probe(
    workspace: Path, state: Path, env: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Capabilities:
    """Try everything a run in `workspace` needs, with its shadow in `state`. Takes 20 to 200 ms.

    Args:
        state: a folder on the file system where shadows are kept; made if missing.
        env: the environment of the program to come; None takes the caller's.
        platform: as `sys.platform` names it.
    """
    if platform != "linux":
        why = f"{platform} cannot keep a process tree from the rest of the machine, so there is no shadow."
        parts = (Capability(Part.NAMESPACES, False, why, _ELSEWHERE), probe_sandbox(env, platform))
        return Capabilities(parts)
    environ = dict(os.environ if env is None else env)
    real = workspace.resolve()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="probe-", dir=state, ignore_cleanup_errors=True) as name:
        trial = _Trial(Path(name), real, environ)
        return Capabilities(tuple(trial.parts()))


@dataclass
class _Trial:
    folder: Path
    workspace: Path
    env: dict[str, str]
    shifted: bool = False

    def parts(self) -> list[Capability]:
        if not Path(perl()).exists():
            why = "Perl is missing, which starts the contained program."
            return [Capability(Part.LAUNCHER, False, why, "Install perl (Debian: apt install perl-base).")]
        found = [Capability(Part.LAUNCHER, True, f"{perl()} starts the contained program.")]
        failed = ""
        if os.geteuid() == 0:
            failed = self._run(copy=True, shifted=True)
            self.shifted = not failed
            found.append(self._shifted_owners(failed))
        if not self.shifted:
            failed = self._run(copy=True)
        if failed:
            why, cure = _namespaces_missing(failed)
            return [*found, Capability(Part.NAMESPACES, False, why, cure), *self._without_namespaces()]
        why = "The rest of the machine is read-only to the run, or not there; only its network is."
        found.append(Capability(Part.NAMESPACES, True, why))
        found.append(self._overlay())
        found.append(self._sandbox())
        return found

    def _without_namespaces(self) -> list[Capability]:
        why = "An overlay needs the namespaces; the folder is copied instead."
        return [
            Capability(Part.OVERLAY, False, why),
            Capability(Part.SANDBOX, False, "The sandbox around Bash needs the same namespaces."),
        ]

    def _shifted_owners(self, failed: str) -> Capability:
        if not failed:
            why = "Root's programs run under user ids that own nothing outside."
            return Capability(Part.SHIFTED_OWNERS, True, why)
        kind = mount_of(self.workspace).kind
        return Capability(
            Part.SHIFTED_OWNERS,
            False,
            f"As root, MCP servers could still change kernel settings in /proc/sys: the owners of files on "
            f"{kind} cannot be shifted ({failed}).",
            "Run it as an ordinary user, or on Linux 5.19 or later with the folders on ext4, xfs or btrfs.",
        )

    def _overlay(self) -> Capability:
        kind = mount_of(self.workspace).kind
        if is_below("/tmp", str(self.workspace)) or is_below("/proc", str(self.workspace)):
            why = f"{self.workspace} holds the system's own folders, which a shadow cannot stand over."
            return Capability(Part.OVERLAY, False, why, "Run it in a folder of your own.")
        if below := mounts_below(self.workspace, mounts()):
            why = (
                f"{below[0]} is mounted in the folder, over which the kernel takes no overlay; it is copied."
            )
            return Capability(Part.OVERLAY, False, why, f"Take the mount away for the run, or {_COPY}")
        failed = self._run(copy=False)
        if not failed:
            return Capability(Part.OVERLAY, True, f"An overlay works over {kind}.")
        return Capability(
            Part.OVERLAY,
            False,
            f"The kernel takes no overlay over {self.workspace} on {kind} ({failed}); "
            "the folder is copied instead.",
            f"Move the folder, or the state folder (XDG_STATE_HOME), to ext4, xfs or btrfs, or {_COPY}",
        )

    def _sandbox(self) -> Capability:
        if absent := _bwrap_missing(self.env):
            return absent
        shell = make_shell(self.folder, in_shadow())
        argv = shell.start([str(shell.path), "-c", ":"])
        return _sandbox(self._run(copy=True, shifted=self.shifted, argv=argv, show=(shell.path.parent,)))

    def _run(
        self,
        *,
        copy: bool,
        shifted: bool | None = None,
        argv: Sequence[str] = ("/bin/sh", "-c", ":"),
        show: tuple[Path, ...] = (),
    ) -> str:
        """Start a program under the real launcher; what went wrong, or the empty string."""
        where = Path(tempfile.mkdtemp(dir=self.folder))
        if copy:
            stand_in = where / "workspace"
            stand_in.mkdir()
            view = WorkspaceView(stand_in, stand_in, None)
        else:
            view = WorkspaceView(self.workspace, where / "upper", where / "work")
            make_layers(self.workspace, where / "upper", where / "work")
        env = {**self.env, "HOME": str(self.folder), "CLAUDE_CONFIG_DIR": ""}
        env = {name: value for name, value in env.items() if name not in ("TMPDIR", "CLAUDE_CODE_TMPDIR")}
        command = contained(
            view,
            where,
            argv,
            env,
            Openings(show=show),
            shifted=self.shifted if shifted is None else shifted,
        )
        try:
            return _ended(command, env)
        finally:
            _open_work_folders(where)


def _ended(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Run `command` to its end; what went wrong, or the empty string."""
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TRIAL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as cause:
        return str(cause)
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines()
    return (said[-1] if said else f"exit code {done.returncode}").removeprefix("supervise: containment: ")


def _bwrap_missing(env: Mapping[str, str]) -> Capability | None:
    """The sandbox as missing where the program that it needs is not installed."""
    if shutil.which("bwrap", path=env.get("PATH", os.defpath)) is not None:
        return None
    why = "The sandbox, which holds the run's MCP servers, needs bwrap."
    return Capability(Part.SANDBOX, False, why, "Install bubblewrap (Debian: apt install bubblewrap).")


def _sandbox(failed: str) -> Capability:
    if failed:
        why = f"The sandbox around Bash cannot start ({failed})."
        return Capability(Part.SANDBOX, False, why, _namespaces_missing(failed)[1])
    return Capability(Part.SANDBOX, True, "A sandbox cuts the network of Bash.")


def _open_work_folders(where: Path) -> None:
    """The kernel leaves its work folders closed; open, they can be removed like any other."""
    for work in where.glob("**/work/work"):
        with suppress(OSError):
            work.chmod(0o700)


def _namespaces_missing(failed: str) -> tuple[str, str]:
    """Why the kernel gives no namespaces, and what to set."""
    for path, refusing, cure in (
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "Allow it: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 "
            "(or give /usr/bin/perl and /usr/bin/bwrap an AppArmor profile with `userns,`).",
        ),
        (
            "/proc/sys/kernel/unprivileged_userns_clone",
            "0",
            "Allow it: sudo sysctl kernel.unprivileged_userns_clone=1",
        ),
        ("/proc/sys/user/max_user_namespaces", "0", "Allow it: sudo sysctl user.max_user_namespaces=28633"),
    ):
        with suppress(OSError):
            exempt = os.geteuid() == 0 and "max_user" not in path
            if Path(path).read_text().strip() == refusing and not exempt:
                return f"The system forbids user namespaces ({Path(path).name} = {refusing}).", cure
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            f"This container lacks the rights to make namespaces ({failed}).",
            "Start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
            "--security-opt systempaths=unconfined (and --cap-add SYS_ADMIN as root).",
        )
    return (
        f"The kernel gives no namespaces ({failed}).",
        "Linux 5.12 or later with user namespaces is needed.",
    )
