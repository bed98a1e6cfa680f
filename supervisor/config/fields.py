"""Every field of `supervisor.toml`: its type, its default and, right below it, its documentation.

The docstring under a field is the only source of its documentation: the annotated `supervisor.toml` that
ships with the program is rendered from here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from supervisor.policy import AlertKind, Mode, Rulings


class TargetMode(StrEnum):
    """What `[targets]` says of a glob."""

    LIVE = "live"
    DRY_RUN = "dry-run"


class Backend(StrEnum):
    """What makes the shadow of a workspace."""

    AUTO = "auto"
    OVERLAY = "overlay"
    CLONE = "clone"
    OFF = "off"


class AlertName(StrEnum):
    """Alert kinds as a configuration spells them."""

    HOOK_FAILURE = "hook-failure"
    UNSUPERVISED_CALL = "unsupervised-call"
    CONTAINMENT_LOST = "containment-lost"
    TAMPERING = "tampering"
    DRIFT = "drift"
    AGENT_FAILURE = "agent-failure"
    CONFIG_WARNING = "config-warning"

    @property
    def kind(self) -> AlertKind:
        """The alert kind it names."""
        return AlertKind(self.value.replace("-", " "))


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of `supervisor.toml`."""


class PolicyTable(Table, frozen=True):
    """Rules on top of the decide table, as globs over target URIs. They only ever make a decision
    stricter."""

    block: tuple[str, ...] = ()
    """Writes to these targets are blocked in every mode. A glob also covers what lies under a match, and
    removing the folder, bucket or database that holds one.

        block = ["git+*#main", "s3://prod/*", "file:///etc/*"]
    """

    hold: tuple[str, ...] = ()
    """Writes to these targets wait for you wherever they would be real."""


class GateTable(Table, frozen=True):
    """The gate that decides every call."""

    deadline_s: Annotated[float, Meta(ge=0.5, le=60)] = 5.0
    """Seconds of silence after which the hook client gives the gate up. The call is then blocked and a hook
    failure is raised."""

    hold_deadline_s: Annotated[float, Meta(ge=1, le=86_400)] = 600.0
    """Seconds that a held call waits for you. After that it is denied."""


class McpTable(Table, frozen=True):
    """MCP servers."""

    trusted: tuple[str, ...] = ()
    """Servers that are believed when they call one of their tools read-only, and that keep their network in
    a dry run. Every other server's tools are writes unless a profile knows better, and in a dry run it starts
    without network.

    A name is the server that your own Claude configuration defines under it. One that a folder's `.mcp.json`
    defines is trusted as NAME@DIGEST, so that no other takes its place; a run says its digest where only the
    name is trusted.
    """


class NetworkTable(Table, frozen=True):
    """The network of the agent's shell commands."""

    hosts: tuple[str, ...] = ()
    """Hosts that commands may reach although nothing is known about what they do there, e.g. a package
    registry.

        hosts = ["pypi.org", "files.pythonhosted.org"]
    """


class ShadowTable(Table, frozen=True):
    """The copy-on-write shadow that a dry run works in."""

    backend: Backend = Backend.AUTO
    """What makes the shadow: "overlay" (Linux, same path, starts at once), "clone" (anywhere, a copy at
    another path), "auto" (the best this machine has) or "off" (workspace writes are then not executed at
    all)."""

    size_limit_mb: Annotated[int, Meta(ge=0, le=10_000_000)] = 10_240
    """Megabytes that one run's shadow may take on the disk; 0 is no limit. Beyond it nothing is lost: calls
    that would write are simulated without being executed from then on, and you and the agent are told. A
    command that is running is not stopped. A clone counts with all that was copied."""

    include_ignored_giants: bool = False
    """Whether a clone also copies big folders that `.gitignore` names, such as `node_modules`."""


class ApprovalTable(Table, frozen=True):
    """Approvals of plans."""

    expires_minutes: Annotated[float, Meta(gt=0, le=10_080)] = 15.0
    """Minutes after which an unused approval is void."""


