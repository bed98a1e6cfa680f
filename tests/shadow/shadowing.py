"""Shadows in tests: a machine's workspace, its shadow, and programs started in it, as any user."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness.machine import Machine
from harness.waiting import PATIENCE_S
from supervisor.places import Places, places
from supervisor.shadow.backend import BackendKind, Shadow
from supervisor.shadow.capabilities import Capabilities, probe
from supervisor.shadow.changes import ChangeSet
from supervisor.shadow.handover import put_onto
from supervisor.shadow.kept import open_shadow
from supervisor.shadow.shell import AgentShell
from supervisor.shadow.world import Openings

T = TypeVar("T")

ACTS = Path(__file__).with_name("acts.py").read_text()
Act = tuple[str, str, Any]
"""One file operation: its name, the path it is about, an argument (see `acts.py`)."""


@dataclass(frozen=True)
class User:
    """Who a shadow belongs to and who runs in it."""

    uid: int
    gid: int

    def owns(self, folder: Path) -> None:
        """Give `folder` and all below it to the user."""
        if self.uid != os.getuid():
            for path in (folder, *folder.rglob("*")):
                os.lchown(path, self.uid, self.gid)

    def do(self, work: Callable[[], T]) -> T:
        """Call `work` as this user, in a process of its own where that is not us, and give back what it gave.

        What `work` needs must be imported already: the user may not be able to read our Python.
        """
        if self.uid == os.getuid():
            return work()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _answer(self, work, reading, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            data = pipe.read()
        os.waitpid(child, 0)
        ok, value = pickle.loads(data)
        assert ok, value
        return value  # type: ignore[no-any-return]


def _answer(user: User, work: Callable[[], object], reading: int, writing: int) -> None:
    os.close(reading)
    try:
        os.setgroups([])
        os.setgid(user.gid)
        os.setuid(user.uid)
        answer: tuple[bool, object] = (True, work())
    except BaseException:
        answer = (False, traceback.format_exc())
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(pickle.dumps(answer))
    os._exit(0)


@dataclass
class Yard:
    """A machine with a shadowed workspace.

    Attributes:
        user: runs everything here; the machine belongs to it.
        agent_shell: of the Claude Code that is started here.
        show: what programs inside may see of private folders.
    """

    machine: Machine
    user: User
    show: tuple[Path, ...] = ()
    run_id: str = "run"
    env: dict[str, str] = field(default_factory=dict)
    agent_shell: AgentShell | None = None

    def __post_init__(self) -> None:
        self.env = {**self.machine.env, **self.env}
        if self.user.uid != 0:
            self.env.pop("IS_SANDBOX", None)
        self.user.owns(self.machine.root)

    @property
    def places(self) -> Places:
        """Where the supervisor of this machine keeps things."""
        return places(self.env)

    @property
    def workspace(self) -> Path:
        """The real folder."""
        return self.machine.workspace

    def open(self, backend: BackendKind | None = None, run_id: str = "") -> Shadow:
        """The shadow of a run, opened if it was not; the machine must be able to hold it."""

        def opened() -> Shadow:
            able = capabilities(self)
            shadow = open_shadow(self.places, run_id or self.run_id, self.workspace, able, backend=backend)
            return type(shadow)(shadow.folder, shadow.record)

        capabilities(self)
        return self.user.do(opened)

    def openings(self, gate: Path | None = None) -> Openings:
        """What the supervisor of this machine lets in."""
        return Openings((self.places.state, self.places.runtime), gate, self.show)

    def run(
        self,
        shadow: Shadow,
        *argv: str,
        gate: Path | None = None,
        input: str | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the shadow to its end."""

        def ran() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                shadow.wrap(argv, self.env, self.openings(gate)),
                cwd="/",
                env=self.env,
                stdin=subprocess.DEVNULL if input is None else None,
                input=input,
                capture_output=True,
                text=True,
                errors="backslashreplace",
                timeout=timeout_s,
                check=False,
            )

        return self.user.do(ran)

    def shell(self, shadow: Shadow, script: str, gate: Path | None = None) -> str:
        """Run a shell script in the shadow; its output. Fails when the script does."""
        done = self.run(shadow, "/bin/bash", "-c", script, gate=gate)
        assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


_ABLE: dict[int, Capabilities] = {}


def capabilities(yard: Yard) -> Capabilities:
    """What this machine can do for a user: everything, or the tests fail. Tried once."""
    uid = yard.user.uid
    if uid not in _ABLE:
        _ABLE[uid] = yard.user.do(lambda: probe(yard.workspace, yard.places.state, yard.env))
        assert not _ABLE[uid].missing, _ABLE[uid].missing
    return _ABLE[uid]


def tree(folder: Path, *, times: bool = False) -> dict[str, tuple[object, ...]]:
    """All below `folder`, and itself: type, mode, content or target; `times`: owners, times, xattrs too."""
    found: dict[str, tuple[object, ...]] = {}
    root = os.fsencode(folder)
    for path in [root, *_below(root)]:
        at = os.lstat(path)
        kind = stat.S_IFMT(at.st_mode)
        what: object = None
        if kind == stat.S_IFREG:
            what = hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).hexdigest()
        elif kind == stat.S_IFLNK:
            what = os.fsencode(Path(os.fsdecode(path)).readlink())
        mode = 0 if kind == stat.S_IFLNK else stat.S_IMODE(at.st_mode)
        extra = (at.st_uid, at.st_gid, at.st_mtime_ns, at.st_nlink, _attributes(path)) if times else ()
        found[os.fsdecode(path[len(root) :])] = (kind, mode, what, *extra)
    return found


def _attributes(path: bytes) -> tuple[tuple[str, bytes], ...]:
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in names)


def _below(folder: bytes) -> list[bytes]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            found.append(entry.path)
            if entry.is_dir(follow_symlinks=False):
                found += _below(entry.path)
    return found


def python() -> str:
    """A Python that everybody can run: the system's where there is one."""
    return shutil.which("python3", path="/usr/bin:/bin") or sys.executable


def play_real(user: User, folder: Path, sequence: Sequence[Act]) -> dict[str, Any]:
    """Do it for real in `folder`; what then stands there."""

    def done() -> str:
        command = [python(), "-I", "-c", ACTS]
        text = json.dumps({"acts": list(sequence)})
        return subprocess.run(
            command, cwd=folder, input=text, capture_output=True, text=True, check=True
        ).stdout

    return json.loads(user.do(done))  # type: ignore[no-any-return]


def play_shadow(yard: Yard, shadow: Shadow, sequence: Sequence[Act]) -> dict[str, Any]:
    """Do it in the shadow; what the run then sees."""
    done = yard.run(shadow, python(), "-I", "-c", ACTS, input=json.dumps({"acts": list(sequence)}))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def put_onto_copy(yard: Yard, shadow: Shadow, name: str = "copy") -> tuple[ChangeSet, dict[str, Any]]:
    """The shadow's change set, and what a copy of the base looks like once it was put onto it."""
    copy = yard.machine.root / name

    def applied() -> ChangeSet:
        subprocess.run(["cp", "-a", str(yard.workspace), str(copy)], check=True)
        changes = shadow.changes()
        put_onto(os.fsencode(copy), changes, shadow.content)
        return changes

    changes = yard.user.do(applied)
    return changes, play_real(yard.user, copy, [])
