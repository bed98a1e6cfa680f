"""Runs whose runner is gone: found by whoever looks next, and ended in the journal with what is known."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from supervisor.errors import Exit, JournalError
from supervisor.journal.events import AlertRaised, Ending, RunEnded
from supervisor.journal.faults import is_there
from supervisor.journal.listing import reading
from supervisor.journal.writer import Journal
from supervisor.places import Places
from supervisor.plan.files import is_cut_off
from supervisor.policy import AlertKind
from supervisor.runner.lock import is_held, kill_holder, take
from supervisor.runner.unsaid import forget_unsaid, take_unsaid

LOST = (
    "the runner died without a word; Claude Code was ended with it and nothing more went through."
    " Calls without an outcome may or may not have run."
)


_STEP_S = 0.02


def recover(places: Places, *, detail: str = LOST) -> list[str]:
    """End, in the journal, every run that is open there but has no runner. Returns their ids.

    An apply or undo that a crash cut off is finished or rolled back, too.

    A run without a lock is left alone: it is from another machine's journal, or its folder was taken away.
    """
    if not is_there(places.journal):
        return []
    recovered = []
    for run_id in _open_runs(places.journal):
        folders = (places.run_state(run_id), places.run_runtime(run_id))
        lock = take(places.run_lock(run_id)) if places.run_lock(run_id).exists() else None
        if lock is None:
            continue
        try:
            with Journal.open(places.journal) as journal:
                for event in take_unsaid(folders):
                    with contextlib.suppress(JournalError):  # history may have gone on without it
                        journal.append(run_id, event, durable=True)
                with journal.decision(run_id) as tx:
                    if not tx.ended():
                        tx.record(AlertRaised(AlertKind.HOOK_FAILURE, detail))
                        tx.record(RunEnded(Ending.RUNNER_LOST, int(Exit.HOOK_FAILURE), "", detail))
                forget_unsaid(folders)
                recovered.append(run_id)
        finally:
            os.close(lock)
    if any(map(is_cut_off, (places.state / "runs").glob("*/applied/*"))):
        from supervisor.runner.applying import finish_cut_off  # with all that applies plans

        finish_cut_off(places)
    return recovered


def end_silent(places: Places, run_id: str, runner_pid: int, why: str) -> None:
    """Kill a runner that does not answer, which ends Claude Code with it, and say in the journal why.

    Raises:
        JournalError: it was killed, and the journal cannot take it now; the next `recover` can.
    """
    while kill_holder(places.run_lock(run_id), runner_pid):
        time.sleep(_STEP_S)
    recover(places, detail=why)


def has_runner(places: Places, run_id: str) -> bool:
    """Whether a runner holds the run."""
    return is_held(places.run_lock(run_id))


def _open_runs(path: Path) -> list[str]:
    with reading(path) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM runs WHERE ended IS NULL")]
