"""MCP servers that did not start: the agent goes on without their tools, and the operator is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from supervisor.session.transcript import ServerFailed


class FailedServers:
    """Tells of each server once; of one whose reason is not known yet, at the end of the run.

    Args:
        tell: told one sentence each.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._unexplained: dict[str, ServerFailed] = {}
        self._told: set[str] = set()

    def listed(self, servers: Sequence[ServerFailed]) -> None:
        """Claude Code listed these at its start; why, it may say later in the transcript."""
        for server in servers:
            if server.why:
                self.failed(server)
            else:
                self._unexplained[server.name] = server

    def failed(self, server: ServerFailed) -> None:
        """One did not start."""
        if server.name not in self._told:
            self._told.add(server.name)
            why = server.why or "`/mcp` in the agent's terminal says why"
            self._tell(f"MCP server {server.name} did not start: {why}")

    def close(self) -> None:
        """Nothing more will be said of why."""
        for server in self._unexplained.values():
            self.failed(server)
