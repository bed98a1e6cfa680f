"""The scripted model as a server: what it answers to plain HTTP, and when it starts and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from harness.machine import Machine
from harness.waiting import wait_for
from supervisor.errors import ScriptError
from supervisor.session.model_process import RunningModel, start_model

TOOLS = [{"name": "Write"}]
TURNS: list[dict[str, Any]] = [
    {"say": "one", "calls": [{"tool": "Write", "input": {"p": "{cwd}/a"}}, {"tool": "Write", "input": {}}]},
    {"say": "two"},
]
AGENTS = {"JOB": {"turns": [{"calls": [{"tool": "Read", "input": {}}]}]}}
MAIN = {"X-Claude-Code-Session-Id": "s1"}


@pytest.fixture
def model(machine: Machine) -> Iterator[RunningModel]:
    """A model that plays TURNS and AGENTS."""
    with start_model(machine.write_script(TURNS, AGENTS), machine.workspace) as running:
        yield running


def talk(
    model: RunningModel, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, str, bytes]:
    """One request. Returns status, content type and body."""
    connection = HTTPConnection(model.base_url.removeprefix("http://"))
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type", ""), response.read()
    finally:
        connection.close()


def request(task: str, *, answered: int = 0, **fields: Any) -> dict[str, Any]:
    """A request of a conversation that began with `task` and holds `answered` answers."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": task}]
    for _ in range(answered):
        messages += [{"role": "assistant", "content": "…"}, {"role": "user", "content": "…"}]
    return {"model": "m", "messages": messages, "tools": TOOLS, **fields}


