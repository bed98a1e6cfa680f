"""The vocabulary of effects: what a call would do, to what, where. Plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, cast, runtime_checkable

import msgspec


class EffectKind(StrEnum):
    """What an effect does to its target."""

    READ = "read"
    UNKNOWN = "unknown"
    WRITE = "write"

    @property
    def weight(self) -> int:
        """Order of caution: a call is as bad as the worst of its effects."""
        return ("read", "unknown", "write").index(self.value)


class Scope(StrEnum):
    """Where the target lies."""

    WORKSPACE = "workspace"
    HOST = "host"
    REMOTE = "remote"

    @property
    def weight(self) -> int:
        """Order of reach, nearest first."""
        return ("workspace", "host", "remote").index(self.value)


class Effect(msgspec.Struct, frozen=True, gc=False):
    """One thing a call would do.

    Attributes:
        kind: read, write or unknown.
        scope: workspace, host or remote.
        target: a URI, e.g. `file:///abs/path`, `git+origin#main`, `s3://bucket/key`, `https://host/path`,
            `mcp://server/tool`; `unknown:<what>` where nothing better is known. Never empty.
        rule: id of the rule that says so, dotted, e.g. `git.push`, `tool.Write`, `shell.redirect`.
        why: one plain sentence for the operator.
        consumes: the read has side effects (takes from a queue, moves a cursor): decided as a write.
        part: source text of the sub-command it comes from; empty for a call that is one thing.
        loose: where the target lies is known only in part, e.g. `file-$i`, of which all that is known leads
            into the workspace. The scope is the farthest it may lie in.
    """

    kind: EffectKind
    scope: Scope
    target: str
    rule: str
    why: str
    consumes: bool = False
    part: str = ""
    loose: bool = False

    @property
    def connects(self) -> bool:
        """It takes a connection: to another system, or to a service of this machine."""
        return self.scope is Scope.REMOTE or self.target.startswith(("http://", "https://"))

    @property
    def writes(self) -> bool:
        """Whether policy must treat it as a write."""
        return self.kind is EffectKind.WRITE or self.consumes

    @property
    def weight(self) -> tuple[int, int]:
        """Order of caution across effects: kind first (a consuming read counts as a write), then scope."""
        kind = EffectKind.WRITE if self.writes else self.kind
        return kind.weight, self.scope.weight


class Judgement(msgspec.Struct, frozen=True):
    """All effects of one call.

    Attributes:
        effects: at least one, in the order the call would have them.
        profile: hash of the rules in force that judged it (first 16 hex digits of a SHA-256).
    """

    effects: tuple[Effect, ...]
    profile: str = ""

    @property
    def worst(self) -> Effect:
        """The effect that decides how the call as a whole is labelled."""
        return max(self.effects, key=lambda effect: effect.weight)

    @property
    def effect(self) -> EffectKind:
        """Label of the whole call."""
        return EffectKind(("read", "unknown", "write")[max(e.kind.weight for e in self.effects)])

    @property
    def scope(self) -> Scope:
        """Scope of the worst effect."""
        return self.worst.scope

    @property
    def targets(self) -> tuple[str, ...]:
        """Targets of all effects, each once, the worst kind first."""
        ordered = sorted(self.effects, key=lambda effect: -effect.weight[0])
        return tuple(dict.fromkeys(effect.target for effect in ordered))


class Files(Protocol):
    """What the classifier may ask about the file system. The edge passes a real one, tests a made one."""

    def real(self, path: str) -> str:
        """`path` (absolute) with every symlink resolved, as far as it exists."""
        ...

    def which(self, program: str) -> str | None:
        """Where the agent's PATH finds `program`, symlinks resolved; None if nowhere."""
        ...

    def text(self, path: str, limit: int = 65536) -> str | None:
        """The file's text if it is a regular UTF-8 file of at most `limit` bytes, else None."""
        ...


@runtime_checkable
class Listing(Protocol):
    """What `files` may also be able to do; without it less is proven."""

    def names(self, path: str) -> tuple[str, ...] | None:
        """The entries of the folder `path` (absolute); None if there are too many or it cannot be listed."""
        ...

    def lies(self, path: str) -> bool | None:
        """Whether anything lies at `path` (absolute), if only a symlink to nowhere; None if none can tell."""
        ...


@runtime_checkable
class Views(Protocol):
    """What `files` may also be able to do where processes see different files at the same paths."""

    def seen_by(self, pid: int) -> Files:
        """The files as process `pid` sees them."""
        ...


@cache
def _has_views(kind: type[Files]) -> bool:
    """Asked for every call, and slow to find out."""
    return issubclass(kind, Views)


class Surroundings(msgspec.Struct, frozen=True):
    """Where a call happens.

    Attributes:
        cwd: absolute path the tool starts in.
        workspace: absolute path of the run's folder, symlinks resolved.
        home: the agent's home folder.
        files: the door to the file system; None means nothing may be looked up.
        mcp_read_only: per MCP server the tools that the server itself calls read-only.
        trusted_mcp: servers whose word on that the operator trusts.
    """

    cwd: str
    workspace: str
    home: str
    files: Files | None = None
    mcp_read_only: Mapping[str, frozenset[str]] = {}
    trusted_mcp: frozenset[str] = frozenset()

    def seen_by(self, pid: int, cwd: str) -> Surroundings:
        """The surroundings of a call that process `pid` makes in `cwd`; 0 and "" are not known."""
        files = self.files
        if pid and files is not None and _has_views(type(files)):
            files = cast(Views, files).seen_by(pid)
        return msgspec.structs.replace(self, cwd=cwd or self.cwd, files=files)


class ToolCall(msgspec.Struct, frozen=True):
    """A tool call as Claude Code names it. MCP tools are called `mcp__server__tool`."""

    name: str
    input: Mapping[str, Any]
