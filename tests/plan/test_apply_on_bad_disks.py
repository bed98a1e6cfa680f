"""`supervise apply` and `undo` where the folder cannot take it: the journal says which state it is in."""

from __future__ import annotations

import os

import pytest
from going_live_stage import END, Stage, bash, turn, write
from tree_pairs import tree

from harness.machine import Machine

FILES = 40
ROOM_KB = 256
"""Of a disk on which the old files have room, and old and new ones together have not."""

FULL = """\
set -e
cp -a . "$COPY" && mount -t tmpfs -o size={room}k tmpfs "$PWD" && cd "$PWD" && cp -a "$COPY/." .
code=0; "$@" || code=$?
rm -rf "$COPY" && cp -a . "$COPY"
exit $code
"""
"""Run a command on a small disk in the place of the folder, and keep what the folder is then."""

READ_ONLY = 'mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" && cd "$PWD" && exec "$@"'

OWN_MOUNTS = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")))
ORDINARY_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""A user who owns the same files, and whom their modes bind, also where the tests run as root."""


@pytest.fixture
def stage(machine: Machine) -> Stage:
    """A folder of files."""
    stage = Stage(machine)
    for number in range(FILES):
        (stage.workspace / f"f{number}").write_bytes(b"old %d " % number * 500)
    return stage


def rehearse(stage: Stage) -> str:
    """A run that rewrites each file, makes one more, and would then run a command outside."""
    change = 'for f in f*; do { cat "$f"; echo new; } > .next && mv .next "$f"; done'
    log = stage.machine.root / "log"
    return stage.rehearse([turn(bash(change)), turn(write("more.txt", "x"), bash(f"echo x >> {log}")), END])


def within(script: str) -> tuple[str, ...]:
    """Words that run a command by a shell script, with mounts of its own."""
    return (*OWN_MOUNTS, "sh", "-c", script, "sh")


def last(stage: Stage, run: str) -> tuple[bool, str]:
    """What the journal says of the newest apply."""
    ended = stage.events(run, "apply ended")[-1]
    return ended["done"], ended["detail"]


def test_a_disk_that_is_full_leaves_the_old_files_and_the_journal_says_so(stage: Stage) -> None:
    """Not a file is new, the command does not run, the exit code says that something was left. With room,
    the same plan is approved again and applied."""
    run, copy = rehearse(stage), stage.machine.root / "copy"
    stage.approve(run)
    before = tree(stage.workspace)
    stage.machine.env["COPY"] = str(copy)
    code, screen = stage.at_terminal("apply", run, within=within(FULL.format(room=ROOM_KB)))
    assert code == 4 and "No space left" in screen and "Make room on that disk" in screen, screen
    assert tree(copy) == before and not (stage.machine.root / "log").exists()
    done, detail = last(stage, run)
    assert not done and detail.startswith("nothing was applied") and "No space left" in detail
    assert stage.at_terminal("apply", run)[0] == 2, "the approval is used up"
    stage.approve(run)
    assert stage.at_terminal("apply", run)[0] == 0
    assert last(stage, run) == (True, "3 of 3 items are done")
    assert (stage.workspace / "f1").read_bytes().endswith(b"new\n")


@pytest.mark.parametrize("how", ["as root, mounted read-only", "as an ordinary user"])
def test_a_folder_that_cannot_be_written_stays_as_it_is_and_that_is_said(stage: Stage, how: str) -> None:
    """The apply changes nothing and says why; so does the undo of an apply that went well."""
    run = rehearse(stage)
    stage.approve(run)
    before = tree(stage.workspace)
    refused(stage, how, "apply", run)
    assert tree(stage.workspace) == before
    done, detail = last(stage, run)
    assert not done and detail.startswith("nothing was applied"), detail
    stage.approve(run)
    assert stage.at_terminal("apply", run)[0] == 0
    after = tree(stage.workspace)
    assert after != before
    refused(stage, how, "undo", run)
    assert tree(stage.workspace) == after and not stage.events(run, "apply undone")
    assert stage.at_terminal("undo", run)[0] == 0
    assert tree(stage.workspace) == before and len(stage.events(run, "apply undone")) == 1


def refused(stage: Stage, how: str, command: str, run: str) -> None:
    """Try it while the folder cannot be written."""
    if how.startswith("as root"):
        code, screen = stage.at_terminal(command, run, within=within(READ_ONLY))
        said = "Read-only file system"
    else:
        mode = stage.workspace.stat().st_mode
        stage.workspace.chmod(0o555)
        code, screen = stage.at_terminal(command, run, within=ORDINARY_USER)
        stage.workspace.chmod(mode)
        said = "Permission denied"
    assert code == 4 and said in screen and "Make it writable" in screen, screen
