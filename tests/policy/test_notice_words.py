"""The words an agent reads in place of a result."""

from __future__ import annotations

import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.effects.model import Effect, EffectKind, Judgement, Scope, ToolCall
from supervisor.gate.notice import (
    blocked_notice,
    denied_notice,
    failure_reason,
    honest_notice,
    notice,
    plain,
    rewritten_command,
    stale_read_notice,
)
from supervisor.policy import Mode, Rulings, RunState, decide

HOSTILE = (
    "\x1b]52;c;AAAA\x07'; rm -rf / #\r\n$(id)`id`\\ %s \u202e\u2066 \ud800 [bold] \x9b31m \x00" + "x" * 9000
)

PUSH = ToolCall("Bash", {"command": "git push origin main"})
WRITES = Judgement((Effect(EffectKind.WRITE, Scope.REMOTE, "git+origin#main", "git.push", "It pushes."),))
DRY = RunState(Mode.DRY_RUN)


def words(call: ToolCall, judgement: Judgement, state: RunState = DRY, word: Rulings | None = None) -> str:
    return notice(call, judgement, decide(judgement, state, word or Rulings()))


def test_a_simulated_write_says_so_first_and_asks_to_go_on() -> None:
    """It names the command and the target, that nothing changed, what comes later, and what to do."""
    said = words(PUSH, WRITES)
    assert said.startswith("SIMULATED, NOT EXECUTED: Bash `git push origin main` (target: git+origin#main)")
    for promise in ("changed nothing", "Every later write of this run will be simulated too", "rehearsal",
                    "do not retry"):  # fmt: skip
        assert promise in said


def test_an_unknown_call_is_not_called_a_write() -> None:
    """The notice claims no more than the supervisor knows."""
    unknown = Judgement((Effect(EffectKind.UNKNOWN, Scope.HOST, "unknown:./x", "shell.unknown", "?"),))
    said = words(ToolCall("Bash", {"command": "./x"}), unknown)
    assert said.startswith("SIMULATED, NOT EXECUTED: Bash `./x`. What this call does is not known")


def test_a_stale_read_is_named_as_one() -> None:
    """The agent is told not to take the missing change for a failure."""
    read = Judgement((Effect(EffectKind.READ, Scope.REMOTE, "mcp://store/get", "mcp.read", "It reads."),))
    state = RunState(Mode.DRY_RUN, dry=True, simulated=frozenset({"mcp://store/put"}))
    said = words(ToolCall("mcp__store__get", {"key": "a"}), read, state)
    assert said.startswith("SIMULATED, NOT EXECUTED: mcp__store__get. This read was not run")
    assert "stale" in said


def test_a_blocked_call_says_that_no_mode_allows_it() -> None:
    """It reads differently from a simulated one."""
    said = words(PUSH, WRITES, word=Rulings(block=("git+*",)))
    assert said.startswith("BLOCKED, NOT EXECUTED: Bash `git push origin main`")
    assert "block rule" in said


def test_a_denied_call_carries_the_operators_sentence() -> None:
    """The sentence is quoted as the operator's; a deadline says that nobody answered."""
    assert 'The operator says: "Use staging."' in denied_notice(PUSH, "Use\nstaging.")
    assert "nobody answered in time" in denied_notice(PUSH, by_operator=False)


@pytest.mark.parametrize("mode", Mode)
def test_what_goes_through_gets_no_words(mode: Mode) -> None:
    """A read, a real write and a held one speak for themselves."""
    read = Judgement((Effect(EffectKind.READ, Scope.WORKSPACE, "file:///w/a", "tool.Read", "It reads."),))
    assert words(ToolCall("Read", {"file_path": "/w/a"}), read, RunState(mode)) == ""
    assert words(PUSH, WRITES, RunState(Mode.LIVE)) == ""


def test_hostile_text_is_capped_and_cannot_leave_its_line() -> None:
    """Every text from outside, in every notice: one line, no control characters, a bounded length."""
    call = ToolCall("mcp__" + HOSTILE, {"command": HOSTILE})
    judgement = Judgement((Effect(EffectKind.WRITE, Scope.REMOTE, "s3://" + HOSTILE, "r", HOSTILE),))
    decision = decide(judgement, DRY, Rulings())
    for said in (
        honest_notice(call, judgement, decision),
        stale_read_notice(call, decision),
        blocked_notice(call, decision),
        denied_notice(call, HOSTILE),
        failure_reason(HOSTILE),
    ):
        assert "NOT EXECUTED" in said[:24]
        assert len(said) < 3000
        assert not [char for char in said if unicodedata.category(char).startswith("C")]
        said.encode()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.integers(min_value=1, max_value=80))
def test_plain_text_is_one_capped_line(text: str, limit: int) -> None:
    """Whatever comes in, and nothing is changed that was plain already."""
    line = plain(text, limit)
    assert len(line) <= limit
    assert not [
        char for char in line if unicodedata.category(char).startswith("C") or char in "\u2028\u2029\n"
    ]
    assert plain(line, limit) == line


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_rewritten_command_prints_exactly_the_notice(shell: str) -> None:
    """Real shells print every line of hostile texts unchanged, run nothing of them, and exit 0."""
    carried = HOSTILE.replace("\0", "").replace("\ud800", "")
    for text in (
        carried,
        "'",
        "''\\''",
        "-n",
        "",
        "a\n\n'b\n",
        "%d %s\\n\\c",
        "$HOME `id` !! ~ *",
        "\r\ttab",
        "é漢\U0001f600",
    ):
        done = subprocess.run(
            [shell, "-c", rewritten_command(text)],
            capture_output=True,
            env={"PATH": "/usr/bin:/bin"},
            check=False,
        )
        assert (done.returncode, done.stdout.decode(), done.stderr) == (0, text + "\n", b"")
    assert rewritten_command("a\0b\ud800") == rewritten_command("ab")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=20))
def test_no_text_escapes_its_quotes(texts: list[str]) -> None:
    """Random texts, many to a shell: the output is the texts."""
    carried = [text.replace("\0", "") for text in texts]
    script = "\n".join(rewritten_command(text) for text in carried)
    done = subprocess.run(
        ["bash", "-c", script or ":"], capture_output=True, check=True, env={"LANG": "C.UTF-8"}
    )
    assert done.stdout == "".join(text + "\n" for text in carried).encode()
