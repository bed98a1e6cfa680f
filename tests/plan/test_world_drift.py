"""The world moves on between rehearsal and apply: files, a branch, tables, an object. Nothing is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from going_live_stage import END, Stage, bash, read, turn, write
from real_systems import KEY, PAGE, RealSystems, servers

from harness.machine import Machine, new_machine
from supervisor.journal.events import Probe
from supervisor.journal.listing import find_run
from supervisor.places import places
from supervisor.runner.probing import prober_of

OTHER = "other.txt"
PUSH = bash("git push -q origin main")
LOCAL_ROWS = "SELECT * FROM images ORDER BY id"


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal of a write to every system, approved."""

    stage: RealSystems
    run: str

    @property
    def page(self) -> Path:
        """The file that the plan replaces."""
        return self.stage.workspace / PAGE

    def systems(self) -> tuple[str, ...]:
        """Every system outside of the folder as it stands."""
        stage = self.stage
        return stage.remote_tree(), stage.rows.dump(), stage.store.objects(), str(stage.sql(LOCAL_ROWS))

    def alerts(self) -> list[str]:
        """Alerts of drift in the journal."""
        raised = self.stage.events(self.run, "alert")
        return [each["detail"] for each in raised if each["alert"] == "drift"]


@pytest.fixture(scope="module")
def rehearsed() -> Iterator[Rehearsed]:
    """One rehearsal and one approval for all: drift does not use the approval up."""
    with servers() as (store, rows), new_machine() as machine:
        stage = RealSystems(machine, store, rows)
        (stage.workspace / "gone.txt").write_text("to be deleted\n")
        run = stage.rehearse(
            [
                turn(read(PAGE)),
                turn(write(PAGE, "new\n"), write(OTHER, "x"), bash("rm gone.txt")),
                turn(bash(f"git add {PAGE} && git commit -q -m 'the new page'")),
                turn(PUSH, stage.copy(), stage.insert_row("new.png")),
                turn(bash(f"sqlite3 {stage.database} \"insert into images (key) values ('new.png')\"")),
                END,
            ]
        )
        screen = stage.approve(run)
        assert "DRIFT" not in screen and "NOT KNOWN" not in screen, screen
        yield Rehearsed(stage, run)


def edit(world: Rehearsed) -> Callable[[], None]:
    """Somebody edits the page."""
    world.page.write_text("edited\n")
    return lambda: _keep(world.page.write_text("old\n"))


def delete(world: Rehearsed) -> Callable[[], None]:
    """Somebody deletes it."""
    world.page.unlink()
    return lambda: _keep(world.page.write_text("old\n"))


def chmod(world: Rehearsed) -> Callable[[], None]:
    """Somebody makes it executable."""
    mode = world.page.stat().st_mode
    world.page.chmod(0o755)
    return lambda: world.page.chmod(mode)


def replace_by_folder(world: Rehearsed) -> Callable[[], None]:
    """Somebody puts a folder in its place."""
    world.page.unlink()
    world.page.mkdir()

    def back() -> None:
        world.page.rmdir()
        world.page.write_text("old\n")

    return back


def come_back(world: Rehearsed) -> Callable[[], None]:
    """Somebody has already deleted what the plan deletes, and put a link there."""
    gone = world.stage.workspace / "gone.txt"
    gone.unlink()
    gone.symlink_to(PAGE)

    def back() -> None:
        gone.unlink()
        gone.write_text("to be deleted\n")

    return back


def move_branch(world: Rehearsed) -> Callable[[], None]:
    """Somebody else pushes to the branch."""
    bare = ("--git-dir", str(world.stage.remote))
    before = world.stage.git(*bare, "rev-parse", "main").strip()
    identity = ("-c", "user.name=B", "-c", "user.email=b@example.org")
    tree = world.stage.git(
        *bare, *identity, "commit-tree", "-p", before, "-m", "theirs", "main^{tree}"
    ).strip()
    world.stage.git(*bare, "update-ref", "refs/heads/main", tree)
    return lambda: _keep(world.stage.git(*bare, "update-ref", "refs/heads/main", before))


def add_column(world: Rehearsed) -> Callable[[], None]:
    """Somebody adds a column to the table."""
    world.stage.rows.run("alter table images add column size integer")
    return lambda: _keep(world.stage.rows.run("alter table images drop column size"))


