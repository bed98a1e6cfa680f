"""A shadow's life: what the machine must give, who made which change, how its programs end, what is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from shadowing import User, Yard, tree

from harness.machine import Machine
from supervisor.errors import ContainmentError
from supervisor.shadow.attribution import Ledger, Snapshot, Touched, attribute, take_snapshot
from supervisor.shadow.backend import BackendKind
from supervisor.shadow.capabilities import Capabilities, Capability, Part, probe
from supervisor.shadow.changes import ChangeKind
from supervisor.shadow.clone import CloneShadow
from supervisor.shadow.diff import unified
from supervisor.shadow.kept import discard, find_shadows, open_shadow, reopen
from supervisor.shadow.leftovers import keep_login, written_below_home
from supervisor.shadow.overlay import LAUNCHER
from supervisor.shadow.shell import perl

NO_NAMESPACES = """
import json, sys
from pathlib import Path
from supervisor.shadow.capabilities import probe
found = probe(Path(sys.argv[1]), Path(sys.argv[2]))
print(json.dumps({part.part.value: [part.present, part.why, part.cure] for part in found.parts}))
"""


def test_this_machine_gives_everything(yard: Yard) -> None:
    """Real trials: namespaces, overlay, a network that can be cut inside, and shifted owners for root."""
    able = yard.user.do(lambda: probe(yard.workspace, yard.places.state, yard.env))
    assert able.missing == ()
    assert able.backend is BackendKind.OVERLAY
    assert able.shifted == (yard.user.uid == 0)
    assert sorted(path.name for path in yard.places.state.iterdir()) == [], "a probe leaves nothing"


@pytest.mark.parametrize("name", ["contain", "confine", "network", "mounting"])
def test_what_stands_around_programs_is_sound_perl(name: str) -> None:
    """It loads neither `strict` nor `warnings`, to start sooner, and yet is clean under both."""
    program = LAUNCHER.with_name(f"{name}.pl")
    argv = [perl(), "-Mstrict", "-Mwarnings=FATAL,all", "-c", str(program)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.stderr == f"{program} syntax OK\n"


def test_a_missing_program_is_named_with_what_to_install(yard: Yard) -> None:
    """Without bwrap on the PATH MCP servers cannot be held; all else is there."""
    env = {**yard.env, "PATH": "/nonexistent"}
    able = yard.user.do(lambda: probe(yard.workspace, yard.places.state, env))
    (missing,) = [part for part in able.missing if part.part is Part.SANDBOX]
    assert "bwrap" in missing.why and "apt install bubblewrap" in missing.cure


def test_a_system_without_user_namespaces_is_told_which_setting_to_change(machine: Machine) -> None:
    """Where the kernel refuses user namespaces, for real, the setting and the command are named."""
    command = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    probing = [sys.executable, "-c", NO_NAMESPACES, str(machine.workspace), str(machine.state)]
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", command, "sh", *probing],
        capture_output=True,
        text=True,
        check=True,
        env={**machine.env, "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    found = json.loads(done.stdout)
    assert found["namespaces"][0] is False
    assert "max_user_namespaces" in found["namespaces"][1] and "sysctl" in found["namespaces"][2]
    assert found["overlay"][0] is False and found["sandbox"][0] is False


def test_a_folder_that_holds_the_system_is_not_shadowed_by_an_overlay(yard: Yard) -> None:
    """For `/` the reason is given, and forcing the overlay is refused."""
    able = yard.user.do(lambda: probe(Path("/"), yard.places.state, yard.env))
    assert not able.overlay
    with pytest.raises(ContainmentError, match="system's own folders"):
        open_shadow(yard.places, "run", Path("/"), able, backend=BackendKind.OVERLAY)


def test_without_namespaces_the_folder_is_copied_and_nothing_is_wrapped(machine: Machine) -> None:
    """As on macOS: the program works in the copy, and the copy tells what it did."""
    yard = Yard(machine, User(os.getuid(), os.getgid()))
    (yard.workspace / "a").write_text("one\n")
    (yard.workspace / "big").write_text("x" * 5000)
    (yard.workspace / ".gitignore").write_text("big\n")
    subprocess.run(["git", "init", "-q", str(yard.workspace)], check=True)
    none = Capabilities((Capability(Part.NAMESPACES, False, "none"),))
    seen: list[tuple[int, int]] = []
    shadow = open_shadow(
        yard.places,
        "run",
        yard.workspace,
        none,
        skip_ignored_over=1000,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert isinstance(shadow, CloneShadow)
    assert shadow.cwd != yard.workspace and shadow.wrap(["x"], yard.env, yard.openings()) == ["x"]
    (shadow.cwd / "a").write_text("two\n")
    (change,) = shadow.changes().changes
    assert (change.path, change.kind) == ("a", ChangeKind.MODIFIED)
    assert shadow.record.skipped == ("big",) and not (shadow.cwd / "big").exists()
    assert seen[-1][0] == seen[-1][1]
    text = unified(change, yard.workspace / "a", shadow.cwd / "a")
    assert text is not None and text.endswith("@@ -1 +1 @@\n-one\n+two\n")


def test_a_change_that_keeps_size_and_time_is_still_seen_in_a_clone(yard: Yard) -> None:
    """The kernel's own time of change gives it away."""
    (yard.workspace / "a").write_text("one")
    yard.user.owns(yard.machine.root)
    shadow = yard.open(BackendKind.CLONE)
    yard.shell(shadow, "t=$(stat -c @%.9Y a); printf two > a; touch -d $t a")
    assert [c.path for c in yard.user.do(shadow.changes).changes] == ["a"]


