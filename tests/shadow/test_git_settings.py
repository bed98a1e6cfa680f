"""What makes a git command of a live run wait before it leaves the sandbox."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from supervisor.shadow.git_settings import GitSettings

CHANGES = {
    "a hook": "echo x > .git/hooks/pre-push",
    "a hook that could not be started": "chmod +x .git/hooks/old",
    "a hook by a link": "ln -sf ../../other .git/hooks/old",
    "the target of a link": "echo x > linked-to",
    "the folder of hooks": "mv .git/hooks .git/gone && mv more .git/hooks",
    "the configuration": "git config core.sshCommand ./other",
    "the configuration of a work tree": "echo x > .git/config.worktree",
    "a program that the configuration names": "echo x >> tools/ssh",
    "its folder of hooks": "echo x > husky/pre-push",
    "a file that it includes": "echo x >> .git/included",
    "the hooks of a remote in the folder": "echo x > bare/hooks/post-receive",
    "the hooks of a submodule": "mkdir -p .git/modules/m/hooks && echo x > .git/modules/m/hooks/pre-push",
    "the repository itself": "mv .git elsewhere && echo gitdir: elsewhere > .git",
    "another repository in its place": "mv .git gone && git init -q .",
    "what nobody can read": "rm .git/config && ln -s config .git/config",
}

BASE = """
git init -q . && git init -q --bare bare && git init -q nested && mkdir tools husky more plain
echo s > tools/ssh; echo o > .git/hooks/old; chmod -x .git/hooks/old; echo l > linked-to
echo i > .git/included; ln -s ../../linked-to .git/hooks/linked; echo other > other
git config core.sshCommand './tools/ssh -v'; git config core.hooksPath husky; git config include.path included
git config remote.origin.url ./bare
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a repository, whose configuration names all that can be named."""
    _do(tmp_path, BASE)
    return tmp_path


def _do(folder: Path, script: str) -> None:
    subprocess.run(["bash", "-ec", script], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("what", list(CHANGES))
def test_a_change_of_what_git_starts_is_seen(folder: Path, what: str) -> None:
    """Whichever file says it; a commit and a branch are no such change, nor is what is as it was again."""
    settings = GitSettings(folder)
    _do(
        folder,
        "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x; git branch other; touch new",
    )
    assert settings.changed(folder, "git push origin main") == ""
    _do(folder, f"cp -a . ../saved && ({CHANGES[what]})")
    assert settings.changed(folder, "git push origin main") != ""
    _do(folder, "find . -mindepth 1 -delete; cp -a ../saved/. .; rm -r ../saved")
    assert settings.changed(folder, "git push origin main") == ""


@pytest.mark.parametrize(
    "command",
    [
        "git -C nested push",
        "git --git-dir=nested/.git push",
        "cd nested && git push",
        "git --git-dir bare fetch",
        'git -C "$WHERE" push',
        "cd `cat where`; git push",
        "git push --receive-pack=./other origin main",
        "git fetch --upload-pack ./other origin",
        "git -c core.hooksPath=more push",
        "git --exec-path=tools fetch",
        "git push 'unfinished",
    ],
)
def test_a_command_that_says_itself_what_git_starts_or_where_waits(folder: Path, command: str) -> None:
    """The folder's own repository is the one that was looked at, by the programs its configuration names."""
    assert GitSettings(folder).changed(folder, command) != ""


@pytest.mark.parametrize(
    "command",
    [
        "git push -u origin main",
        "cd {folder} && git fetch --prune",
        "cd plain && git pull",
        'git commit -m "' + "a long message in ünïcode " * 30 + '" && git push',
        'git push origin "$(git branch --show-current)"',
    ],
)
def test_an_everyday_command_does_not_wait(folder: Path, command: str) -> None:
    """While nothing has changed; from a folder below as well."""
    settings = GitSettings(folder)
    for where in (folder, folder / "plain"):
        assert settings.changed(where, command.format(folder=folder)) == ""
    assert settings.changed(folder / "nested", "git push") != ""
