"""From a rehearsal of the real Claude Code through the review screen to the real world."""

from __future__ import annotations

import subprocess
import sys

from going_live_stage import Stage, bash, insert, read, turn, upload, write

from harness.machine import SUPERVISE, Machine
from harness.terminal import Terminal
from harness.waiting import wait_for


def review(stage: Stage, run: str) -> Terminal:
    """The run's screen at a terminal of its own."""
    return Terminal(
        [SUPERVISE, "show", run], env=stage.machine.env, cwd=stage.workspace, columns=120, lines=40
    )


def approved_from_nowhere(stage: Stage, run_id: str) -> str:
    """What the screen's own way to approve says in a process without a terminal."""
    code = (
        "import asyncio, sys\n"
        "from supervisor.places import places\n"
        "from supervisor.screens.journal_plan import JournalPlan\n"
        "from supervisor.views.review import Ticks\n"
        "async def go():\n"
        "    plan = JournalPlan(places(), sys.argv[1])\n"
        "    await plan.read()\n"
        "    await plan.approve(Ticks())\n"
        "asyncio.run(go())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, run_id], env=stage.machine.env, cwd=stage.workspace,
        capture_output=True, text=True, check=False, start_new_session=True,
    )  # fmt: skip
    assert done.returncode != 0
    return done.stderr


def tick(screen: Terminal, key: str, *words: str) -> None:
    """Press a key until the screen shows `words`: in the guard time it does nothing."""

    def done() -> bool:
        screen.press(key)
        return all(word in screen.text for word in words)

    wait_for(done, f"{words}")


def test_what_was_ticked_on_the_screen_is_what_becomes_real(machine: Machine) -> None:
    """An upload is left out with the row that names it, a script that was cut is run for real: approved by
    typing the name, applied from the screen, and the world has exactly that. A process without a terminal
    approves nothing on the way that the screen takes."""
    stage = Stage(machine)
    posted = machine.root / "posted"
    script = stage.workspace / "build.sh"
    script.write_text(f'#!/bin/sh\necho built > build.log\necho wanted > "{posted}" || true\n')
    script.chmod(0o755)
    run = stage.rehearse(
        [
            turn(write("page.html", "<h1>42</h1>\n")),
            turn(upload("img/41.png")),
            turn(upload("img/42.png"), insert("img/42.png")),
            turn(bash("./build.sh")),
        ]
    )
    assert not posted.exists() and not (stage.workspace / "build.log").exists()
    code, said = stage.at_terminal("approve", run, "--for-real", "1")
    assert code == 2 and "no command that ran without network" in said
    asked = ("Type the run's name", "another")
    code, said = stage.at_terminal("approve", run, "--for-real", "5", typed=(asked,))
    assert code == 2 and "#5    command  ./build.sh" in said and not stage.events(run, "plan approved")
    assert "only a person at a terminal" in approved_from_nowhere(stage, stage.newest()["id"])
    with review(stage, run) as screen:
        screen.wait_for("e reviews the plan")
        screen.press("e")
        screen.wait_for("5 of 5 items ticked", "uses img/42.png, created by #3", "<h1>42</h1>", "no network")
        screen.press("\x1b[B\x1b[B")
        tick(screen, " ", "Leaving #3 out orphans 1 item")
        screen.press("n")
        screen.wait_for("3 of 5 items ticked")
        screen.press("\x1b[F")
        screen.wait_for("Chosen: its file changes", "+ built")
        screen.press("c")
        screen.wait_for("Chosen: run it for real", "run for real")
        screen.press("a")
        screen.wait_for(f"Type {run} to approve exactly 3 items.")
        screen.press(f"{run}\r")
        screen.wait_for("Approved until", f"supervise apply {run}")
        screen.press("p")
        screen.wait_for("#1 executed", "#2 executed", "#5 executed", "Enter brings you back")
        screen.press("\r")
        screen.wait_for("done", f"supervise undo {run}")
        screen.press("qq")
        assert screen.wait_for_end() == 0
    assert (stage.workspace / "page.html").read_text() == "<h1>42</h1>\n"
    assert stage.uploaded() == ["img/41.png"] and stage.keys() == []
    assert posted.read_text() == "wanted\n" and (stage.workspace / "build.log").exists()
    (given,) = stage.events(run, "plan approved")
    assert given["items"] == [1, 2, 5] and given["left_out"] == [3, 4] and given["for_real"] == [5]
    assert given["by"].startswith("operator") and "/dev/pts/" in given["by"]
    assert machine.json("verify", "--json")["ok"]


