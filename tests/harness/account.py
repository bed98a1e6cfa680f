"""What is to be known of a machine on which a test has failed. It goes into the test's report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.journal.events import AlertRaised
from supervisor.journal.listing import list_runs, run_events

if TYPE_CHECKING:
    from harness.machine import Machine

_EVENTS = 30
_LOG_BYTES = 3_000


def account(machine: Machine) -> str:
    """Its runs as their journal tells them, alerts whole; the ends of their logs; what lives on it; what
    was started on it, and what that printed. The machine is of no use afterwards.
    """
    return "\n".join(_lines(machine))


def _lines(machine: Machine) -> Iterator[str]:
    try:
        yield from _runs(machine.state / "journal.db")
    except Exception as cause:  # of a failed test anything can be broken, and the rest is still worth telling
        yield f"its journal cannot be read: {cause!r}"
    for log in sorted(machine.state.glob("runs/*/*.log")):
        if words := _end_of(log):
            yield f"== the end of {log}\n{words}"
    yield f"== living\n{machine.living()}"
    for said in machine.said():
        yield f"== started: {said}"


def _runs(journal: Path) -> Iterator[str]:
    for row in list_runs(journal) if journal.exists() else ():
        how = f"{row.state} {row.ending or ''} {row.exit_code if row.exit_code is not None else ''}".strip()
        yield f"== run {row.name} ({row.id}), {row.mode}: {how}"
        events = list(run_events(journal, row.id))
        if len(events) > _EVENTS:
            yield f"({len(events) - _EVENTS} events before)"
        alerts = [each for each in events[:-_EVENTS] if isinstance(each.event, AlertRaised)]
        for each in (*alerts, *events[-_EVENTS:]):
            limit = 2_000 if isinstance(each.event, AlertRaised) else 300
            yield f"{each.time - row.started:8.3f} s  {str(each.event)[:limit]}"


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LOG_BYTES))
            return file.read().decode(errors="replace")
    except OSError as cause:
        return str(cause)