def add_column_to_file(world: Rehearsed) -> Callable[[], None]:
    """Somebody adds a column to the table of a database in a file."""
    world.stage.sql("ALTER TABLE images ADD COLUMN size INTEGER")
    return lambda: _keep(world.stage.sql("ALTER TABLE images DROP COLUMN size"))


def replace_object(world: Rehearsed) -> Callable[[], None]:
    """Somebody puts another object in the place of the one that the plan replaces."""
    world.stage.store.put(KEY, "theirs\n")
    return lambda: world.stage.store.put(KEY, "old\n")


def lose_remote(world: Rehearsed) -> Callable[[], None]:
    """The remote, which the rehearsal could see, cannot be reached any more."""
    away = world.stage.remote.with_suffix(".away")
    world.stage.remote.rename(away)
    return lambda: _keep(away.rename(world.stage.remote))


def _keep(_result: object) -> None:
    return None


CASES: tuple[tuple[Callable[[Rehearsed], Callable[[], None]], str, str], ...] = (
    (edit, PAGE, "bytes, sha256"),
    (delete, PAGE, "+  nothing there"),
    (chmod, PAGE, "+  file, mode 755"),
    (replace_by_folder, PAGE, "+  folder, mode"),
    (come_back, "gone.txt", f"+  symlink to {PAGE}"),
    (move_branch, "git ls-remote origin main", "refs/heads/main"),
    (add_column, "psql", "+  public|images|size|integer"),
    (add_column_to_file, "sqlite3 -readonly", "+  table|images|images|CREATE TABLE images"),
    (replace_object, "list-objects-v2", KEY),
    (lose_remote, "git ls-remote origin main", "not known now"),
)


@pytest.mark.parametrize(("move", "named", "shown"), CASES, ids=[case[0].__name__ for case in CASES])
def test_whatever_moved_on_is_shown_and_nothing_is_applied(
    rehearsed: Rehearsed, move: Callable[[Rehearsed], Callable[[], None]], named: str, shown: str
) -> None:
    """One thing changes: the apply names it, shows how it differs, journals an alert, and does none of it."""
    before, alerts = rehearsed.systems()[1:], len(rehearsed.alerts())
    back = move(rehearsed)
    moved = rehearsed.systems() if move is not lose_remote else ()
    code, screen = rehearsed.stage.at_terminal("apply", rehearsed.run)
    assert code == 4 and "nothing was applied" in screen, screen
    assert f"DRIFT  {named}" in screen or (f"{named}" in screen and "DRIFT  #" in screen), screen
    assert shown in screen and "Three ways on" in screen, screen
    assert not (rehearsed.stage.workspace / OTHER).exists()
    assert not moved or rehearsed.systems() == moved
    raised = rehearsed.alerts()
    assert len(raised) == alerts + 1 and named.split()[0] in raised[-1]
    back()
    assert rehearsed.systems()[1:] == before


def test_a_guarded_run_does_not_start_on_another_world(rehearsed: Rehearsed) -> None:
    """The plan was approved for the world that the rehearsal saw; a fresh run held to it needs the same."""
    runs = len(rehearsed.stage.machine.json("runs", "--json"))
    back = move_branch(rehearsed)
    code, screen = rehearsed.stage.at_terminal("run", "--plan", rehearsed.run, "--headless")
    assert code == 4 and "drift" in screen and "+  " in screen, screen
    assert len(rehearsed.stage.machine.json("runs", "--json")) == runs
    back()


