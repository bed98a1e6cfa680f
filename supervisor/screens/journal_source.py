"""The screens' real door: the journal for events, the transcript for words, the control socket for orders."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from supervisor.errors import SuperviseError, UsageError
from supervisor.journal.doorbell import Doorbell
from supervisor.journal.events import Recorded, SessionReady, State
from supervisor.journal.reader import Reader
from supervisor.journal.rows import RunRow
from supervisor.journal.tail import tail
from supervisor.places import Places
from supervisor.runner.control import ControlClient
from supervisor.runner.follow import recover_when_lost
from supervisor.screens.journal_plan import JournalPlan
from supervisor.screens.source import Health, RunControl
from supervisor.session.attach import attach
from supervisor.session.transcript import Asked, Result, Transcript, TranscriptRecord, Words
from supervisor.shadow.changed import changed
from supervisor.views.changes import FileChange
from supervisor.views.conversation import ConversationItem, Role
from supervisor.views.run import Counts
from supervisor.views.summary import RunSummary

LISTED = 500
"""Runs on the list, the newest ones."""

LIST_S = 0.2
"""Least time between two listings: a busy run commits many times a second."""

WORDS_S = 0.2
"""Time between two looks at a transcript."""

DIFFS = 300
"""Files whose diff is made when the changes of a run are looked at."""

_INPUT_LIMIT = 4_000


class JournalSource:
    """Reads the journal of one user."""

    def __init__(self, places: Places) -> None:
        self._places = places

    async def runs(self) -> AsyncGenerator[Sequence[RunSummary], None]:
        """All runs, newest first: once at first, then whenever something was committed.

        Raises:
            JournalError: the journal cannot be read.
        """
        yield []
        await _exists(self._places.journal)
        async with await Reader.open(self._places.journal) as reader:
            bell = Doorbell(self._places.journal)
            try:
                while True:
                    await bell.ring()
                    yield [_summary(row) for row in await reader.runs(LISTED)]
                    await asyncio.sleep(LIST_S)
            finally:
                bell.close()

    async def tail(self, run_id: str) -> AsyncGenerator[Sequence[Recorded], None]:
        """The run's events in order, a batch at a time: those there are, then each as it is committed.

        Raises:
            JournalError: the journal cannot be read.
        """
        watching = asyncio.create_task(recover_when_lost(self._places, run_id))
        try:
            async with aclosing(tail(self._places.journal, run_id)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            watching.cancel()

    async def conversation(self, run_id: str) -> AsyncGenerator[Sequence[ConversationItem], None]:
        """What was said so far, then each piece as it comes; ends with the run.

        Raises:
            SuperviseError: the journal cannot be read.
        """
        await _exists(self._places.journal)
        async with await Reader.open(self._places.journal) as reader:
            row = await _ready(reader, run_id)
            newest, transcripts = "", list[Transcript]()
            while row.transcript:
                if row.transcript != newest:  # a conversation that was cleared goes on in another file
                    newest = row.transcript
                    known = {transcript.path for transcript in transcripts}
                    transcripts += [
                        Transcript(p) for p in await _transcripts(reader, run_id) if p not in known
                    ]
                for transcript in transcripts:
                    records = await asyncio.to_thread(transcript.read_new)
                    if items := [item for record in records if (item := said(record)) is not None]:
                        yield items
                if row.state is State.ENDED:
                    return
                await asyncio.sleep(WORDS_S)
                # Looked up before reading, so that nothing written before the end is missed.
                row = await reader.run(run_id)

    async def changes(self, run_id: str) -> Sequence[FileChange] | None:
        """What the run changed in its shadow; None if it has none.

        Raises:
            SuperviseError: the shadow cannot be read.
        """
        return await asyncio.to_thread(_changes, self._places, run_id)

    def plan(self, run_id: str) -> JournalPlan:
        """The way to the run's plan."""
        return JournalPlan(self._places, run_id)

    def control(self, run_id: str) -> RunControl:
        """The way to the run's runner."""
        return SocketControl(self._places.run_runtime(run_id) / "control.sock")


