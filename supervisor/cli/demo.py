"""`supervise demo`: the story, on the real Claude Code, in a throw-away folder, ending by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import click

from supervisor.cli.launching import Wish, prepare
from supervisor.demo.story import StoryFiles, write_story
from supervisor.errors import Exit
from supervisor.journal.events import RunEnded
from supervisor.journal.listing import find_run
from supervisor.places import places
from supervisor.runner.follow import follow
from supervisor.runner.progress import Progress
from supervisor.runner.recover import has_runner, recover
from supervisor.runner.spec import RunSpec
from supervisor.runner.start import start_runner

_PACE_S = 2.5
_LAST_LOOK_S = 12.0
_KILLED = (
    "the demo killed the gate (SIGKILL to its process); Claude Code was ended with it, nothing got through"
)


@click.command()
@click.option("--headless", is_flag=True, help="No screen: the story as lines of text.")
@click.option("--claude", "claude", help="The claude to launch. [PATH]")
def demo_command(headless: bool, claude: str | None) -> int:
    """Play the story on the real Claude Code with a scripted model: no account, nothing left behind.

    An upload is simulated, the row that would have been orphaned is held back by the dry flag, and then the
    gate is killed in mid-run and nothing gets through.
    """
    headless = headless or not (sys.stdin.isatty() and sys.stdout.isatty())
    folder = Path(tempfile.mkdtemp(prefix="supervise-demo-"))
    try:
        for variable, name in (("STATE", "state"), ("CONFIG", "config"), ("RUNTIME", "run")):
            os.environ[f"XDG_{variable}_{'HOME' if variable != 'RUNTIME' else 'DIR'}"] = str(folder / name)
        return _play(folder, headless, claude)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _play(folder: Path, headless: bool, claude: str | None) -> int:
    story = write_story(folder, pace_s=0.3 if headless else _PACE_S, kill_window_s=3.0)
    here = places()
    here.config.mkdir(parents=True)
    story.config.rename(here.user_config)
    size = shutil.get_terminal_size()
    spec = prepare(
        Wish(
            task=story.task,
            headless=headless,
            mode=None,
            profiles=(),
            cwd=story.workspace,
            claude=claude,
            script=story.script,
            label="demo",
            session_id=str(uuid.uuid4()),
            size=(size.lines, size.columns),
            accept_missing=True,  # no command is run, and all of it is thrown away
        )
    )
    pid = start_runner(spec)
    try:
        if headless:
            asyncio.run(_tell(spec, pid, story))
        else:
            _show(spec, pid, story)
    finally:
        _end(pid, spec)
    return _sum_up(story)


async def _tell(spec: RunSpec, pid: int, story: StoryFiles) -> None:
    """The story as lines."""
    progress = Progress()
    killer = threading.Thread(target=_kill_the_gate, args=(spec, pid, story, _say))
    killer.start()

    def unjournaled(alert: str) -> None:
        click.echo(progress.unjournaled(alert), err=True)

    async for recorded in follow(places(), spec.run_id, pid, spec.deadline_s, unjournaled):
        for line in progress.lines(recorded):
            click.echo(line, err=True)
        if isinstance(recorded.event, RunEnded):
            break
    killer.join()


def _show(spec: RunSpec, pid: int, story: StoryFiles) -> None:
    """The story on the screen, with captions."""
    from supervisor.app import SuperviseApp
    from supervisor.screens.journal_source import JournalSource

    app = SuperviseApp(JournalSource(places()), spec.run_id)

    def caption(text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the operator has left already
            app.call_from_thread(app.notify, text, title="demo", timeout=10)

    def play() -> None:
        _wait_for(lambda: app.is_running)
        caption("The folder and the database are live, the object store is not. Watch the tree of writes.")
        _kill_the_gate(spec, pid, story, caption)
        time.sleep(_LAST_LOOK_S)
        with contextlib.suppress(RuntimeError):
            app.call_from_thread(app.exit, 0)

    threading.Thread(target=play, daemon=True).start()
    app.run()


def _kill_the_gate(spec: RunSpec, pid: int, story: StoryFiles, caption: Callable[[str], None]) -> None:
    """Wait until the story is told, then end the gate as a crash would."""
    journal = places().journal
    told: set[str] = set()

    def calls() -> int:
        counts = find_run(journal, spec.run_id).decisions
        if counts.simulated and "dry" not in told:
            told.add("dry")
            caption("The upload was simulated: the run is dry. The row beside it would be an orphan.")
        return counts.passed + counts.real + counts.simulated + counts.blocked + counts.held

    _wait_for(lambda: calls() >= story.kill_after or not has_runner(places(), spec.run_id))
    time.sleep(min(1.0, story.kill_window_s / 3))
    caption("Now the gate is killed in mid-run, while the agent is about to try everything once more.")
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _wait_for(lambda: not has_runner(places(), spec.run_id))
    recover(places(), detail=_KILLED)
    caption("Nothing got through: no decision, no write. The alert says what happened.")


def _wait_for(condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):  # the journal or the app may not be there yet
            if condition():
                return
        time.sleep(0.05)


def _end(pid: int, spec: RunSpec) -> None:
    """Leave no process behind."""
    if has_runner(places(), spec.run_id):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _wait_for(lambda: not has_runner(places(), spec.run_id), 10)


def _sum_up(story: StoryFiles) -> int:
    """What is really there, read from the systems themselves."""
    uploaded, pages, images = story.uploaded(), story.rows("pages"), story.rows("images")
    after = sorted(path.name for path in story.workspace.glob("after.*"))
    _say("")
    _say("What is really there, read from the systems themselves:")
    _say(f"  object store   {len(uploaded)} objects    (every upload was simulated)")
    _say(f"  table pages    {pages} row        (written before the run was dry: real)")
    _say(f"  table images   {images} rows       (each would have been an orphan: simulated)")
    _say(f"  after the kill {len(after)} files      (no gate, no write)")
    told = not uploaded and pages == 1 and images == 0 and not after
    _say("The story held." if told else "The story did NOT hold: please report this.")
    _say('Next: supervise run "<task>" in a folder of yours; supervise doctor proves the floors here.')
    return int(Exit.OK if told else Exit.HOOK_FAILURE)


def _say(text: str) -> None:
    click.echo(text, err=True)
