"""End to end on real systems: rehearsed, approved, applied and continued leaves them as a live run does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from going_live_stage import CONFIRM, END, Stage, Turns, bash, insert, read, turn, upload, write
from real_systems import PAGE, RealSystems, servers
from tree_pairs import tree

from harness.machine import Machine, new_machine
from harness.systems import Database, Store

Systems = tuple[Store, Database]

ALL_LIVE = """\
mode = "mixed"

[targets]
"*" = "live"
"""


@pytest.fixture(scope="module")
def systems() -> Iterator[Systems]:
    """The servers; each stage empties them first."""
    with servers() as started:
        yield started


def job(stage: RealSystems) -> Turns:
    """Pages, a merge, and with it a branch, an object, rows, an upload and the row that names it."""
    return [
        turn(read(PAGE)),
        turn(write(PAGE, "new\n"), write("pages/42.html", "42\n")),
        turn(bash("git merge topic")),
        turn(bash(f"git add {PAGE} && chmod 600 {PAGE}")),
        turn(bash("git push -q origin main")),
        turn(stage.copy()),
        turn(stage.insert_row("42.png")),
        turn(upload("img/42.png")),
        turn(insert("img/42.png")),
    ]


AFTER: Turns = [turn(write("after.txt", "what the conversation did when it was live\n")), END]


def with_topic(machine: Machine, systems: Systems) -> RealSystems:
    """A stage on which somebody has left a branch to be merged."""
    stage = RealSystems(machine, *systems)
    stage.git("checkout", "-q", "-b", "topic")
    (stage.workspace / "merged.html").write_text("merged\n")
    stage.git("add", "merged.html")
    stage.git("commit", "-q", "-m", "a page by somebody else")
    stage.git("checkout", "-q", "main")
    return stage


def everything(stage: RealSystems) -> dict[str, object]:
    """Every system as it stands, but for times and ids of commits, and what git keeps for itself."""
    files = {
        path: what for path, what in tree(stage.workspace).items() if not path.startswith((".git", ".mcp"))
    }
    return {
        "folder": files,
        "branch": stage.remote_tree(),
        "refs": stage.git("--git-dir", str(stage.remote), "for-each-ref", "--format=%(refname)"),
        "bucket": stage.store.objects(),
        "table": stage.rows.dump(),
        "demo's store": tree(stage.objects),
        "demo's table": stage.sql("SELECT * FROM images ORDER BY id"),
    }


def test_rehearsed_and_applied_every_system_ends_as_after_a_live_run(systems: Systems) -> None:
    """Two machines, one script: live from the start, and rehearsed, approved, applied, continued live."""
    with new_machine() as machine:
        stage = with_topic(machine, systems)
        before = everything(stage)
        run = stage.rehearse([*job(stage), END, *AFTER])
        assert everything(stage) == before
        assert "NOT KNOWN" not in stage.approve(run)
        code, screen = stage.at_terminal("apply", run, "--continue", "--headless", typed=(CONFIRM,))
        assert code == 0, screen
        applied = everything(stage)
    with new_machine() as machine:
        stage = with_topic(machine, systems)
        assert everything(stage) == before
        machine.write_config(ALL_LIVE)
        script = machine.write_script([*job(stage), *AFTER])
        done = machine.supervise("run", "--headless", "--mode", "mixed", "--script", str(script), "go")
        assert done.returncode == 0, done.stderr
        calls = stage.show(stage.newest()["id"])["calls"]
        decided = {(call["decision"], call["outcome"]): call["why"] for call in calls}
        assert set(decided) == {("pass", "executed"), ("real", "executed")}, decided
        live = everything(stage)
    assert applied == live
    assert all(applied[name] != before[name] for name in before if name != "refs")


def test_the_orphan_of_the_story_needs_two_words_of_the_operator(machine: Machine) -> None:
    """The row without its object: not by leaving the object out, nor by a yes; by a yes and the name."""
    stage = Stage(machine)
    run = stage.rehearse([turn(upload("img/42.png")), turn(insert("img/42.png")), END])
    yes, name = "Approve #2 all the same", "Type the run's name"
    for typed in (((yes, "n"),), ((yes, "y"), (name, "y")), ((yes, ""),)):
        code, screen = stage.at_terminal("approve", run, "--leave-out", "1", typed=typed)
        assert code == 2 and "ORPHAN #2 uses img/42.png" in screen, screen
        assert stage.at_terminal("apply", run)[0] == 2
    assert not stage.keys()
    code, screen = stage.at_terminal("approve", run, "--leave-out", "1", typed=((yes, "y"), (name, run)))
    assert code == 0, screen
    assert stage.at_terminal("apply", run)[0] == 0
    assert stage.keys() == ["img/42.png"] and not stage.uploaded()


def test_an_approved_call_goes_to_the_server_that_was_approved(machine: Machine) -> None:
    """Another server of the same name, in the run's own configuration or in the folder of a guarded run, gets
    nothing."""
    stage = Stage(machine)
    run = stage.rehearse([turn(upload("1.png")), END])
    approval = str(stage.approve_to_file(run))
    offered = stage.workspace / ".mcp.json"
    original = offered.read_text()
    offered.write_text(original.replace(str(stage.objects), str(machine.root / "elsewhere")))
    script = machine.write_script([turn(upload("1.png")), END])
    done = machine.supervise("run", "--approval", approval, "--script", str(script))
    assert done.returncode == 1 and "'store' is not configured as it was" in done.stderr, done.stderr

    offered.write_text(original)
    assert "No probe looks at the targets of #1:" in stage.approve(run)
    kept = machine.state / "runs" / stage.show(run)["run"]["id"] / "mcp.json"
    kept.write_text(kept.read_text().replace(str(stage.objects), str(machine.root / "elsewhere")))
    code, screen = stage.at_terminal("apply", run)
    assert code == 2 and "no longer the one that was approved" in screen, screen
    assert not stage.uploaded() and not (machine.root / "elsewhere").exists()


def test_an_approval_that_cannot_be_written_is_not_given(machine: Machine) -> None:
    """`--out` onto a file that is there already, or into no folder: refused before the name is asked for."""
    stage = Stage(machine)
    run = stage.rehearse([turn(write("a.txt", "a")), END])
    taken = machine.root / "taken"
    taken.write_text("mine\n")
    for path in (taken, machine.root / "no-folder" / "x"):
        code, screen = stage.at_terminal("approve", run, "--out", str(path))
        assert code == 2 and "--out" in screen, screen
    assert taken.read_text() == "mine\n"
    fresh = machine.root / "fresh"
    wrong = (("Type the run's name", "no"),)
    assert stage.at_terminal("approve", run, "--out", str(fresh), typed=wrong)[0] == 2
    assert not fresh.exists() and not stage.events(run, "plan approved")
