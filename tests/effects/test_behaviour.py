"""Behaviour, not opinion: what is judged a read is run for real, and must have changed nothing."""

from __future__ import annotations

import pytest
import shell_tricks
from everyday_commands import COMMANDS
from icalfa_commands import World, worlds
from prepared_tree import SETUP
from shipped_rules import WORKSPACE, is_read, judge
from throwaway_root import Ran, run_all
from tricky_code import TRICKY

MUST_SHOW = {
    "touch notes.txt": f"{WORKSPACE}/notes.txt",
    "chmod +x notes.txt": f"{WORKSPACE}/notes.txt",
    "rm notes.txt": f"{WORKSPACE}/notes.txt",
    "rm -rf src": f"{WORKSPACE}/src",
    "rmdir empty": f"{WORKSPACE}/empty",
    "mkdir -p made/a": f"{WORKSPACE}/made/a",
    "mv old.txt older.txt": f"{WORKSPACE}/old.txt",
    "ln -sf fruit.txt link.txt": f"{WORKSPACE}/link.txt",
    "echo x >> fruit.txt": f"{WORKSPACE}/fruit.txt",
    "sed -i s/a/b/ fruit.txt": f"{WORKSPACE}/fruit.txt",
    "git -C repo tag v2": f"{WORKSPACE}/repo/.git/refs/tags/v2",
    "echo x > ~/in-home.txt": "/home/user/in-home.txt",
    "echo x > /tmp/there": "/tmp/there",
    "echo x > /etc/passwd": "/etc/passwd",
    "(sleep 0.05; touch later.txt) & wait": f"{WORKSPACE}/later.txt",
}
"""Commands with a path that must show among what they changed: the instrument sees what it is to see."""


BOOKKEEPING = (
    "/home/user/.config/procps",  # top makes the folder of its settings
    "/home/user/.npm",  # npm logs every call and when it last looked for a newer npm
    "/home/user/.gnupg",  # gpg makes an empty key ring where there is none
)
"""What programs note about themselves in their own folder below home, whatever they are asked."""


def _wrong(ran: list[Ran]) -> list[str]:
    found = []
    for each in ran:
        changes = [path for path in each.changes if not path.startswith(BOOKKEEPING)]
        if changes:
            found.append(f"{each.command!r} changed {', '.join(changes)}")
    return found


def _reads(commands: tuple[str, ...], cwd: str) -> list[str]:
    return [command for command in commands if is_read(judge(command, cwd=cwd))]


def test_the_throw_away_root_shows_every_kind_of_change() -> None:
    """Added, removed, renamed, rewritten and merely touched files, modes and links all show."""
    ran = run_all(MUST_SHOW, setup=[SETUP], cwd=WORKSPACE)
    missed = [each.command for each in ran if MUST_SHOW[each.command] not in each.changes]
    assert missed == []


def test_one_command_does_not_see_what_another_changed() -> None:
    """Each command starts from the same prepared tree."""
    ran = run_all(["rm -rf ~ /tmp /etc", "cat notes.txt fruit.txt && touch ok"], setup=[SETUP], cwd=WORKSPACE)
    assert ran[1].changes == (f"{WORKSPACE}/ok",)


def test_no_everyday_command_judged_a_read_changes_anything() -> None:
    """Of nearly nine hundred everyday commands those judged reads change no file, mode or link when run."""
    reads = _reads(COMMANDS, WORKSPACE)
    assert len(reads) >= 200, "too few reads to show anything"
    assert _wrong(run_all(reads, setup=[SETUP], cwd=WORKSPACE, limit_s=2)) == []


def test_no_overlooked_write_in_code_is_judged_a_read() -> None:
    """Of nine hundred pieces of code (sed, awk, Python, SQL, …) those judged reads change nothing."""
    reads = _reads(TRICKY, WORKSPACE)
    assert reads, "no read, nothing shown"
    assert _wrong(run_all(reads, setup=[SETUP], cwd=WORKSPACE, limit_s=2)) == []


def test_no_shell_trick_judged_a_read_changes_anything() -> None:
    """Of hundreds of texts that try to run `rm` unseen those judged reads change nothing when run."""
    reads = _reads(shell_tricks.COMMANDS, WORKSPACE)
    assert reads, "no read, nothing shown"
    assert _wrong(run_all(reads, setup=[shell_tricks.SETUP], cwd=WORKSPACE, limit_s=2)) == []


@pytest.mark.parametrize("world", worlds(), ids=[f"fs{n}" for n in range(1, 6)])
def test_no_icalfa_command_judged_a_read_changes_anything(world: World) -> None:
    """The commands of InterCode-ALFA, in the file systems it makes for them."""
    reads = _reads(world.commands, "/")
    assert reads, "no read, nothing shown"
    assert _wrong(run_all(reads, setup=[world.setup], limit_s=2)) == []
