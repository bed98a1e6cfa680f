"""From a rehearsal of the real Claude Code through the review screen to the real world."""

from __future__ import annotations

import subprocess
import sys

from going_live_stage import Stage, bash, insert, turn, upload, write

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
