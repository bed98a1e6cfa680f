"""A scripted model in this process: what it answers, and when, can depend on what a test has seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from harness.machine import Machine
from harness.waiting import PATIENCE_S
from supervisor.session.answer import Answer, Asker
from supervisor.session.model import ScriptedModel
from supervisor.session.script import load_script


class PacedModel(ScriptedModel):
    """Plays turns, each of them once a test lets it."""

    def __init__(self, machine: Machine, turns: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(load_script(machine.write_script(turns)), str(machine.workspace))
        self._let = [threading.Event() for _ in turns]

    def let(self, turn: int) -> None:
        """Turn number `turn`, from 0, may be played, and all before it."""
        for event in self._let[: turn + 1]:
            event.set()

    def play(self, request: dict[str, Any], asker: Asker) -> Answer:
        """The script's answer, when its turn may be played."""
        turn = answered(request)
        if request.get("tools") and turn < len(self._let):
            assert self._let[turn].wait(PATIENCE_S), f"nobody let turn {turn} be played"
        return super().play(request, asker)


def answered(request: dict[str, Any]) -> int:
    """How many answers a request holds: the number of the turn that it asks for."""
    return sum(message["role"] == "assistant" for message in request["messages"])


@contextmanager
def serving(model: ScriptedModel) -> Iterator[str]:
    """The model answers for the block; its base URL."""
    thread = threading.Thread(target=model.serve_forever, daemon=True)
    thread.start()
    try:
        yield model.base_url
    finally:
        model.shutdown()
        model.server_close()
        thread.join()
