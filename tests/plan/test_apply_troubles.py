"""A disk that is full and a folder that cannot be written, at any point of an apply or an undo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
from tree_pairs import changes_between

CHILD = Path(__file__).with_name("trouble_child.py")
FILES = 60
ROOMS_KB = (0, 8, 24, 64, 128, 192, 256, 320, 384, 512)
"""From nothing to enough for all."""


def plant(folder: Path) -> bytes:
    """A folder and what a run made of it; the change set as JSON."""
    seed, after = folder / "seed", folder / "after"
    for number in range(FILES):
        below = seed / f"d{number % 4}"
        below.mkdir(parents=True, exist_ok=True)
        (below / f"f{number}").write_bytes(b"old %d " % number * 400)
    subprocess.run(["cp", "-a", str(seed), str(after)], check=True)
    for number in range(FILES):
        path = after / f"d{number % 4}" / f"f{number}"
        if number % 5 == 0:
            path.unlink()
        else:
            path.write_bytes(b"new %d " % number * 500)
    (after / "more").mkdir()
    (after / "more" / "file").write_bytes(b"more")
    (folder / "disk").mkdir()
    return msgspec.json.encode(changes_between(seed, after))


def test_a_full_disk_and_a_read_only_folder_leave_exactly_the_old_or_the_new_state(tmp_path: Path) -> None:
    """On a small disk of the test's own, with ever more room, and with a folder mounted read-only: what fails
    says so with words and a cure and leaves the state it began with, what does not fail is whole; nothing
    lies about, and nothing is left to do once there is room."""
    changes = plant(tmp_path)
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *own, "--mount", sys.executable, str(CHILD), str(tmp_path), json.dumps(ROOMS_KB)],
        input=changes,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    met = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(met) == 4 * len(ROOMS_KB) + 3
    for each in met:
        undoing = each["trouble"].startswith("undo")
        old, new = ("new", "old") if undoing else ("old", "new")
        assert each["then"] == (old if each["said"] else new), each
        assert each["after"] == each["then"] and not each["left"], each
        assert each["recovery"] == "nothing to do, nothing to do", each
        if each["said"]:
            assert "nothing was changed" in each["said"], each
            wanted = "writable" if "read-only" in each["trouble"] else "room"
            assert wanted in each["cure"], each
    for kind in ("apply", "undo"):
        failed = {bool(each["said"]) for each in met if each["trouble"].startswith(kind)}
        assert failed == {True, False}, f"{kind} met both an end and a way through"
    assert all(each["said"] for each in met if "read-only" in each["trouble"])
