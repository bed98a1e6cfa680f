"""A run's history as JSON lines, for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from supervisor.journal.listing import reading


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
    with reading(path) as connection:
        for seq, time, prev_hash, hash, body in connection.execute(
            "SELECT seq, time, prev_hash, hash, body FROM events WHERE run_id = ? ORDER BY seq", (run_id,)
        ):
            yield encode(Line(seq, run_id, time, prev_hash, hash, msgspec.Raw(body)))
