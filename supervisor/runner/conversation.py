"""What is said and done in a run, read from Claude Code's transcript as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from supervisor.session.transcript import Transcript, TranscriptRecord


class Conversation:
    """Follows the transcript of a run, and the next one where Claude Code begins another.

    Args:
        heed: told of every record, in order.
    """

    def __init__(self, heed: Callable[[TranscriptRecord], None]) -> None:
        self._heed = heed
        self._path: Path | None = None
        self._done = asyncio.Event()
        self._following: list[asyncio.Task[None]] = []

    def begins(self, path: Path, *, carried_on: bool) -> None:
        """Follow the transcript at `path`, if it is not followed already.

        Args:
            carried_on: what stands in it by now is of earlier runs.
        """
        if path == self._path:
            return
        self._path = path
        transcript = Transcript(path)
        if carried_on:
            transcript.read_new()
        self._following.append(asyncio.create_task(self._follow(transcript)))

    async def read_to_the_end(self) -> None:
        """Claude Code has ended: hear what is left, and stop."""
        self._done.set()
        await asyncio.gather(*self._following)

    async def _follow(self, transcript: Transcript) -> None:
        async for records in transcript.follow(self._done):
            for record in records:
                self._heed(record)
