"""Whether the parts the floors stand on are still there and still the same: proven before every run, watched
while it lasts."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from supervisor.errors import LaunchError
from supervisor.runner.spec import RunSpec

_PROOF = b'{"hook_event_name": "SessionEnd", "reason": "proof"}'
_PROOF_TIMEOUT_S = 10.0


class Health:
    """The hook client, the gate's socket and the journal of one run.

    Args:
        hook: the hook command, program and arguments.
    """

    def __init__(self, spec: RunSpec, hook: list[str]) -> None:
        self._hook = hook
        self._parts = {
            Path(hook[0]): "the hook client",
            spec.gate_socket: "the gate's socket",
            Path(spec.journal): "the journal",
        }
        self._seen = {path: _identity(path, name) for path, name in self._parts.items()}

    async def prove(self) -> None:
        """Run the exact hook command once, through the gate and back.

        Raises:
            LaunchError: it does not answer as it must.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *self._hook,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={},
            )
        except OSError as cause:
            raise LaunchError(
                f"the hook client cannot be started: {cause}",
                cure="Is its file system mounted noexec? Set XDG_STATE_HOME to a folder of another one.",
            ) from cause
        async with asyncio.timeout(_PROOF_TIMEOUT_S):
            out, err = await process.communicate(_PROOF)
        if process.returncode != 0 or not out:
            raise LaunchError(
                f"the hook client does not reach the gate: {err.decode(errors='replace').strip()}"
            )

    def trouble(self) -> str:
        """What is missing or was replaced, in words; empty while all is well."""
        for path, name in self._parts.items():
            try:
                if _identity(path, name) != self._seen[path]:
                    return f"{name} was replaced: {path}"
            except LaunchError as cause:
                return str(cause)
        return ""


def _identity(path: Path, name: str) -> tuple[int, int, int]:
    """Device and inode, and for a program the time of its last change; the journal and the socket live on."""
    try:
        seen = path.stat()
    except OSError as cause:
        raise LaunchError(f"{name} is gone: {path}: {os.strerror(cause.errno or 0)}") from cause
    changed = seen.st_mtime_ns if name == "the hook client" else 0
    return seen.st_dev, seen.st_ino, changed