def ask(model: RunningModel, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The message that the model answers, without streaming."""
    status, _, answer = talk(model, "POST", "/v1/messages?beta=true", json.dumps(body).encode(), headers)
    assert status == 200, answer
    message: dict[str, Any] = json.loads(answer)
    return message


def texts(message: dict[str, Any]) -> list[str]:
    """The texts of a message."""
    return [block["text"] for block in message["content"] if block["type"] == "text"]


def ids(message: dict[str, Any]) -> list[str]:
    """The ids of a message's calls."""
    return [block["id"] for block in message["content"] if block["type"] == "tool_use"]


def test_the_turn_is_the_number_of_answers_already_in_the_request(model: RunningModel) -> None:
    """Requests may come in any order and more than once: each plays its own turn; past the last, "Done."."""
    for answered, said in ((1, "two"), (0, "one"), (0, "one"), (2, "Done."), (9, "Done."), (1, "two")):
        assert texts(ask(model, request("task", answered=answered), MAIN)) == [said]


def test_a_turns_calls_are_parallel_blocks_with_their_folder_filled_in(model: RunningModel) -> None:
    """One answer carries all calls of the turn, in order, and stops for their results."""
    message = ask(model, request("task"), MAIN)
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    assert [call["name"] for call in calls] == ["Write", "Write"]
    assert calls[0]["input"]["p"].endswith("/work/a")
    assert message["stop_reason"] == "tool_use"


def test_a_stream_says_the_same_as_a_plain_answer(model: RunningModel) -> None:
    """The events of the stream, put together, are the message."""
    plain = ask(model, request("task"), MAIN)
    body = json.dumps(request("task", stream=True)).encode()
    status, kind, answer = talk(model, "POST", "/v1/messages", body, MAIN)
    assert (status, kind) == (200, "text/event-stream")
    events = []
    for part in answer.decode().split("\n\n")[:-1]:
        name, data = part.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    built = dict(events[0]["message"])
    for event in events[1:]:
        if event["type"] == "content_block_start":
            built["content"].append(event["content_block"])
        elif event["type"] == "content_block_delta":
            block, delta = built["content"][event["index"]], event["delta"]
            if delta["type"] == "text_delta":
                block["text"] += delta["text"]
            else:
                block["input"] = json.loads(delta["partial_json"])
        elif event["type"] == "message_delta":
            built |= event["delta"]
            built["usage"] |= event["usage"]
    assert [events[0]["type"], events[-1]["type"]] == ["message_start", "message_stop"]
    assert built["content"] == plain["content"]
    assert (built["id"], built["stop_reason"]) == (plain["id"], plain["stop_reason"])


def test_ids_are_the_same_in_every_run_and_never_given_twice(machine: Machine) -> None:
    """Two servers give the same ids; turns, calls and twin subagents each get their own."""

    def session() -> list[str]:
        with start_model(machine.write_script([TURNS[0]] * 3, AGENTS), machine.workspace) as model:
            found = [id for turn in range(3) for id in ids(ask(model, request("task", answered=turn), MAIN))]
            first, second, retry = (
                ids(ask(model, request("JOB"), {**MAIN, "X-Claude-Code-Agent-Id": agent}))
                for agent in ("a1", "a2", "a1")
            )
        assert retry == first
        return found + first + second

    once = session()
    assert len(set(once)) == len(once) == 8
    assert session() == once


@pytest.mark.parametrize(
    ("task", "headers", "system", "plays"),
    [
        ("JOB for the main agent", MAIN, "", "turns"),
        ("JOB for a subagent", {**MAIN, "X-Claude-Code-Agent-Id": "a1"}, "", "agents"),
        ("JOB for a subagent", MAIN, "x-anthropic-billing-header: cc_is_subagent=true;", "agents"),
        ("another task", {**MAIN, "X-Claude-Code-Agent-Id": "a1"}, "", "done"),
        ("<system-reminder>JOB</system-reminder>no task", {"X-Claude-Code-Agent-Id": "a1"}, "", "done"),
        ("JOB from who knows whom", {}, "", "agents"),
        ("another task", {}, "", "turns"),
    ],
)
def test_who_asks_decides_what_is_played(
    model: RunningModel, task: str, headers: dict[str, str], system: str, plays: str
) -> None:
    """The main agent plays `turns` whatever its task; a subagent what its task matches, and else "Done."."""
    body = request(task, system=[{"type": "text", "text": system}])
    message = ask(model, body, headers)
    if plays == "agents":
        assert (texts(message), len(ids(message))) == ([], 1)
    else:
        assert texts(message) == (["one"] if plays == "turns" else ["Done."])


def test_side_requests_are_answered_without_playing_a_turn(model: RunningModel) -> None:
    """No tools offered: a short text. Token counts, HEAD, GET: answered. Garbage: an API error."""
    side = ask(model, {**request("title?"), "tools": []}, MAIN)
    assert (texts(side), side["stop_reason"]) == (["Scripted run"], "end_turn")
    body = json.dumps(request("count me")).encode()
    status, _, answer = talk(model, "POST", "/v1/messages/count_tokens", body)
    assert status == 200
    assert json.loads(answer)["input_tokens"] > 0
    assert talk(model, "HEAD", "/") == (200, "application/json", b"")
    assert talk(model, "GET", "/v1/models")[0] == 200
    assert talk(model, "POST", "/v1/other", body)[0] == 404
    for garbage in (b"", b"{", b"[]", b'{"messages": 7}'):
        status, _, answer = talk(model, "POST", "/v1/messages", garbage)
        assert (status, json.loads(answer)["type"]) == (400, "error")
    assert texts(ask(model, request("task"), MAIN)) == ["one"]


def test_a_wait_holds_up_nobody_else(machine: Machine) -> None:
    """While one conversation waits, another is answered; the wait ends with its answer."""
    script = machine.write_script([{"say": "late", "wait_s": 600}, {"say": "now"}])
    with start_model(script, machine.workspace) as model:
        waiting = HTTPConnection(model.base_url.removeprefix("http://"))
        waiting.request("POST", "/v1/messages", json.dumps(request("task")).encode(), MAIN)
        assert texts(ask(model, request("task", answered=1), MAIN)) == ["now"]
        waiting.close()


def test_a_malformed_script_is_refused_at_the_start(machine: Machine) -> None:
    """The error of the server's own process arrives as ours, word for word."""
    script = machine.write_script([{"say": "x", "cals": []}])
    with pytest.raises(ScriptError) as error:
        start_model(script, machine.workspace)
    assert str(error.value) == f'{script}: turn 1: unknown field "cals"; did you mean "calls"?'


def test_the_model_dies_with_the_process_that_started_it(machine: Machine) -> None:
    """A killed parent leaves no server behind."""
    script = machine.write_script(TURNS)
    start = (
        "import time; from pathlib import Path; from supervisor.session.model_process import start_model\n"
        f"m = start_model(Path({str(script)!r}), Path('/')); print(m.pid, flush=True); time.sleep(3600)\n"
    )
    parent = machine.start([sys.executable, "-c", start])
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    os.kill(server, 0)
    parent.kill()
    wait_for(lambda: server not in machine.processes(), "the server to end")


def test_modules_in_the_folder_we_stand_in_are_not_taken_for_pythons_own(machine: Machine) -> None:
    """A `json.py` that an agent left in its folder does not run in the model's process."""
    (machine.workspace / "json.py").write_text("raise SystemExit('planted')\n")
    script = machine.write_script(TURNS)
    start = (
        "from pathlib import Path; from supervisor.session.model_process import start_model\n"
        f"start_model(Path({str(script)!r}), Path('/')).close()\n"
    )
    argv = [sys.executable, "-P", "-c", start]
    done = subprocess.run(argv, cwd=machine.workspace, env=machine.env, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_the_model_was_asked_can_be_recorded(machine: Machine) -> None:
    """The record holds one line a model request, with the subagent that sent it."""
    record: Path = machine.root / "record.jsonl"
    with start_model(machine.write_script(TURNS), machine.workspace, record) as model:
        ask(model, request("task"), MAIN)
        ask(model, request("JOB"), {**MAIN, "X-Claude-Code-Agent-Id": "a1"})
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["agent"] for line in lines] == ["", "a1"]
    assert lines[1]["request"] == request("JOB")
