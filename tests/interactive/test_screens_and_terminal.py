"""Sizes, several screens on one run, and screens that die while they hold the agent's terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import termios

import pytest
from operator_desk import AGENTS_SCREEN, COME_BACK, IDLE, OUR_SCREEN, Desk, Pane, bash, busy

from harness.machine import SUPERVISE
from harness.waiting import PATIENCE_S, wait_for
from supervisor.journal.events import AlertRaised, CallDecided, State


def agents_width(pane: Pane) -> int:
    """How wide Claude Code draws: the length of the line above its prompt box."""
    return max((len(line) for line in re.findall("─+", pane.text)), default=0)


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])
def test_the_agents_terminal_has_the_size_of_ours(desk: Desk, columns: int, lines: int) -> None:
    """Claude Code fills the terminal that attaches, follows it when it is resized, and our screen is whole
    in the new size when it comes back."""
    screen = desk.start_run(busy(400), columns=columns, lines=lines)
    run = desk.the_run()
    run.wait_for_calls(1)
    screen.wait_for(OUR_SCREEN)
    screen.press("t")
    screen.wait_for(AGENTS_SCREEN)
    wait_for(lambda: agents_width(screen) == columns, f"{columns} columns")
    screen.resize(columns + 13, lines + 4)
    wait_for(lambda: agents_width(screen) == columns + 13, "the wider terminal")
    screen.resize(columns - 7, lines - 2)
    wait_for(lambda: agents_width(screen) == columns - 7, "the narrower terminal")
    screen.press(COME_BACK)
    shown = screen.wait_for(OUR_SCREEN, run.name, "end run")
    assert len(shown.rstrip("\n").split("\n")) == lines - 2
    screen.resize(columns, lines)
    wait_for(lambda: screen.text.rstrip("\n").split("\n")[-1].lstrip().startswith("t terminal"), "our footer")


def test_a_second_screen_takes_the_terminal_and_the_first_gets_its_own_back(desk: Desk) -> None:
    """Two screens show the same run; the newest to attach has the terminal, alone."""
    first = desk.start_run([{"say": f"Answer {n}.", "calls": []} for n in range(9)])
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    second = desk.supervise("show", run.name, columns=100, lines=30)
    for screen in (first, second):
        screen.wait_for(OUR_SCREEN, run.name, IDLE)
    first.press("t")
    first.wait_for(AGENTS_SCREEN)
    second.press("t")
    second.wait_for(AGENTS_SCREEN)
    first.wait_for(OUR_SCREEN, run.name, "end run")
    wait_for(lambda: agents_width(second) == 100, "the second one's size")
    second.type("from the second screen")
    second.wait_for("second screen")
    second.press("Enter")
    assert run.wait_for_prompts(2)[1:] == ["from the second screen"]
    second.press(COME_BACK)
    second.wait_for(OUR_SCREEN, "from the second screen")
    first.wait_for("from the second screen")


def test_a_screen_killed_at_the_agents_terminal_takes_nothing_with_it(desk: Desk) -> None:
    """SIGKILL of the attached screen, then of one that only watches: calls go on and are decided; a new
    screen shows everything and can attach."""
    screen = desk.start_run(busy(400))
    run = desk.the_run()
    run.wait_for_calls(1)
    screen.wait_for(OUR_SCREEN)
    screen.press("t")
    screen.wait_for(AGENTS_SCREEN)
    os.kill(screen.pid, signal.SIGKILL)
    assert screen.wait_for_end() == -signal.SIGKILL
    seen = len(run.all(CallDecided))
    run.wait_for_calls(seen + 3)
    again = desk.supervise("show", run.name)
    again.wait_for(OUR_SCREEN, run.name, "working")
    os.kill(again.pid, signal.SIGKILL)
    assert again.wait_for_end() == -signal.SIGKILL
    seen = len(run.all(CallDecided))
    run.wait_for_calls(seen + 3)
    third = desk.supervise("attach", run.name)
    third.wait_for(AGENTS_SCREEN)
    third.type("still there?")
    third.wait_for("still there?")
    third.press("Enter", COME_BACK)
    assert third.wait_for_end() == 0
    assert run.wait_for_prompts(2)[1:] == ["still there?"]
    assert not run.all(AlertRaised)


def test_a_screen_killed_before_it_is_drawn_leaves_a_whole_run(desk: Desk) -> None:
    """SIGKILL of `supervise run` as soon as its run is in the journal: the agent still gets its task, every
    call is decided, and a screen opened later shows it all."""
    screen = desk.start_run([{"say": "One.", "calls": [bash("echo one")]}, {"say": "The end."}])
    run = desk.the_run()
    os.kill(screen.pid, signal.SIGKILL)
    assert screen.wait_for_end() == -signal.SIGKILL
    run.wait_for_state(State.IDLE, "finished")
    assert run.prompts == ["the task"] and len(run.all(CallDecided)) == 1
    assert not run.all(AlertRaised)
    desk.supervise("show", run.name).wait_for(OUR_SCREEN, "The end.", "1 read", IDLE)


def test_an_agent_that_draws_a_lot_for_nobody_never_waits_for_a_reader(desk: Desk) -> None:
    """The screen is gone; long answers, much more than a terminal buffers, are drawn and the turn ends."""
    wall = "\n\n".join(f"Paragraph {n}. " + "words and words " * 30 for n in range(40))
    turns = [{"say": f"{n}: {wall}", "calls": [bash(f"echo {n}")]} for n in range(8)]
    screen = desk.start_run([*turns, {"say": "The end."}])
    run = desk.the_run()
    screen.wait_for(OUR_SCREEN)
    os.kill(screen.pid, signal.SIGKILL)
    run.wait_for_state(State.IDLE, "finished")
    assert len(run.all(CallDecided)) == len(turns)
    assert not run.all(AlertRaised)


def test_a_screen_ends_with_its_terminal_and_the_run_goes_on(desk: Desk) -> None:
    """The terminal goes away under a screen that takes no hang-up signal: nothing of it stays behind."""
    desk.start_run([{"say": "That was it."}])
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    deaf = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", str(SUPERVISE), "show", run.name]
    screen = subprocess.Popen(
        deaf, stdin=theirs, stdout=theirs, stderr=theirs, env=desk.machine.env, start_new_session=True
    )
    os.close(theirs)
    drawn = b""
    while run.name.encode() not in drawn:
        assert select.select([ours], [], [], PATIENCE_S)[0], drawn
        drawn += os.read(ours, 65_536)
    os.close(ours)
    assert screen.wait(PATIENCE_S) == 128 + signal.SIGHUP
    assert run.state[0] is not State.ENDED and not run.all(AlertRaised)
