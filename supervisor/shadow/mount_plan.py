"""A plan of mounts, as the launcher and the sandbox of single commands carry it out (`mounting.pl`)."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "fd/0",
    "stdout": "fd/1",
    "stderr": "fd/2",
    "ptmx": "pts/ptmx",
}


@dataclass(kw_only=True)
class MountPlan:
    """Collects operations: some before what is there becomes read-only, the rest from the outermost inwards.

    Attributes:
        early: operations on what is there.
        late: where each mount stands, and the operations that make it.
        seals: mounts that become read-only at last.
        names: how many mounts have a name.
    """

    early: list[str] = field(default_factory=list)
    late: list[tuple[str, list[str]]] = field(default_factory=list)
    seals: list[str] = field(default_factory=list)
    names: int = 0

    def name(self) -> str:
        """A name that no mount of the plan has yet."""
        self.names += 1
        return f"m{self.names}"

    def at(self, path: str, *words: str) -> None:
        """An operation, once everything above `path` stands."""
        self.late.append((path, list(words)))

    def copy(self, source: str, path: str, access: str) -> None:
        """The real thing at `source`, mounted at `path`, "ro" or "rw"."""
        name = self.name()
        self.early += ["copy", name, source, access]
        kind = "folder" if Path(source).is_dir() else "file"
        self.at(path, kind, path, "attach", name, path)

    def fresh(self, kind: str, path: str, options: str) -> None:
        """A new file system of this kind."""
        self.at(path, "folder", path, "fresh", kind, path, options)

    def away(self, path: str) -> None:
        """The folder `path` is there, empty but for what the plan mounts in it, and read-only."""
        self.fresh("tmpfs", path, "mode=0755")
        self.seals.append(path)

    def devices(self) -> None:
        """A private `/dev`, whose devices nobody can change."""
        self.away("/dev")
        for name in _DEVICES:
            self.copy(f"/dev/{name}", f"/dev/{name}", "ro")
        self.fresh("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620")
        self.fresh("tmpfs", "/dev/shm", "mode=1777")
        for name, target in _DEVICE_LINKS.items():
            self.at(f"/dev/{name}", "link", target, f"/dev/{name}")

    def text(self, header: Mapping[str, str]) -> bytes:
        """The plan as a file, with what else the program that reads it must know."""
        words = [word for pair in {"machine": platform.machine(), **header}.items() for word in pair]
        words += ["begin", *self.early]
        if self.late:
            words.append("readonly")
        for _path, step in sorted(self.late, key=lambda entry: entry[0].rstrip("/").count("/")):
            words += step
        for path in self.seals:
            words += ["seal", path]
        return os.fsencode("\0".join([*words, "end", ""]))
