"""Whose this process is: a person's at a terminal, the operator's without one, or a run's."""

from __future__ import annotations

import contextlib
import os

from supervisor.errors import SuperviseError, UsageError
from supervisor.gate.peer import Peer
from supervisor.journal.listing import list_runs
from supervisor.journal.rows import RunRow
from supervisor.places import Places
from supervisor.runner import operator
from supervisor.runner.lock import is_held


def person(places: Places) -> str:
    """Who is at this terminal, as the journal names them.

    Raises:
        UsageError: this process has no terminal, or belongs to a run.
    """
    by = outsider(places)
    if not operator.terminal_of(os.getpid()):
        raise UsageError("refused: only a person at a terminal can approve")
    return by


def outsider(places: Places) -> str:
    """Who this process belongs to, as the journal names them: the operator, with or without a terminal.

    Raises:
        UsageError: it belongs to a run.
    """
    me = Peer(os.getpid(), os.getuid())
    for row in list_runs(places.journal):
        goes_on = row.ended is None and is_held(places.run_lock(row.id))
        if goes_on and (why := operator.refusal(me, row.runner_pid)):
            _report(places, row)
            raise UsageError(f"refused: this is {why}; only the operator can do that")
    return operator.describe(me)


def _report(places: Places, row: RunRow) -> None:
    """Knock at the runner's door, who sees who we are: only it can write an alert into its run."""
    import asyncio  # loaded only now: this is rare, and each start of a run passes here

    from supervisor.runner.control import ControlClient

    with contextlib.suppress(SuperviseError):
        asyncio.run(ControlClient(places.run_runtime(row.id) / "control.sock").status())
