"""Going into the agent's terminal, talking, and coming back, again and again, while the agent works."""

from __future__ import annotations

from operator_desk import AGENTS_SCREEN, COME_BACK, OUR_SCREEN, Desk, busy

from supervisor.journal.events import AlertRaised

SAID = [
    "please look at the first file",
    "größer, naïve, señor — “quoted”",
    "日本語もちゃんと届く",
    "the quick brown fox jumps over the lazy dog, " * 3 + "twice",
    "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd",
    "emoji 🚀 and 🧪 too",
    "brackets [bold]not markup[/bold] {and} <these>",
    "numbers 0123456789 0123456789",
    "tabs are not typed; semicolons; are",
    "the last one",
]


def test_ten_visits_to_a_busy_agent_lose_and_double_no_keystroke(desk: Desk) -> None:
    """From the run screen with its key: each prompt typed there passes the gate once, as typed, in order."""
    screen = desk.start_run(busy(400))
    run = desk.the_run()
    run.wait_for_calls(1)
    for visit, text in enumerate(SAID, start=1):
        screen.wait_for(OUR_SCREEN)
        screen.press("t")
        screen.wait_for(AGENTS_SCREEN)
        screen.type(text)
        screen.wait_for(text[-6:])
        screen.press("Enter", COME_BACK)
        screen.wait_for(OUR_SCREEN, "conversation", run.name, "end run")
        assert run.wait_for_prompts(1 + visit)[visit:] == [text]
    assert run.prompts == ["the task", *SAID]
    assert not run.all(AlertRaised)


def test_ten_visits_from_another_terminal_lose_and_double_no_keystroke(desk: Desk) -> None:
    """With `supervise attach`: what the terminal showed before stands there again each time."""
    desk.start_run(busy(400))
    run = desk.the_run()
    run.wait_for_calls(1)
    shell = desk.open("sh")
    shell.type("PS1='prompt: '; clear; echo what stood here before")
    shell.press("Enter")
    for visit, text in enumerate(SAID, start=1):
        shell.wait_for("what stood here before", "prompt:")
        shell.type(f"supervise attach {run.name}")
        shell.press("Enter")
        shell.wait_for(AGENTS_SCREEN)
        shell.type(text)
        shell.wait_for(text[-6:])
        shell.press("Enter", COME_BACK)
        shell.wait_for("what stood here before", "back; the run goes on")
        assert run.wait_for_prompts(1 + visit)[visit:] == [text]
    assert run.prompts == ["the task", *SAID]
    assert not run.all(AlertRaised)


def test_several_lines_pasted_at_the_agents_terminal_are_one_prompt(desk: Desk) -> None:
    """A terminal that attaches late is in the modes that the agent asked for at its start."""
    screen = desk.start_run([{"say": "Done."}])
    run = desk.the_run()
    screen.wait_for(OUR_SCREEN, "Done.")
    screen.press("t")
    screen.wait_for(AGENTS_SCREEN)
    screen.paste("first line\nsecond line")
    screen.wait_for("first line", "second line")
    screen.type(" and the end")
    screen.wait_for("and the end")
    screen.press("Enter", COME_BACK)
    assert run.wait_for_prompts(2) == ["the task", "first line\nsecond line and the end"]
    screen.wait_for(OUR_SCREEN)


def test_the_way_back_is_the_key_of_the_operators_configuration(desk: Desk) -> None:
    """With another key configured, that one comes back, and Ctrl-\\ is the agent's."""
    desk.machine.write_config('[screen]\nattach_key = "ctrl+]"\n')
    screen = desk.start_run([{"say": "Done."}])
    screen.wait_for(OUR_SCREEN, "Done.")
    screen.press("t")
    screen.wait_for(AGENTS_SCREEN)
    screen.press(COME_BACK)
    screen.type("still here")
    screen.wait_for("still here", AGENTS_SCREEN)
    screen.press("C-]")
    screen.wait_for(OUR_SCREEN)
    assert desk.the_run().prompts == ["the task"]