class SocketControl:
    """Orders over the control socket of one run."""

    def __init__(self, socket: Path) -> None:
        self._client = ControlClient(socket)

    async def status(self) -> Health:
        """Whether the runner answers, and what is wrong with its gate."""
        try:
            status = await self._client.status()
        except SuperviseError as error:
            return Health(False, str(error))
        if status.pending:
            return Health(True, f"{status.pending[-1]} (not journaled yet)")
        return Health(True, "" if status.gate == "open" else f"gate {status.gate}")

    async def watch(self) -> None:
        """Keep a connection open, until cancelled, that says an operator is here."""
        writer = await self._client.watch()
        try:
            await asyncio.Event().wait()
        finally:
            writer.close()

    async def message(self, text: str) -> None:
        """Send the agent a message."""
        await self._client.message(text)

    async def verdict(self, n: int, verdict: str, sentence: str, rule: str) -> None:
        """Answer held call `n`."""
        await self._client.verdict(n, verdict, sentence, rule)

    async def stop(self) -> None:
        """End the run."""
        await self._client.stop()

    async def resume(self) -> None:
        """Let a paused run go on."""
        await self._client.resume()

    async def attach(self) -> bool:
        """Hand this terminal over."""
        return await attach(self._client.attach, self._client.resize)


def said(record: TranscriptRecord) -> ConversationItem | None:
    """A record of the transcript as a piece of the conversation; None if it is none."""
    match record:
        case Words():
            role = Role.OPERATOR if record.role == "user" else Role.AGENT
            return ConversationItem(role, record.text, agent_id=record.agent_id)
        case Asked():
            command = record.input.get("command")
            text = command if isinstance(command, str) else json.dumps(record.input, ensure_ascii=False)
            return ConversationItem(
                Role.CALL, text[:_INPUT_LIMIT], record.tool, record.tool_use_id, record.agent_id
            )
        case Result():
            return ConversationItem(
                Role.RESULT, record.text, "", record.tool_use_id, record.agent_id, error=record.error
            )
        case _:
            return None


async def _exists(path: Path) -> None:
    while not path.exists():
        await asyncio.sleep(LIST_S)


async def _transcripts(reader: Reader, run_id: str) -> list[Path]:
    """The files the run's conversation is in, in order."""
    paths: dict[Path, None] = {}
    async for batch in reader.batches(run_id):
        paths |= {Path(r.event.transcript): None for r in batch if isinstance(r.event, SessionReady)}
    return list(paths)


async def _ready(reader: Reader, run_id: str) -> RunRow:
    """The run, once it has a transcript or is over."""
    while True:
        with contextlib.suppress(UsageError):  # the run is about to begin
            row = await reader.run(run_id)
            if row.transcript or row.state is State.ENDED:
                return row
        await asyncio.sleep(WORDS_S)


def _changes(places: Places, run_id: str) -> list[FileChange] | None:
    found = changed(places, run_id)
    if found is None:
        return None
    return [
        FileChange(
            kind=change.kind.value,
            path=change.path,
            source=change.source,
            aspects=tuple(aspect.value for aspect in change.aspects),
            calls=found.calls(change),
            diff=found.diff(change) if i < DIFFS else "(one of many: `supervise diff` shows it)",
        )
        for i, change in enumerate(found.changes.changes)
    ]


def _summary(row: RunRow) -> RunSummary:
    return RunSummary(
        run_id=row.id,
        name=row.name,
        task=row.task,
        mode=row.mode,
        state=row.state,
        dry=row.dry,
        fidelity=row.fidelity,
        started=row.started,
        ended=row.ended,
        ending=row.ending,
        label=row.label,
        counts=Counts(
            real=row.decisions.real,
            simulated=row.decisions.simulated,
            blocked=row.decisions.blocked,
            held=row.decisions.held,
            reads=row.decisions.passed,
        ),
        alerts=row.alerts,
        cost_usd=row.cost_usd,
    )
