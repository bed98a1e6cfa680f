"""An approval as a file: what a person hands to a live run that nobody sits at."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from supervisor.errors import UsageError
from supervisor.journal.events import PlanApproved


class ApprovalFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the file. The seal of the approval covers the run as well.

    Attributes:
        run: id of the rehearsed run.
    """

    run: str
    approval: PlanApproved


def write_approval(path: Path, given: ApprovalFile) -> None:
    """Write the file, readable by its owner only.

    Raises:
        UsageError: it exists already, or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(given)) + b"\n")
    except OSError as cause:
        raise UsageError(f"--out {path}: {cause.strerror or cause}", cure="Name a new file.") from None


def read_approval(path: Path) -> ApprovalFile:
    """The approval in the file; whether it counts is another question.

    Raises:
        UsageError: it cannot be read as one.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=ApprovalFile)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as cause:
        raise UsageError(
            f"--approval {path}: not an approval file: {cause}",
            cure="Make one: supervise approve --out FILE RUN",
        ) from None
