"""What a runner is told: one run, whole, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from supervisor.config import RememberedRead
from supervisor.gate.expected import Expectation
from supervisor.places import Places
from supervisor.policy import Mode, Rulings
from supervisor.shadow.backend import BackendKind
from supervisor.shadow.capabilities import Capabilities


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One run to be started.

    Attributes:
        session_id: Claude Code's session id (UUID); with `resume` an existing one.
        script: file that replaces the model; empty for the real one.
        config: the configuration in force, as plain data, for the journal.
        notes: what the operator should know at the start, one line each.
        rulings: the operator's word, compiled.
        profiles: rule packs in force, by name; empty means all that are shipped.
        user_profiles: folder of the operator's own packs; need not exist.
        reads: calls the operator declared reads.
        deadline_s: longest silence of the gate a hook client accepts.
        hold_deadline_s: longest a call waits for the operator.
        notify: command per alert kind, argv, run with the alert as JSON on its standard input.
        size: rows and columns of the terminal at the start.
        attach_key: the key that leads back from the agent's terminal, as the configuration names it.
        shadow: backend of the run's shadow; None: there is none, and workspace writes are not executed.
        capabilities: what the machine can do, as it was tried before the start.
        skip_ignored_over: bytes above which what git ignores stays out of a clone.
        sandbox: a sandbox stands around Bash.
        size_limit_mb: megabytes that the shadow may take; 0 is no limit.
        hosts: names that Bash may reach during the run.
        floor_4: what the run says of its containment.
        rehearsal: id of the dry run whose approved plan this live run stands on; empty for any other run.
        rehearsal_name: its name.
        opening: the first message where the conversation of the rehearsal goes on; empty: it is the task.
        expected: the calls that a guarded run may make; None: the run is not guarded.
        places: the operator's folders.
    """

    run_id: str
    name: str
    task: str
    label: str
    cwd: str
    mode: Mode
    headless: bool
    claude_path: str
    claude_version: str
    session_id: str
    state_dir: str
    runtime_dir: str
    journal: str
    resume: bool = False
    script: str = ""
    config: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    rulings: Rulings = Rulings()
    profiles: tuple[str, ...] = ()
    user_profiles: str = ""
    reads: tuple[RememberedRead, ...] = ()
    trusted_mcp: tuple[str, ...] = ()
    deadline_s: float = 5.0
    hold_deadline_s: float = 600.0
    handshake_s: float = 30.0
    notify: dict[str, tuple[str, ...]] = {}
    disabled_alerts: tuple[str, ...] = ()
    size: tuple[int, int] = (24, 80)
    attach_key: str = "ctrl+\\"
    shadow: BackendKind | None = None
    capabilities: Capabilities | None = None
    skip_ignored_over: int | None = None
    sandbox: bool = False
    size_limit_mb: int = 0
    hosts: tuple[str, ...] = ()
    floor_4: str = "missing: no shadow; writes are not executed"
    rehearsal: str = ""
    rehearsal_name: str = ""
    opening: str = ""
    expected: tuple[Expectation, ...] | None = None
    places: Places

    @property
    def gate_socket(self) -> Path:
        """Where the gate listens."""
        return Path(self.runtime_dir) / "gate.sock"

    @property
    def control_socket(self) -> Path:
        """Where the runner listens for operators."""
        return Path(self.runtime_dir) / "control.sock"

    @property
    def lock(self) -> Path:
        """Held (flock) for as long as the runner lives."""
        return Path(self.state_dir) / "lock"

    @property
    def file(self) -> Path:
        """Where the spec itself is kept."""
        return Path(self.state_dir) / "spec.json"

    @property
    def log(self) -> Path:
        """What the runner says where nobody listens."""
        return Path(self.state_dir) / "runner.log"


def save_spec(spec: RunSpec) -> None:
    """Write the spec where its runner finds it."""
    spec.file.touch(mode=0o600)
    spec.file.write_bytes(msgspec.json.encode(spec, enc_hook=str))


def load_spec(path: Path) -> RunSpec:
    """The spec in `path`."""
    return msgspec.json.decode(path.read_bytes(), type=RunSpec, dec_hook=lambda kind, value: kind(value))
