"""What a run could not say: events that its journal did not take, in a file until it does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from supervisor.journal.events import AnyEvent

_NAME = "unsaid.jsonl"
_decoder = msgspec.json.Decoder(AnyEvent)


def save_unsaid(events: Iterable[AnyEvent], folders: Sequence[Path]) -> None:
    """Keep `events` in the first of `folders` that takes them, for `take_unsaid`."""
    lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    for path in (folder / _NAME for folder in folders) if lines else ():
        try:
            path.touch(0o600)
            path.write_bytes(lines)
            return
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()  # half of it would be taken for all of it


def take_unsaid(folders: Sequence[Path]) -> tuple[AnyEvent, ...]:
    """What a runner that has ended could not journal, in order; nothing that is not whole."""
    events: list[AnyEvent] = []
    for folder in folders:
        with contextlib.suppress(OSError):
            for line in (folder / _NAME).read_bytes().splitlines():
                with contextlib.suppress(msgspec.DecodeError):
                    events.append(_decoder.decode(line))
    return tuple(events)


def forget_unsaid(folders: Sequence[Path]) -> None:
    """It stands in the journal now."""
    for folder in folders:
        with contextlib.suppress(OSError):
            (folder / _NAME).unlink()
