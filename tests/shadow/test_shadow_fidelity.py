"""A dry run shows the agent what live would have shown, and leaves the world as it was.

One session of 40 mixed calls, played by the real Claude Code twice, in the same folder: in a dry run of
`supervise`, then bare, for real. What each call answered is compared byte for byte, times and ids aside.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fidelity_session import (
    AGENTS,
    SMALL_FILES,
    Answers,
    answers,
    as_user,
    calls,
    lay_out,
    programs,
    put_copy_in_place,
    turns,
)
from shadowing import User, Yard, play_real, play_shadow, put_onto_copy, tree

from harness.claude import bundled_claude
from harness.machine import SUPERVISE, new_machine
from supervisor.session import settings
from supervisor.session.model_process import start_model
from supervisor.session.transcript import Transcript
from supervisor.shadow.kept import reopen, shadow_folder

CHECKOUT = Path(__file__).resolve().parents[2]
TASK = "the task"
ABOVE = ("", "/state", "/state/supervise", "/state/supervise/runs", "/run")
"""Folders in which the supervisor and this test keep what is their own, so that their times change."""


class Stage:
    """A machine on which a user plays the session, and what lies around its folder."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.root = yard.machine.root
        self.workspace = yard.workspace
        lay_out(self.workspace)
        other = yard.machine.state / "runs" / "other"
        other.mkdir(parents=True)
        yard.machine.state.chmod(0o700)
        (self.root / "reach").mkdir()
        for path in (other / "key", yard.machine.home / ".bashrc", self.root / "beside.txt"):
            path.write_text("real\n")
        yard.env["PATH"] = programs()
        yard.user.owns(self.root)

    def start(self, argv: list[str], env: dict[str, str]) -> str:
        """Run a program as the user to its end; its output."""
        reachable = (Path(sys.base_prefix), Path(sys.prefix), CHECKOUT, bundled_claude())
        done = subprocess.run(
            as_user(self.yard.user, argv, self.root / "reach", *reachable),
            cwd=self.workspace,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def supervise(self, *words: str) -> str:
        """Run `supervise`."""
        return self.start([str(SUPERVISE), *words], self.yard.env)

    def bare(self, script: Path) -> Answers:
        """Play a script for real, in the environment that a supervised one has; what its calls answered."""
        home = self.root / f"home-of-{script.stem}"
        settings.prepare_private_home(home, self.workspace)
        self.yard.user.owns(home)
        words = ["--print", "--output-format", "stream-json", "--verbose", "--setting-sources", ""]
        words += ["--strict-mcp-config", "--permission-mode", "bypassPermissions", "--", TASK]
        with start_model(script, self.workspace) as model:
            env = settings.private_environment(home, model.base_url) | settings.ALWAYS
            env = {**env, "PATH": self.yard.env["PATH"]}
            if self.yard.user.uid != 0:
                env.pop("IS_SANDBOX", None)
            self.start([str(bundled_claude()), *words], env)
        (transcript,) = home.glob(".claude/projects/*/*.jsonl")
        return answers(Transcript(transcript).read_new(), {str(home): "HOME"})

    def outside(self, run_id: str = "") -> dict[str, object]:
        """All that a dry run must leave as it was: this machine but for the supervisor's own record of it."""
        state = self.yard.machine.state
        own = (state / "journal", state / "runs" / run_id if run_id else state / "runs" / "none")
        skipped = tuple(str(path) for path in (*own, self.yard.machine.runtime, self.root / "reach"))
        found: dict[str, object] = {
            path: what
            for path, what in tree(self.root, times=True).items()
            if not f"{self.root}{path}".startswith(skipped) and path not in ABOVE
        }
        for folder in ("/", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/run"):
            found[folder] = sorted(map(str, self._mine(Path(folder))))
        return found

    def _mine(self, folder: Path) -> Iterator[Path]:
        """What bears the machine's name, or belongs to its user if that is one made for these tests."""
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # others come and go
                owner = path.lstat().st_uid
                made = self.yard.user.uid != os.getuid() and owner == self.yard.user.uid
                if path != self.root and (made or self.root.name in path.name):
                    yield path


class Played:
    """The session, played in a dry run and for real."""

    def __init__(self, yard: Yard) -> None:
        stage = Stage(yard)
        script = yard.machine.write_script(turns(), AGENTS)
        before = stage.outside()
        stage.supervise("run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), TASK)
        (row,) = json.loads(stage.supervise("runs", "--json"))
        run_id = row["id"]
        self.shown: dict[str, Any] = json.loads(stage.supervise("show", run_id, "--json"))
        self.outside = (before, stage.outside(run_id))
        home = str(yard.places.run_state(run_id) / "home")
        records = Transcript(Path(row["transcript"])).read_new()
        self.dry = answers(records, {home: "HOME"})

        shadow = reopen(shadow_folder(yard.places, run_id))
        self.seen = play_shadow(yard, shadow, [])
        self.changes, self.applied = put_onto_copy(yard, shadow)
        put_copy_in_place(stage.workspace)
        self.live = stage.bare(script)
        self.stands = play_real(yard.user, stage.workspace, [])
        for left in stage._mine(Path("/tmp")):
            left.unlink()


@pytest.fixture(scope="module", params=["self", "ordinary"] if os.getuid() == 0 else ["self"])
def played(request: pytest.FixtureRequest, ordinary: User) -> Iterator[Played]:
    """The session as each user; played once."""
    user = User(os.getuid(), os.getgid()) if request.param == "self" else ordinary
    with new_machine() as machine:
        yield Played(Yard(machine, user))


def differing(dry: Answers, live: Answers) -> dict[str, tuple[object, object]]:
    """Calls that did not come to the same, by id: what they came to in the dry run, and live."""
    ids = dict.fromkeys([*live, *dry])
    return {each: (dry.get(each), live.get(each)) for each in ids if dry.get(each) != live.get(each)}


def without_index(listing: dict[str, Any]) -> dict[str, Any]:
    """A listing without what git notes of the inodes and times of files."""
    return {path: what for path, what in listing.items() if path != b".git/index".hex()}


def test_every_call_answers_what_it_answers_live(played: Played) -> None:
    """40 calls and more, a subagent's and background ones included; those that fail, fail alike."""
    assert differing(played.dry, played.live) == {}
    assert len(played.dry) == sum(map(len, calls())) + 2 >= 40
    assert sum(error for _call, error, _text in played.dry.values()) >= 2
    assert str(SMALL_FILES) in [text for _call, _error, text in played.dry.values()]


def test_all_of_it_ran_and_the_run_says_that_nothing_differs(played: Played) -> None:
    """Each call passed or ran in the shadow, decided by the gate; no alert; fidelity `exact`."""
    assert played.shown["run"]["fidelity"] == "exact"
    assert {each["execution"] for each in played.shown["calls"]} == {"as is", "in the shadow"}
    assert {each["outcome"] for each in played.shown["calls"]} == {"executed", "failed"}
    assert played.shown["alerts"] == []
    # an Edit of what is not there is refused by Claude Code itself, before it asks
    assert [(each["tool"], each["outcome"]) for each in played.shown["undecided"]] == [("Edit", "refused")]


def test_the_world_stays_as_it_was(played: Played) -> None:
    """Folder, home, temporary folders and other runs: contents, modes, owners, times, attributes, links."""
    before, after = played.outside
    assert after == before
    assert any(each == "/work/README.md" for each in before) and "/state/supervise/runs/other/key" in before


def test_the_change_set_makes_of_the_folder_what_live_makes(played: Played) -> None:
    """Put onto a copy of the folder it gives, file by file, what the bare session left behind."""
    assert without_index(played.applied) == without_index(played.stands)
    assert len(played.stands) > SMALL_FILES


def test_what_the_agent_sees_in_the_shadow_is_what_live_leaves(played: Played) -> None:
    """The merged view itself, and so nothing the change set leaves out but what is Claude Code's own."""
    seen, stands = without_index(played.seen), without_index(played.stands)
    own = {path for path in seen if path not in stands}
    assert {path: what for path, what in seen.items() if path not in own} == stands
    assert {bytes.fromhex(path).split(b"/")[0] for path in own} <= {b".claude", b".git"}, sorted(own)


def test_the_comparison_sees_one_changed_byte(machine: Any) -> None:
    """A bare session in a folder that differs in one byte of one file: the calls that read it are named."""
    stage = Stage(Yard(machine, User(os.getuid(), os.getgid())))
    first = turns()[:6]
    put_copy_in_place(stage.workspace)
    one = stage.bare(machine.write_script(first, name="one.json"))
    put_copy_in_place(stage.workspace)
    again = stage.bare(machine.write_script(first, name="again.json"))
    put_copy_in_place(stage.workspace)
    readme = stage.workspace / "README.md"
    readme.write_text(readme.read_text().replace("project", "Project"))
    other = stage.bare(machine.write_script(first, name="other.json"))
    missing = dict(list(one.items())[1:])
    assert differing(one, again) == {}
    named = [dry[0] for dry, _live in differing(one, other).values() if isinstance(dry, tuple)]
    assert [each.split()[0] for each in named] == ["Bash", "Read"]
    assert len(differing(one, missing)) == 1
