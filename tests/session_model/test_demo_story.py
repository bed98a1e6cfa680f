"""The demo's story, played without a gate: all of it really happens, so a gate has something to hold."""

from __future__ import annotations

import json

from harness.claude import play
from harness.machine import Machine
from supervisor.config.layers import load
from supervisor.demo.story import write_story
from supervisor.places import places
from supervisor.policy import Mode
from supervisor.session.script import load_script


def test_without_a_gate_the_story_leaves_orphans_and_more(machine: Machine) -> None:
    """Every write is real: all three uploads, all rows, all files. The demo shows the cure of this."""
    story = write_story(machine.root, kill_window_s=0)
    machine.workspace.rmdir()
    story.workspace.rename(machine.workspace)
    options = ["--mcp-config", str(machine.workspace / ".mcp.json"), "--strict-mcp-config"]
    played = play(machine, story.script, story.task, *options)
    assert not [result for result in played.results.values() if result.get("is_error")]
    assert story.uploaded() == ["img/42-after.png", "img/42-small.png", "img/42.png"]
    assert (story.rows("pages"), story.rows("images")) == (1, 4)
    for name in ("42.html", "style.css", "index.html", "after.html", "after.txt"):
        assert (machine.workspace / name).exists()
    picture = (machine.workspace / "img/42.png").read_bytes()
    assert (story.objects / "img/42.png").read_bytes() == picture


def test_the_story_names_the_call_after_which_the_gate_is_killed(machine: Machine) -> None:
    """`kill_after` counts all calls up to the turn that waits for the kill, the subagent's two included."""
    story = write_story(machine.root, pace_s=0.25, kill_window_s=5)
    script = load_script(story.script)
    (window,) = [n for n, turn in enumerate(script.turns) if turn.wait_s == story.kill_window_s == 5]
    before = [call for turn in script.turns[:window] for call in turn.calls]
    inside = [call for part in script.agents for turn in part.turns for call in turn.calls]
    assert len(before) + len(inside) == story.kill_after
    assert {turn.wait_s for turn in script.turns[:window]} == {0.25}


def test_in_the_storys_configuration_the_store_alone_is_not_live(machine: Machine) -> None:
    """The operator's file of the story is accepted, and makes the folder and the database live."""
    story = write_story(machine.root)
    machine.write_config(story.config.read_text())
    config = load(places(machine.env), story.workspace).config
    rulings = config.rulings()
    assert config.mode is Mode.MIXED
    assert rulings.live(f"file://{story.workspace}/42.html")
    assert rulings.live("mcp://database/insert_row")
    assert not rulings.live("mcp://store/put_object")
    assert not rulings.live(f"file://{machine.root}/elsewhere")


def test_the_servers_of_the_story_start_from_any_folder(machine: Machine) -> None:
    """`.mcp.json` names programs and files by absolute path and shuts the folder's own modules out."""
    story = write_story(machine.root)
    servers = json.loads((story.workspace / ".mcp.json").read_text())["mcpServers"]
    assert set(servers) == {"store", "database"}
    for server in servers.values():
        assert server["command"].startswith("/")
        assert server["args"][0] == "-P"
        assert server["args"][-1].startswith(str(machine.root))
