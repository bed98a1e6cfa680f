"""Events as rows: their canonical JSON, and the hash that chains each to the one before."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import msgspec

from supervisor.journal.events import AnyEvent, CallDecided, Recorded
from supervisor.journal.faults import unknown_row

GENESIS = "0" * 64
"""Previous hash of the first event."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder[AnyEvent](AnyEvent)


def kind_of(event: AnyEvent) -> str:
    """The tag of an event, as its row and its body carry it."""
    return str(event.__struct_config__.tag)


NESTING = 200
"""Levels of lists and objects that an event may have: deeper ones could not be read back on every stack."""


def encode(event: AnyEvent) -> tuple[str, AnyEvent]:
    """The event as JSON text, and the event as that text will be read back.

    The two differ from what came in only where text holds halves of surrogate pairs, which no file can
    keep: each becomes a `?`.

    Raises:
        ValueError: it has no JSON form, or one of more than `NESTING` levels.
    """
    if isinstance(event, CallDecided) and _deeper(event.input, NESTING):
        raise ValueError(f"the input is nested more than {NESTING} levels deep")
    try:
        return _encoder.encode(event).decode(), event
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(event), ensure_ascii=False).encode(errors="replace").decode()
        return text, _decoder.decode(text)


def _deeper(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        nested = [each for each in level if isinstance(each, dict | list)]
        if not nested:
            return False
        level = [child for each in nested for child in (each.values() if isinstance(each, dict) else each)]
    return True


def link(prev_hash: str, seq: int, run_id: str, time: float, kind: str, body: str) -> str:
    """Hash of a row: SHA-256 hex over the previous hash and every column, one a line, the body last.

    `time` stands in its shortest form that reads back to the same double.
    """
    return sha256(f"{prev_hash}\n{seq}\n{run_id}\n{time!r}\n{kind}\n{body}".encode()).hexdigest()


def decode(path: Path, seq: int, run_id: str, time: float, kind: str, body: str, hash: str) -> Recorded:
    """A row as an event.

    Raises:
        JournalError: the kind is not known to this version, or the body does not fit it.
    """
    try:
        return Recorded(seq, run_id, time, _decoder.decode(body), hash)
    except (msgspec.DecodeError, RecursionError) as error:
        raise unknown_row(path, seq, kind, str(error)) from error
