"""Messages from our own screen and from the command line, to an agent in its terminal."""

from __future__ import annotations

from operator_desk import AGENTS_SCREEN, COME_BACK, OUR_SCREEN, Desk, busy

from harness.machine import SUPERVISE
from harness.waiting import PATIENCE_S
from supervisor.journal.events import MessageSent, State

FOUR_KB = "\n".join(f"line {n}: " + "word " * 9 + "ende größer 日本" for n in range(60))


def test_messages_from_the_screen_reach_a_busy_agent_once_each(desk: Desk) -> None:
    """The key `m`, words, Enter, without a look at the screen in between: each message is journaled as sent,
    and passes the gate once, as written."""
    screen = desk.start_run(busy(400))
    run = desk.the_run()
    run.wait_for_calls(1)
    screen.wait_for(OUR_SCREEN, "end run")
    sent = ["first message", "zweite Nachricht: größer 日本", "third, right after"]
    for text in sent:
        screen.press("m")
        screen.type(text)
        screen.press("Enter")
    assert run.wait_for_prompts(4) == ["the task", *sent]
    assert [message.text for message in run.all(MessageSent)] == sent
    assert all(message.by.startswith("operator") for message in run.all(MessageSent))


def test_a_message_arrives_whole_whatever_its_length_and_lines(desk: Desk) -> None:
    """Many lines, four kilobytes, a leading `!`, a last backslash, control characters: the agent reads the
    person's words, not an attachment; nothing is run, nothing is sent early, no control code gets through."""
    assert len(FOUR_KB.encode()) > 4_000
    desk.start_run([{"say": f"Answer {n}."} for n in range(20)])
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    expected = {
        "two\nlines": "two\nlines",
        FOUR_KB: FOUR_KB,
        "! echo not a shell": " ! echo not a shell",
        "ends with a backslash \\": "ends with a backslash \\",
        "a\x1b[31m\x1b]52;c;QUJD\x07b\x03\x04\x9bc\rd": "a[31m]52;c;QUJDbc\nd",
    }
    for count, text in enumerate(expected, start=2):
        done = desk.machine.supervise("message", run.name, text)
        assert done.returncode == 0, done.stderr
        run.wait_for_prompts(count)
    assert run.prompts == ["the task", *expected.values()]


def test_a_message_leaves_the_draft_of_somebody_at_the_terminal_alone(desk: Desk) -> None:
    """A half-written prompt stays in the box; the message goes by it, and both pass the gate apart."""
    screen = desk.start_run([{"say": f"Answer {n}."} for n in range(20)])
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    screen.press("t")
    screen.wait_for(AGENTS_SCREEN)
    screen.type("half a thought")
    screen.wait_for("half a thought")
    desk.machine.supervise("message", run.name, "a message from elsewhere")
    assert run.wait_for_prompts(2)[1:] == ["a message from elsewhere"]
    screen.wait_for("half a thought")
    screen.type(", finished")
    screen.wait_for("thought, finished")
    screen.press("Enter")
    assert run.wait_for_prompts(3)[2:] == ["half a thought, finished"]
    screen.press(COME_BACK)
    screen.wait_for(OUR_SCREEN)


def test_messages_sent_at_once_do_not_run_into_each_other(desk: Desk) -> None:
    """Five senders at the same time: five prompts, whole, whatever their order."""
    desk.start_run([{"say": f"Answer {n}."} for n in range(20)])
    run = desk.the_run()
    run.wait_for_state(State.IDLE, "finished")
    texts = [f"message number {n}" for n in range(5)]
    senders = [desk.machine.start([SUPERVISE, "message", run.name, text]) for text in texts]
    assert [sender.wait(PATIENCE_S) for sender in senders] == [0] * 5
    assert sorted(run.wait_for_prompts(6)[1:]) == texts