def test_a_probe_that_was_altered_in_the_journal_is_not_run(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each probe is judged anew when it is taken again: whatever does more than read stays unrun."""
    machine = rehearsed.stage.machine
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, machine.env[name])
    prober = prober_of(places(), find_run(places().journal, rehearsed.run))
    made, here = machine.root / "made", str(machine.workspace)
    for command in (
        ("touch", str(made)),
        ("git", "push", "origin", "main"),
        ("cat", str(machine.state / "x")),
    ):
        assert "no read" in prober.look(Probe(command, here)).trouble
    assert not made.exists()
    assert prober.look(Probe(("git", "ls-remote", "origin"), here)).output
    # A read by its words, but the repository's own configuration has it run a program.
    rehearsed.stage.git("config", "core.sshCommand", f"touch {made};")
    assert prober.look(Probe(("git", "ls-remote", "ssh://nowhere/x"), here)).trouble
    rehearsed.stage.git("config", "--unset", "core.sshCommand")
    assert not made.exists()


def test_when_the_world_is_as_it_was_the_same_approval_applies(rehearsed: Rehearsed) -> None:
    """All of the above refused for the drift alone: with the world put back, everything becomes real."""
    code, screen = rehearsed.stage.at_terminal("apply", rehearsed.run)
    assert code == 0, screen
    tree, rows, objects, local = rehearsed.systems()
    assert tree.startswith("the new page\nthe old page\n") and "new.png" in rows and "new.png" in local
    assert "4" in objects and rehearsed.page.read_text() == "new\n"
    code, screen = rehearsed.stage.at_terminal("undo", rehearsed.run)
    assert code == 0 and rehearsed.page.read_text() == "old\n", screen
    assert "its reverse: git push --force origin" in screen and f"aws s3 rm s3://site/{KEY}" in screen


def test_drift_is_approved_over_item_by_item_and_only_as_it_was_seen(machine: Machine) -> None:
    """Each drifted item is asked for by itself. What changes after that is drift again."""
    stage = Stage(machine)
    stage.make_repository()
    (stage.workspace / PAGE).write_text("old\n")
    run = stage.rehearse([turn(read(PAGE)), turn(write(PAGE, "new\n")), turn(write(OTHER, "x"), PUSH), END])
    (stage.workspace / PAGE).write_text("theirs\n")
    (stage.workspace / OTHER).write_text("also theirs\n")
    stage.git("push", "-q", "origin", "main:other", "main:main-2")
    stage.git("commit", "-q", "--allow-empty", "-m", "second")
    stage.git("push", "-q", "origin", "main")
    yes, name = r"Approve #\d all the same", "Type the run's name"
    code, screen = stage.at_terminal("approve", run, typed=((yes, "y"), (yes, "n")))
    assert code == 2 and "not approved" in screen, screen
    assert stage.at_terminal("apply", run)[0] == 2
    answers = ((yes, "y"), (yes, "y"), (yes, "y"), (name, run))
    code, screen = stage.at_terminal("approve", run, typed=answers)
    assert code == 0, screen
    (stage.workspace / OTHER).write_text("theirs once more\n")
    code, screen = stage.at_terminal("apply", run)
    assert code == 4 and f"DRIFT  {OTHER}" in screen and f"DRIFT  {PAGE}" not in screen, screen
    (stage.workspace / OTHER).write_text("also theirs\n")
    code, screen = stage.at_terminal("apply", run)
    assert code == 0, screen
    assert [(stage.workspace / path).read_text() for path in (PAGE, OTHER)] == ["new\n", "x"]
    assert stage.at_terminal("undo", run)[0] == 0
    assert [(stage.workspace / path).read_text() for path in (PAGE, OTHER)] == ["theirs\n", "also theirs\n"]


def test_a_target_that_nobody_could_see_is_told_as_not_known(machine: Machine) -> None:
    """The remote is away during the rehearsal: plan, review and apply say so, and none calls it equal."""
    stage = Stage(machine)
    stage.make_repository()
    away = stage.remote.with_suffix(".away")
    stage.remote.rename(away)
    run = stage.rehearse([turn(PUSH, bash("git push -q $SOMEWHERE main")), END])
    away.rename(stage.remote)
    (first, second) = stage.machine.json("plan", "--json", run)["items"]
    assert "ended with 128" in first["probes"][0]["trouble"] and "not known" in second["probes"][0]["trouble"]
    assert stage.approve(run, "--leave-out", "2").count("NOT KNOWN  #1") == 1
    code, screen = stage.at_terminal("apply", run)
    assert code == 0 and "NOT KNOWN  #1" in screen, screen


def test_what_is_in_the_way_is_not_approved_over(machine: Machine) -> None:
    """A folder where a file was: what is in it was shown to nobody, so only leaving out goes on."""
    stage = Stage(machine)
    (stage.workspace / PAGE).write_text("old\n")
    run = stage.rehearse([turn(read(PAGE)), turn(write(PAGE, "new\n"), write(OTHER, "x")), END])
    (stage.workspace / PAGE).unlink()
    (stage.workspace / PAGE).mkdir()
    (stage.workspace / PAGE / "inside").write_text("theirs\n")
    code, screen = stage.at_terminal("approve", run)
    assert code == 2 and "in the way" in screen, screen
    stage.approve(run, "--leave-out", "2")
    assert stage.at_terminal("apply", run)[0] == 0
    assert (stage.workspace / OTHER).exists() and (stage.workspace / PAGE / "inside").exists()
