"""The real Claude Code, played by a script, without the supervisor."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.machine import Machine
from harness.waiting import PATIENCE_S
from supervisor.session.model_process import start_model

KEY = "sk-scripted-0123456789abcdefghijklmnop"
"""A made-up API key. The scripted model takes any."""


def bundled_claude() -> Path:
    """The real binary that the `claude-agent-sdk` wheel carries. Fails, rather than skips, without it."""
    spec = find_spec("claude_agent_sdk")
    assert spec is not None and spec.origin is not None, (
        "claude-agent-sdk is not installed: pip install -e .[dev]"
    )
    path = Path(spec.origin).with_name("_bundled") / "claude"
    assert path.is_file(), f"this claude-agent-sdk carries no binary at {path}"
    return path


def claude_env(machine: Machine, base_url: str) -> dict[str, str]:
    """The machine's environment for a Claude Code that talks to the model at `base_url`."""
    return {
        **machine.env,
        "ANTHROPIC_BASE_URL": base_url,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_TMPDIR": str(machine.root),
    }


def onboard(machine: Machine, *folders: Path) -> None:
    """Tell Claude Code, in the machine's home, that it has been set up and that `folders` are trusted."""
    settings = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
        "projects": {str(folder): {"hasTrustDialogAccepted": True} for folder in folders},
    }
    (machine.home / ".claude.json").write_text(json.dumps(settings), encoding="utf-8")


@dataclass(frozen=True)
class Played:
    """A headless session that has ended.

    Attributes:
        events: the lines of its stream-json output, in order.
        requests: the requests that reached the model, in order: `{"agent": id, "request": body}`.
    """

    events: tuple[dict[str, Any], ...]
    requests: tuple[dict[str, Any], ...]
    exit_code: int
    stderr: str

    @property
    def session_id(self) -> str:
        """Claude Code's own id of the session."""
        return str(self.events[0]["session_id"])

    @property
    def calls(self) -> list[dict[str, Any]]:
        """All `tool_use` blocks, subagents' included, as they were seen."""
        return [block for block in self._blocks("assistant") if block["type"] == "tool_use"]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """All `tool_result` blocks, by the id of their call."""
        blocks = [block for block in self._blocks("user") if block["type"] == "tool_result"]
        return {block["tool_use_id"]: block for block in blocks}

    @property
    def said(self) -> list[str]:
        """What the agents said, as it was seen."""
        return [block["text"] for block in self._blocks("assistant") if block["type"] == "text"]

    def _blocks(self, kind: str) -> list[dict[str, Any]]:
        contents = [event["message"]["content"] for event in self.events if event["type"] == kind]
        return [block for content in contents if isinstance(content, list) for block in content]


def play(
    machine: Machine,
    script: Path,
    task: str,
    *args: str,
    mode: str = "bypassPermissions",
    timeout_s: float = PATIENCE_S,
) -> Played:
    """Run the real Claude Code headless in the machine's workspace, with `script` as its model."""
    record = machine.root / "requests.jsonl"
    record.unlink(missing_ok=True)
    with start_model(script, machine.workspace, record) as model:
        done = subprocess.run(
            [
                str(bundled_claude()),
                "-p",
                "--output-format",
                "stream-json",
                "--verbose",
                "--permission-mode",
                mode,
                *args,
                "--",
                task,
            ],
            cwd=machine.workspace,
            env=claude_env(machine, model.base_url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    return Played(
        tuple(json.loads(line) for line in done.stdout.splitlines()),
        tuple(json.loads(line) for line in record.read_text().splitlines()) if record.exists() else (),
        done.returncode,
        done.stderr,
    )
