"""What every check of the doctor stands on: a finding, and one scripted session of the real Claude Code."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.session import settings
from supervisor.session.find import Claude

TIMEOUT_S = 60


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        ok: it holds; None when it is missing but a run can go on without it.
        detail: what was seen.
        cure: what to do about it; empty when it holds.
    """

    name: str
    ok: bool | None
    detail: str
    cure: str = ""


def write_script(folder: Path, *calls: Mapping[str, Any]) -> Path:
    """A model script that makes `calls`, one a turn."""
    script = folder / "script.json"
    script.write_text(json.dumps({"turns": [{"say": "Working.", "calls": [call]} for call in calls]}))
    return script


def write_call(path: Path) -> dict[str, Any]:
    """A call that writes the file `path`."""
    return {"tool": "Write", "input": {"file_path": str(path), "content": "x"}}


def claude_words(claude: Claude, folder: Path, injected: Mapping[str, Any], mode: str) -> list[str]:
    """A headless session in permission mode `mode`, with these injected settings and no MCP server."""
    servers = folder / "mcp.json"
    servers.write_text('{"mcpServers": {}}')
    words = settings.arguments(
        settings=injected,
        session_id=str(uuid.uuid4()),
        resume=False,
        mcp_config=servers,
        memory=(),
        headless=True,
    )
    words[words.index("--permission-mode") + 1] = mode
    return [str(claude.path), *words]


def converse(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], prompt: str
) -> subprocess.CompletedProcess[str]:
    """Start `argv`, give it `prompt`, wait for its end.

    Raises:
        subprocess.TimeoutExpired: it did not end within `TIMEOUT_S`.
    """
    message = {"type": "user", "message": {"role": "user", "content": prompt}}
    return subprocess.run(
        list(argv),
        input=json.dumps(message) + "\n",
        cwd=cwd,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
