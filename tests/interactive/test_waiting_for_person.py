"""What a run waits for a person for, and how it goes on and ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from operator_desk import AGENTS_SCREEN, COME_BACK, IDLE, OUR_SCREEN, Desk, Turn, bash

from harness.claude import onboard
from harness.waiting import wait_for
from supervisor.journal.events import CallOutcome, Ending, Outcome, SessionReady, State
from supervisor.session.model_process import start_model


def test_without_trust_the_run_waits_and_the_task_is_sent_after_the_answer(desk: Desk) -> None:
    """A folder nobody has trusted: no handshake, so no task; the screen says so and offers the terminal, and
    after the answer there the handshake comes and the task passes the gate."""
    onboard(desk.machine)
    turns: list[Turn] = [{"say": "Here I am.", "calls": [bash("echo here")]}, {"say": "Done."}]
    script = desk.machine.write_script(turns)
    with start_model(script, desk.machine.workspace) as model:
        screen = desk.start_own_run(model.base_url)
        run = desk.the_run()
        run.wait_for_state(State.WAITING, "trust")
        assert not run.all(SessionReady)
        screen.wait_for("? waiting for you", "trust or a login", "t opens")
        screen.press("t")
        screen.wait_for("Yes, I trust this folder")
        screen.press("Down", "Enter")
        assert run.wait_for_prompts(1) == ["the task"]
        screen.press(COME_BACK)
        screen.wait_for(OUR_SCREEN, IDLE)
        assert len(run.all(SessionReady)) == 1
        wait_for(lambda: run.all(CallOutcome), "the outcome")
        assert [outcome.outcome for outcome in run.all(CallOutcome)] == [Outcome.EXECUTED]
        desk.machine.supervise("stop", run.name)


def test_a_question_of_the_agent_waits_for_the_operators_message(desk: Desk) -> None:
    """The screen shows the question and its options; the message is the answer, a number stands for an
    option, the agent reads it as chosen and goes on; nothing else is taken for a prompt."""
    options = [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}]
    asks = {"question": "Which colour?", "header": "Colour", "multiSelect": False, "options": options}
    turns: list[Turn] = [
        {"say": "I ask.", "calls": [{"tool": "AskUserQuestion", "input": {"questions": [asks]}}]},
        {"say": "I go on.", "calls": [bash("echo on")]},
        {"say": "Done."},
    ]
    screen = desk.start_run(turns)
    run = desk.the_run()
    run.wait_for_state(State.WAITING, "Which colour? 1 Red, 2 Blue")
    screen.wait_for("? waiting for you", "Which colour? 1 Red, 2 Blue")
    screen.press("m")
    screen.wait_for("A message for the agent.")
    screen.type("2")
    screen.press("Enter")
    run.wait_for_state(State.IDLE, "finished")
    screen.wait_for(IDLE, "Done.")
    wait_for(lambda: len(run.all(CallOutcome)) == 2, "both outcomes")
    asked, went_on = run.all(CallOutcome)
    assert asked.outcome is Outcome.EXECUTED and '"Which colour?"="Blue"' in asked.result
    assert went_on.outcome is Outcome.EXECUTED
    assert run.prompts == ["the task"]


def test_a_finished_turn_is_idle_and_a_message_starts_the_next(desk: Desk) -> None:
    """Idle is not ended: the next message plays the next turn; `supervise stop` ends the run as stopped."""
    screen = desk.start_run([{"say": "The first is done."}, {"say": "The second is done."}])
    run = desk.the_run()
    screen.wait_for(IDLE, "The first is done.")
    assert desk.machine.supervise("message", run.name, "and now the second").returncode == 0
    screen.wait_for("The second is done.", "and now the second", IDLE)
    done = desk.machine.supervise("stop", run.name)
    assert done.returncode == 0 and "stopped" in done.stderr
    assert run.wait_for_end().ending is Ending.STOPPED
    screen.wait_for("■ ended: stopped")
    screen.press("q")
    assert screen.wait_for_end() == 0


def test_leaving_claude_code_in_its_terminal_completes_the_run(desk: Desk) -> None:
    """`/exit` typed there ends the run as completed, and our screen is back by itself."""
    screen = desk.start_run([{"say": "The first is done."}])
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    screen.wait_for(OUR_SCREEN)
    screen.press("t")
    screen.wait_for(AGENTS_SCREEN)
    screen.type("/exit")
    screen.wait_for("/exit")
    screen.press("Enter")
    assert run.wait_for_end().ending is Ending.COMPLETED
    screen.wait_for(OUR_SCREEN, "■ ended: completed")


def test_after_clear_calls_are_still_decided_and_their_outcomes_seen(desk: Desk) -> None:
    """`/clear` gives Claude Code a new session and a new transcript: the gate and the observer follow it."""
    screen = desk.start_run([{"say": "One.", "calls": [bash("echo one")]}, {"say": "Done."}])
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    screen.wait_for(OUR_SCREEN)
    screen.press("t")
    screen.wait_for(AGENTS_SCREEN, "Done.")
    screen.type("/clear")
    screen.wait_for("Start a new session")
    screen.press("Enter")
    screen.wait_until_gone("Done.")
    screen.type("again from the start")
    screen.wait_for("the start")
    screen.press("Enter")
    assert run.wait_for_prompts(2)[1] == "again from the start"
    run.wait_for_calls(2)
    run.wait_for_state(State.IDLE, "finished")
    screen.press(COME_BACK)
    screen.wait_for(OUR_SCREEN, "2 reads", "again from the start")
    desk.machine.supervise("stop", run.name)
    run.wait_for_end()
    first, second = run.all(SessionReady)
    assert second.source == "clear" and first.transcript != second.transcript
    assert [(outcome.n, outcome.outcome) for outcome in run.all(CallOutcome)] == [
        (1, Outcome.EXECUTED),
        (2, Outcome.EXECUTED),
    ]


def test_a_dialog_of_claude_codes_own_is_said_and_can_be_answered_in_its_terminal(desk: Desk) -> None:
    """An MCP server asks the person for something: the screen says that Claude Code waits and offers its
    terminal; after the answer there the run goes on."""
    desk.machine.write_config('[targets]\n"mcp://asker/*" = "live"\n')
    program, listed = Path(__file__).with_name("asking_server.py"), desk.machine.workspace / "listed"
    server = {"command": sys.executable, "args": ["-P", str(program), str(listed)]}
    (desk.machine.workspace / ".mcp.json").write_text(json.dumps({"mcpServers": {"asker": server}}))
    turns: list[Turn] = [
        {"say": "I look around.", "calls": [bash("until [ -e listed ]; do sleep 0.1; done")]},
        {"say": "I ask.", "calls": [{"tool": "mcp__asker__choose", "input": {}}]},
        {"say": "Done."},
    ]
    screen = desk.start_run(turns, "--mode", "mixed")
    run = desk.the_run()
    run.wait_for_state(State.WAITING, "needs your input")
    screen.wait_for("? waiting for you", "Claude Code waits for you", "t opens")
    screen.press("t")
    screen.wait_for("requests your input", "Which colour shall it be?")
    screen.press("Escape")
    screen.wait_for("Done.")
    screen.press(COME_BACK)
    screen.wait_for(OUR_SCREEN, IDLE)
    wait_for(lambda: len(run.all(CallOutcome)) == 2, "both outcomes")
    assert run.all(CallOutcome)[1].result == "the person chose to cancel"


def test_a_scripted_agent_fetches_nothing_from_elsewhere(desk: Desk) -> None:
    """In a terminal Claude Code fetches its plugin market by itself, with git, from the network: not here."""
    log, git = desk.machine.root / "git.log", desk.machine.root / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexec /usr/bin/git "$@"\n')
    git.chmod(0o755)
    desk.env["PATH"] = f"{git.parent}:{desk.env['PATH']}"
    turns: list[Turn] = [{"say": "I wait.", "calls": [bash("sleep 4")]}, {"say": "Done."}]
    desk.start_run(turns, "--mode", "mixed")
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    asked = log.read_text()
    assert asked and "clone" not in asked
