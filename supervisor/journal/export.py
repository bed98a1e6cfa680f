"""A run's history as JSON lines, for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from supervisor.journal.listing import run_rows


class Line(msgspec.Struct, frozen=True):
    """One exported event.

    Attributes:
        time: seconds since the Unix epoch.
        event: the event's body, byte for byte as it was hashed; its kind is in it.
    """

    seq: int
    run_id: str
    time: float
    prev_hash: str
    hash: str
    event: msgspec.Raw


def export(path: Path, run_id: str) -> Iterator[bytes]:
    """The run's events in order, one JSON object each, without the line end; rows of any version.

    Raises:
        JournalError: the journal cannot be read.
    """
    encode = msgspec.json.Encoder().encode
    for row in run_rows(path, run_id):
        yield encode(Line(row.seq, run_id, row.time, row.prev_hash, row.hash, msgspec.Raw(row.body)))
