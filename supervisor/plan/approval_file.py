"""An approval as a file: what a person hands to a live run that nobody sits at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def new_approval_file(path: Path) -> Iterator[Callable[[ApprovalFile], None]]:
    """A file for an approval that is yet to be given, readable by its owner only: there is room for it before
    anything is approved. It is gone again if the block ends without an approval.

    Raises:
        UsageError: it exists already, or cannot be written.
    """
    try:
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as cause:
        raise _unusable(path, cause) from None
    with file:

        def write(given: ApprovalFile) -> None:
            try:
                file.write(msgspec.json.format(msgspec.json.encode(given)) + b"\n")
                file.flush()
            except OSError as cause:
                raise _unusable(path, cause) from None

        try:
            yield write
        finally:
            if not file.tell():
                path.unlink(missing_ok=True)


def _unusable(path: Path, cause: OSError) -> UsageError:
    return UsageError(f"--out {path}: {cause.strerror or cause}", cure="Name a new file.")


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
