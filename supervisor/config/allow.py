"""Which `supervisor.toml` files the operator has allowed: one record a file, bound to the hash of its
bytes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import msgspec

from supervisor.places import private_dir


class Allowance(msgspec.Struct, frozen=True):
    """The operator's word on one file: this path with exactly this content.

    Attributes:
        path: absolute path of the file, symlinks in its folder resolved.
        sha256: hash of the bytes that were shown to the operator, in hex.
    """

    path: str
    sha256: str


class AllowStore:
    """The records, in a folder that only the operator can enter (0700), each 0600.

    Args:
        folder: where they lie (`Places.allowed`). Made on the first `allow`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def allow(self, path: Path, sha256: str) -> None:
        """Record that the operator allows the file with this content, and no other content any more.

        Raises:
            OSError, FolderError: the record cannot be written.
        """
        record = Allowance(str(named(path)), sha256)
        private_dir(self._folder)
        handle, draft = tempfile.mkstemp(dir=self._folder)  # made with 0600
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(record))
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(self._record(path))

    def revoke(self, path: Path) -> None:
        """Forget the file."""
        self._record(path).unlink(missing_ok=True)

    def is_allowed(self, path: Path, sha256: str) -> bool:
        """Whether the operator allowed this file with this content. A record that cannot be read allows
        nothing."""
        try:
            record = msgspec.json.decode(self._record(path).read_bytes(), type=Allowance)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return False
        return record == Allowance(str(named(path)), sha256)

    def _record(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(named(path))).hexdigest()
        return self._folder / f"{name}.json"


def named(path: Path) -> Path:
    """The file's absolute path with the symlinks of its folder resolved, but not its own."""
    return path.parent.resolve() / path.name