def test_drift_is_seen_on_the_screen_and_approved_over_item_by_item(machine: Machine) -> None:
    """A file is edited and a branch of a real remote is moved after the rehearsal: the screen shows both, on
    their items, and approves neither unasked; what was approved over is applied on what is there now, and one
    more change is drift again. The third way on rehearses the same task once more."""
    stage = Stage(machine)
    stage.make_repository()
    first = stage.git("rev-parse", "main").strip()
    page = stage.workspace / "page.html"
    page.write_text("old\n")
    stage.git("commit", "-q", "--allow-empty", "-m", "second")
    stage.git("push", "-q", "origin", "main")
    second = stage.git("rev-parse", "main").strip()
    run = stage.rehearse(
        [
            turn(read("page.html")),
            turn(write("page.html", "new\n"), bash("git push -q origin main"), upload("1.png")),
        ]
    )
    page.write_text("theirs\n")
    bare = ("--git-dir", str(stage.remote))
    stage.git(*bare, "update-ref", "refs/heads/main", first)
    with review(stage, run) as screen:
        screen.wait_for("e reviews the plan")
        screen.press("e")
        screen.wait_for("DRIFT: 2 items ticked, first #2", "+  file, mode 644, 7 bytes", "r rehearse")
        tick(screen, "a", "#2 is done to what has changed")
        tick(screen, "o", "Approve #2 all the same")
        tick(screen, "y", "over DRIFT", "1 item ticked, first #3")
        screen.press("\x1b[B")
        screen.wait_for("Δ DRIFT: git ls-remote origin main", f"-  {second}", f"+  {first}")
        screen.press("o")
        screen.wait_for("Approve #3 all the same")
        tick(screen, "y", "Chosen: all the same")
        screen.wait_until_gone("Δ DRIFT: 1 item")
        screen.press("\x1b[B")
        screen.wait_for("NOT KNOWN whether its target")
        screen.press("a")
        screen.wait_for(f"Type {run} to approve exactly 3 items, 2 over drift.")
        screen.press(f"{run}\r")
        screen.wait_for("Approved until")
        page.write_text("theirs again\n")
        screen.press("p")
        screen.wait_for("DRIFT  page.html", "nothing was applied", "Enter brings you back")
        assert stage.git(*bare, "rev-parse", "main").strip() == first
        page.write_text("theirs\n")
        screen.press("\r")
        screen.wait_for("Approved until", "DRIFT: 2 items ticked")
        screen.press("p")
        screen.wait_for("#4 executed", "Enter brings you back")
        assert page.read_text() == "new\n" and stage.uploaded() == ["1.png"]
        assert stage.git(*bare, "rev-parse", "main").strip() == second
        screen.press("\r")
        screen.wait_for(f"supervise undo {run}")
        assert "DRIFT" not in screen.text, "what was done is no drift"
        screen.press("r")
        newest = wait_for(lambda: n if (n := stage.newest())["name"] != run else None, "another run")
        screen.wait_for(newest["name"], "dry-run")
        screen.press("q")
        screen.wait_for("Enter brings you back")
        screen.press("\r")
        screen.wait_for(f"supervise undo {run}")
        screen.press("qq")
        assert screen.wait_for_end() == 0
    assert (newest["task"], newest["mode"]) == ("go", "dry-run")
    assert machine.supervise("stop", newest["name"]).returncode == 0
    (given,) = stage.events(run, "plan approved")
    assert [each["n"] for each in given["accepted"]] == [2, 3]
