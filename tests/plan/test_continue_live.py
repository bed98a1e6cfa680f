"""The conversation goes on live after the apply: what the agent is told, and what it may then do."""

from __future__ import annotations

import pytest
from going_live_stage import CONFIRM, END, Stage, bash, insert, read, turn, upload, write

from harness.machine import Machine


@pytest.fixture
def stage(machine: Machine) -> Stage:
    """Systems outside of the folder."""
    return Stage(machine)


def test_after_the_apply_the_same_conversation_works_in_the_real_folder(stage: Stage) -> None:
    """One session: its first live message names what is real, its next write is real."""
    run = stage.rehearse(
        [turn(write("a.txt", "a"), upload("img/1.png")), END, turn(read("a.txt"), write("b.txt", "b")), END]
    )
    stage.approve(run)
    code, screen = stage.at_terminal("apply", run, "--continue", "--headless", typed=(CONFIRM,))
    assert code == 0, screen
    assert stage.uploaded() == ["img/1.png"]
    assert (stage.workspace / "a.txt").read_text() == "a"
    assert (stage.workspace / "b.txt").read_text() == "b"
    live = stage.newest()
    assert (live["mode"], live["dry"], live["session_id"]) == (
        "live",
        False,
        stage.show(run)["run"]["session_id"],
    )
    assert [decision for decision, _, _ in stage.decisions(live["name"])] == ["pass", "real"]
    assert all(outcome == "executed" for _, _, outcome in stage.decisions(live["name"]))
    assert stage.show(run)["run"]["dry"] is True
    assert stage.events(run, "went live")[0]["run"] == live["id"]
    (started,) = stage.events(live["id"], "run started")
    assert started["rehearsal"] == stage.show(run)["run"]["id"]
    assert stage.events(live["id"], "session ready")[0]["source"] == "resume"
    assert stage.machine.json("verify", "--json")["ok"]


def test_its_first_message_says_what_is_real_what_was_left_out_and_what_failed(stage: Stage) -> None:
    """One file done, one upload left out, one command failed, one row behind it not reached."""
    gone = stage.machine.root / "gone" / "x"
    run = stage.rehearse(
        [
            turn(write("a.txt", "a")),
            turn(upload("left-out.png")),
            turn(bash(f"touch {gone}")),
            turn(insert("k")),
            END,
        ]
    )
    stage.approve(run, "--leave-out", "2")
    code, screen = stage.at_terminal("apply", run, "--continue", "--headless", typed=(CONFIRM,))
    assert "#3 failed" in screen
    assert code == 0, screen
    (prompt,) = stage.events(stage.newest()["id"], "prompt passed")
    said = prompt["text"]
    done, rest = said.split("LEFT OUT", 1)
    left, rest = rest.split("FAILED", 1)
    failed, never = rest.split("NOT REACHED", 1)
    assert "THE REHEARSAL IS OVER" in done
    assert "#1 files by Write: added a.txt" in done
    assert "#2 mcp__store__put_object" in left
    assert "#3 Bash `touch" in failed and "No such file" in failed
    assert "#4 mcp__database__insert_row" in never
    assert not stage.uploaded() and not stage.keys()


def test_what_is_outside_the_folder_still_waits_after_going_on(stage: Stage) -> None:
    """Live is no free pass: without a person at the screen an upload is denied, and the exit code says so."""
    run = stage.rehearse([turn(write("a.txt", "a")), END, turn(upload("later.png")), END])
    stage.approve(run)
    assert stage.at_terminal("apply", run)[0] == 0
    code, screen = stage.at_terminal("apply", run, "--continue", "--headless", typed=(CONFIRM,))
    assert code == 4, screen
    assert not stage.uploaded()
    assert stage.decisions(stage.newest()["id"])[0][0] == "blocked"


def test_it_goes_on_once_by_a_typed_name_and_only_from_an_apply(stage: Stage) -> None:
    """Not before an apply, not without the name, not twice, not after an undo."""
    run = stage.rehearse([turn(write("a.txt", "a")), END, turn(write("b.txt", "b")), END])
    code, screen = stage.at_terminal("apply", run, "--continue", "--headless")
    assert code == 2 and "is not approved" in screen
    stage.approve(run)
    assert stage.machine.supervise("apply", run, "--continue").returncode == 2
    wrong = ((CONFIRM[0], "yes"),)
    code, screen = stage.at_terminal("apply", run, "--continue", "--headless", typed=wrong)
    assert code == 2 and "not confirmed" in screen
    assert (stage.workspace / "a.txt").exists() and not (stage.workspace / "b.txt").exists()
    code, screen = stage.at_terminal("apply", run, "--continue", "--headless", typed=(CONFIRM,))
    assert code == 0, screen
    assert (stage.workspace / "b.txt").exists()
    code, screen = stage.at_terminal("apply", run, "--continue", "--headless")
    assert code == 2 and "used already" in screen

    other = stage.rehearse([turn(write("c.txt", "c")), END])
    stage.approve(other)
    assert stage.at_terminal("apply", other)[0] == 0
    assert stage.at_terminal("undo", other)[0] == 0
    code, screen = stage.at_terminal("apply", other, "--continue", "--headless")
    assert code == 2 and "used already" in screen
