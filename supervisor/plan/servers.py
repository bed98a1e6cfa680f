"""The MCP servers of a run, and a digest of how each is reached: part of what an approval is bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def configured_servers(config: Path) -> dict[str, Any]:
    """The servers in a run's MCP configuration, by name; none where it has none or cannot be read."""
    try:
        servers = json.loads(config.read_text(encoding="utf-8"))["mcpServers"]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return servers if isinstance(servers, dict) else {}


def server_digests(servers: Mapping[str, Any]) -> dict[str, str]:
    """Per server a SHA-256 hex of its command, arguments, environment, address: all that is configured.

    The configuration itself is not shown: it may hold secrets.
    """
    return {name: server_digest(server) for name, server in servers.items()}


def server_digest(server: Any) -> str:
    """The digest of one server."""
    canonical = json.dumps(server, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