def test_a_workspace_that_holds_home_and_the_shadow_itself_works(yard: Yard) -> None:
    """A run in a folder with home and the state folder below it: exact, and the state folder is not there."""
    (yard.machine.root / "state").mkdir(exist_ok=True)
    yard.user.owns(yard.machine.root)
    whole = Yard(yard.machine, yard.user)
    whole.machine = type(yard.machine)(yard.machine.root.parent / yard.machine.root.name, yard.machine.env)
    able = yard.user.do(lambda: probe(yard.machine.root, yard.places.state, yard.env))
    assert able.overlay, able.missing
    shadow = yard.user.do(lambda: reopen(open_shadow(yard.places, "run", yard.machine.root, able).folder))
    said = yard.shell(shadow, "echo x > made; echo y > home/made; ls -A state/supervise | wc -l; pwd")
    assert said.split() == ["0", str(yard.machine.root)]
    found = [c.path for c in yard.user.do(shadow.changes).changes]
    assert [path for path in found if not path.startswith(("state", "home/.claude"))] == ["home/made", "made"]
    assert not (yard.machine.root / "made").exists()


def test_a_workspace_below_home_keeps_its_changes_apart_from_home(machine: Machine, user: User) -> None:
    """The usual case: what is written in the workspace is a change, what in home is thrown away."""
    env = {**machine.env, "HOME": str(machine.root)}
    (machine.root / ".bashrc").write_text("mine\n")
    yard = Yard(machine, user, env=env)
    shadow = yard.open()
    yard.shell(
        shadow, "echo x > a; echo y > ~/b; echo z >> ~/.bashrc; echo c > ~/.cache-me; mkdir -p ~/.cache/d"
    )
    assert [c.path for c in yard.user.do(shadow.changes).changes] == ["a"]
    assert yard.user.do(lambda: written_below_home(shadow.folder)) == (".bashrc", ".cache-me", "b")
    assert (machine.root / ".bashrc").read_text() == "mine\n" and not (machine.root / "b").exists()


