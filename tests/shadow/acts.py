"""Plays file operations in the current folder and prints what then stands there. Standard library only.

stdin: `{"acts": [[name, path, argument], …]}`, paths as hex. An operation the system refuses is no error:
the agent would see the refusal, and nothing changes. stdout: `{path: [type, mode, content]}`.
"""

# ruff: noqa: PTH101, PTH102, PTH103, PTH104, PTH108, PTH112, PTH114, PTH115, PTH118, PTH123, PTH208, PTH211

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import sys
from typing import Any


def act(name: str, at: str, argument: Any) -> None:
    path = bytes.fromhex(at)
    if name == "write":
        write(path, argument.encode(), os.O_TRUNC)
    elif name == "append":
        write(path, argument.encode(), os.O_APPEND)
    elif name == "remove":
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    elif name == "mkdir":
        os.makedirs(path)
    elif name == "renew" and os.path.isdir(path):  # rmtree opens what it is given, and would wait for a fifo
        shutil.rmtree(path)
        os.mkdir(path)
    elif name == "rename":
        os.rename(path, bytes.fromhex(argument))
    elif name == "move":
        shutil.move(os.fsdecode(path), os.fsdecode(bytes.fromhex(argument)))
    elif name == "chmod":
        if os.geteuid() and os.path.isdir(path):
            argument |= 0o700  # whoever cannot enter a folder of their own cannot compare what is in it
        os.chmod(path, argument)
    elif name == "symlink":
        os.symlink(bytes.fromhex(argument), path)
    elif name == "hardlink":
        os.link(bytes.fromhex(argument), path)
    elif name == "fifo":
        os.mkfifo(path)
    elif name == "touch":
        os.utime(path, (1, 1))
    elif name == "xattr":
        os.setxattr(path, b"user.note", b"1")


def write(path: bytes, data: bytes, flag: int) -> None:
    # O_NONBLOCK: a fifo that nobody reads is refused, not waited for
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | flag, 0o666)
    os.write(file, data)
    os.close(file)


def listing(folder: bytes, below: bytes = b"") -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    try:
        names = os.listdir(folder)
    except PermissionError:
        return found
    for name in names:
        path = os.path.join(folder, name)
        try:
            at = os.lstat(path)
        except PermissionError:  # the folder may be listed, and nothing more
            found[os.path.join(below, name).hex()] = []
            continue
        what: str | None = None
        if stat.S_ISLNK(at.st_mode):
            what = os.readlink(path).hex()
        elif stat.S_ISREG(at.st_mode):
            with contextlib.suppress(PermissionError), open(path, "rb") as file:
                what = file.read().hex()
        mode = 0 if stat.S_ISLNK(at.st_mode) else stat.S_IMODE(at.st_mode)
        here = os.path.join(below, name)
        found[here.hex()] = [stat.S_IFMT(at.st_mode), mode, what]
        if stat.S_ISDIR(at.st_mode):
            found.update(listing(path, here))
    return found


if __name__ == "__main__":
    os.umask(0o022)
    for each in json.load(sys.stdin)["acts"]:
        with contextlib.suppress(OSError, shutil.Error, ValueError, RecursionError):
            act(*each)
    json.dump(listing(b"."), sys.stdout)