class ScreenTable(Table, frozen=True):
    """The operator's screen."""

    attach_key: Annotated[str, Meta(pattern=r"^ctrl\+[a-z\\\]^_]$")] = "ctrl+\\"
    """The key that brings you back from the agent's own terminal: `ctrl+` and a letter or one of \\ ] ^ _"""

    bell: bool = True
    """Whether an alert rings the terminal's bell."""


class AlertsTable(Table, frozen=True):
    """Alerts."""

    disabled: tuple[AlertName, ...] = ()
    """Kinds of alerts that are journaled but not shown: unsupervised-call, containment-lost, tampering,
    drift, agent-failure, config-warning. A hook failure is always shown."""


class RememberedRead(Table, frozen=True):
    """A call that is a read because you said so. A `block` rule still blocks it."""

    tool: Annotated[str, Meta(pattern=r"^[^*?\[\]\s]+$")]
    """The tool by its exact name, e.g. `Bash` or `mcp__shop__list_orders`."""

    command: str = ""
    """For a shell tool: the exact command, as the agent gives it."""

    target: str = ""
    """For any other tool: a glob that all targets of the call must match; empty for every call of the
    tool."""


class Config(Table, frozen=True):
    """A whole configuration. Its defaults are the built-in ones."""

    mode: Mode = Mode.DRY_RUN
    """How a run treats writes: "dry-run" simulates all of them, "mixed" lets writes to live `[targets]`
    through until the first simulated one, "live" lets workspace writes through and holds all others for
    you."""

    profiles: tuple[str, ...] = ()
    """Rule packs in force, by name. Empty: all that ship with the program and all of your own."""

    targets: dict[str, TargetMode] = {}
    """Which targets are live in mixed mode, as globs over target URIs. The longest matching glob counts; what
    nothing matches is "dry-run". As soon as one write of a run is simulated, no target is live any more.

        "d1://*" = "live"
        "mcp://store/*" = "dry-run"
    """

    policy: PolicyTable = PolicyTable()
    gate: GateTable = GateTable()

    notify: dict[AlertName, tuple[str, ...]] = {}
    """Commands to run on an alert: program and arguments, no shell. The alert arrives as JSON on standard
    input. Kinds: hook-failure, unsupervised-call, containment-lost, tampering, drift, agent-failure,
    config-warning.

        hook-failure = ["notify-send", "--urgency=critical", "supervise"]
    """

    mcp: McpTable = McpTable()
    network: NetworkTable = NetworkTable()
    shadow: ShadowTable = ShadowTable()
    approval: ApprovalTable = ApprovalTable()
    screen: ScreenTable = ScreenTable()
    alerts: AlertsTable = AlertsTable()

    reads: tuple[RememberedRead, ...] = ()
    """Calls that you declared reads: a tool by its exact name and, for a shell tool, the exact command, for
    any other tool a glob over targets. A `block` rule still blocks them.

        [[reads]]
        tool = "Bash"
        command = "./scripts/status.sh"
    """

    def to_data(self) -> dict[str, Any]:
        """The configuration as plain data, for the journal."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data

    def rulings(
        self,
        *,
        own: tuple[str, ...] = (),
        own_writes: tuple[str, ...] = (),
        lent: tuple[str, ...] = (),
        guarded: tuple[str, ...] = (),
    ) -> Rulings:
        """The operator's word for the policy, with the supervisor's own paths as `Rulings` describes them."""
        return Rulings(
            targets=tuple((glob, mode is TargetMode.LIVE) for glob, mode in self.targets.items()),
            block=self.policy.block,
            hold=self.policy.hold,
            own=own,
            own_writes=own_writes,
            lent=lent,
            guarded=guarded,
        )

    def notify_commands(self) -> dict[AlertKind, tuple[str, ...]]:
        """The command of each alert kind that has one."""
        return {name.kind: command for name, command in self.notify.items() if command}

    def disabled_alerts(self) -> frozenset[AlertKind]:
        """Alert kinds that are not shown."""
        return frozenset(name.kind for name in self.alerts.disabled)