def test_everything_dies_with_the_process_that_started_it(yard: Yard) -> None:
    """The parent is killed: daemons of the tree, however detached, are gone, and the overlay with them."""
    shadow = yard.open()
    script = "(setsid sleep 300 </dev/null >/dev/null 2>&1 &); echo up; exec sleep 300"

    def parent() -> int:
        child = os.fork()
        if child == 0:
            argv = shadow.wrap(["/bin/bash", "-c", script], yard.env, yard.openings())
            with subprocess.Popen(argv, env=yard.env, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                process.stdout.readline()
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        return child

    yard.user.do(parent)
    yard.machine.wait_until_still()


def test_the_exit_code_and_the_streams_are_the_programs_own(yard: Yard) -> None:
    """Code, signal, stdin, stdout and stderr pass through the launcher."""
    shadow = yard.open()
    done = yard.run(shadow, "/bin/sh", "-c", "cat; echo err >&2; exit 7", input="in")
    assert (done.returncode, done.stdout, done.stderr) == (7, "in", "err\n")
    assert yard.run(shadow, "/bin/sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM
    missing = yard.run(shadow, "/nonexistent/program")
    assert missing.returncode == 125 and "/nonexistent/program" in missing.stderr


def test_a_shadow_outlives_its_run_and_goes_on_where_it_was(yard: Yard) -> None:
    """A killed run leaves its changes; a later process finds them, and a resumed run sees them."""
    shadow = yard.open()
    yard.run(shadow, "/bin/sh", "-c", "echo one > a; kill -9 $$")
    (kept,) = find_shadows(yard.places)
    again = yard.user.do(lambda: reopen(kept.folder))
    assert yard.shell(again, "cat a; echo two >> a; cat a").split() == ["one", "one", "two"]
    assert [c.path for c in yard.user.do(again.changes).changes] == ["a"]
    before = tree(yard.workspace)
    yard.user.do(lambda: discard(kept.folder))
    assert tree(yard.workspace) == before and find_shadows(yard.places) == ()


def test_changes_are_credited_to_the_calls_that_made_them(yard: Yard) -> None:
    """Two calls, a command in the background, and a folder deleted whole, through real snapshots."""
    for name in ("gone/x", "gone/deep/y", "kept"):
        (yard.workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (yard.workspace / name).write_text("base\n")
    yard.user.owns(yard.machine.root)
    shadow = yard.open()
    ledger = Ledger(shadow.snapshot())
    for call, script in (
        ("write", "echo 1 > kept"),
        ("remove", "rm -r gone"),
        ("both", "echo 2 >> kept; mkdir new; echo > new/file; echo t > t; rm t"),
    ):
        ledger.started(call, shadow.snapshot())
        yard.shell(shadow, script)
        ledger.ended(call, shadow.snapshot())
    ledger.started("server", shadow.snapshot())
    ledger.ended("server", shadow.snapshot(), still_running=True)
    yard.shell(shadow, "echo log > log")
    assert ledger.look(shadow.snapshot()) == Touched(("server",), ("log",))
    ledger.finished("server", shadow.snapshot())
    yard.shell(shadow, "echo who > who")
    ledger.look(shadow.snapshot())

    changes = attribute(yard.user.do(shadow.changes), ledger.touched)
    assert {change.path: change.calls for change in changes.changes} == {
        "gone": ("remove",),
        "gone/deep": ("remove",),
        "gone/deep/y": ("remove",),
        "gone/x": ("remove",),
        "kept": ("write", "both"),
        "log": ("server",),
        "new": ("both",),
        "new/file": ("both",),
        "who": (),
    }
    assert changes.digest == yard.user.do(shadow.changes).digest


def test_parallel_calls_share_what_nobody_can_tell_apart() -> None:
    """While two calls run, a change is credited to both; the background counts when nothing else runs."""
    ledger = Ledger(Snapshot({}))
    ledger.started("bg", Snapshot({}))
    ledger.ended("bg", Snapshot({}), still_running=True)
    ledger.started("a", Snapshot({}))
    ledger.started("b", Snapshot({}))
    assert ledger.look(Snapshot({b"x": (1,)})) == Touched(("a", "b"), ("x",))
    assert ledger.ended("a", Snapshot({b"x": (2,)})) == Touched(("a", "b"), ("x",))
    ledger.ended("b", Snapshot({b"x": (2,)}))
    assert ledger.look(Snapshot({})) == Touched(("bg",), ("x",))
    assert Ledger(Snapshot({}), ledger.touched).touched == ledger.touched


def test_a_snapshot_of_nothing_is_empty(tmp_path: Path) -> None:
    """A folder that is gone has no entries, and that is no error."""
    assert take_snapshot(os.fsencode(tmp_path / "gone")).entries == {}


INSIDE_MOUNTS = """
import json, os, subprocess, sys
from pathlib import Path
sys.path[:0] = json.loads(sys.argv[1])
from harness.machine import Machine
from shadowing import User, Yard, tree
from supervisor.shadow.capabilities import Part, probe
from supervisor.shadow.kept import open_shadow
from supervisor.shadow.leftovers import written_below_home
root = Path(sys.argv[2])
yard = Yard(Machine(root, json.loads(sys.argv[3])), User(os.getuid(), os.getgid()))
for folder in (yard.workspace / "sub", yard.machine.home / "mnt"):
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)
    (folder / "f").write_text("inner")
(yard.machine.home / ".bashrc").write_text("mine")
before = tree(yard.machine.home, times=True)
able = probe(yard.workspace, yard.places.state, yard.env)
why = [part.why for part in able.missing if part.part is Part.OVERLAY]
assert str(yard.workspace / "sub") in why[0], why
shadow = open_shadow(yard.places, "run", yard.workspace, able)
writes = "echo x > sub/g; echo y >> ~/.bashrc; echo z > ~/mnt/g; echo n > ~/n; true"
assert yard.shell(shadow, "cat sub/f ~/mnt/f ~/.bashrc; " + writes) == "innerinnermine"
assert [c.path for c in shadow.changes().changes] == ["sub/g"]
assert written_below_home(shadow.folder) == (".bashrc", "n")
after = tree(yard.machine.home, times=True)
assert {path: after[path] for path in before if path} == {path: what for path, what in before.items() if path}
assert not [path for path in after if path not in before and not path.startswith("/.claude")]
"""


def test_mounts_in_the_workspace_and_in_home_are_no_way_out(machine: Machine) -> None:
    """The kernel takes no overlay there: the workspace is copied, mounts in home are read-only."""
    space = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
    arguments = [json.dumps(sys.path), str(machine.root), json.dumps(machine.env)]
    done = subprocess.run(
        [*space, sys.executable, "-c", INSIDE_MOUNTS, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_renewed_login_is_kept_and_nothing_else(yard: Yard) -> None:
    """A newer login written inside reaches the real file; an older one, a link, or other keys do not."""
    config = yard.machine.home / ".claude"
    config.mkdir()
    real = config / ".credentials.json"
    real.write_text(json.dumps({"claudeAiOauth": {"accessToken": "old", "expiresAt": 10}, "other": 1}))
    (yard.machine.root / "secret").write_text(json.dumps({"claudeAiOauth": {"expiresAt": 99}}))
    yard.user.owns(yard.machine.root)
    shadow = yard.open()

    def write_inside(expires: int) -> bool:
        login = {
            "claudeAiOauth": {"accessToken": f"new{expires}", "expiresAt": expires, "evil": 1},
            "other": 2,
        }
        yard.shell(
            shadow,
            f"rm -f ~/.claude/.credentials.json; echo '{json.dumps(login)}' > ~/.claude/.credentials.json",
        )
        return yard.user.do(lambda: keep_login(shadow.folder, yard.machine.home, config))

    assert not write_inside(5)
    assert write_inside(20)
    assert json.loads(real.read_text()) == {
        "claudeAiOauth": {"accessToken": "new20", "expiresAt": 20},
        "other": 1,
    }
    yard.shell(shadow, f"ln -sf {yard.machine.root}/secret ~/.claude/.credentials.json")
    assert not yard.user.do(lambda: keep_login(shadow.folder, yard.machine.home, config))


def test_what_claude_code_keeps_for_itself_is_no_change_of_the_run(yard: Yard) -> None:
    """Its own folder is left out wherever the shell stood, and listed once the run wrote into it."""
    shadow = yard.open()
    yard.shell(shadow, "mkdir -p .claude/.cc-writes; echo > .env")
    assert [c.path for c in yard.user.do(shadow.changes).changes] == [".env"]
    yard.shell(shadow, "echo x > .claude/notes; chmod 444 .env")
    found = [c.path for c in yard.user.do(shadow.changes).changes]
    assert found == [".claude", ".claude/notes", ".env"]
    yard.shell(shadow, "mkdir -p deploy/.claude/.cc-writes; echo > deploy/made")
    found = [c.path for c in yard.user.do(shadow.changes).changes]
    assert found == [".claude", ".claude/notes", ".env", "deploy", "deploy/made"]
