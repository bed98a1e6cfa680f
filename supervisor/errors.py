"""The one tree of errors a person can meet, and the exit codes they end in."""

from __future__ import annotations

import errno
from enum import IntEnum
from pathlib import Path

_FOLDER_CURE = (
    "Make it, or a folder above it, yours to write; or set XDG_STATE_HOME or XDG_RUNTIME_DIR elsewhere."
)
_FOLDER_CURES = {
    errno.EEXIST: "Something that is no folder stands there: move it away.",
    errno.ENOTDIR: "Something above it is no folder: move that away.",
    errno.ENOSPC: "Free some space on its file system.",
    errno.EDQUOT: "Free some of your quota on its file system.",
}


class Exit(IntEnum):
    """Exit codes of every `supervise` command. Scripts rely on them."""

    OK = 0
    AGENT_FAILED = 1
    USAGE = 2
    HOOK_FAILURE = 3
    DENIED_WRITES_LEFT = 4
    CONTAINMENT_REFUSED = 5


class SuperviseError(Exception):
    """Something a person can act on.

    Attributes:
        code: the exit code a command ends with when this error reaches the top.
        cure: one sentence that says what to do about it; may be empty.
    """

    code: Exit = Exit.USAGE

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure


class UsageError(SuperviseError):
    """Bad input: an option, a file, a field."""


class ConfigError(UsageError):
    """A configuration or profile file that cannot be used; the message names file, line and field."""


class ScriptError(UsageError):
    """A model script that cannot be played; the message names file, turn and field."""


class JournalError(SuperviseError):
    """The journal cannot be trusted or written: corrupt, newer, locked, full, replaced."""

    code = Exit.HOOK_FAILURE


class FolderError(JournalError):
    """A folder of the program's own cannot be made, entered or written: without it there is no journal."""

    def __init__(self, path: Path, cause: OSError) -> None:
        """`path` is what was to be made; `cause` what the system said."""
        super().__init__(
            f"{path}: cannot be made or used: {cause.strerror or cause}",
            cure=_FOLDER_CURES.get(cause.errno or 0, _FOLDER_CURE),
        )


class RefusedError(JournalError):
    """The journal is well, and refuses an event that contradicts what it holds."""


class LaunchError(SuperviseError):
    """Claude Code could not be found, is too old, or did not come up under the gate."""

    code = Exit.AGENT_FAILED


class GateError(SuperviseError):
    """A floor of the gate did not hold; nothing may go through."""

    code = Exit.HOOK_FAILURE


class ContainmentError(SuperviseError):
    """The machine cannot give a part of the containment and nobody accepted that."""

    code = Exit.CONTAINMENT_REFUSED


class RunnerGoneError(SuperviseError):
    """The runner of a run does not answer on its control socket."""

    code = Exit.USAGE
