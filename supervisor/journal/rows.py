"""Runs as the projections list them, and the one query behind every listing."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import msgspec

from supervisor.errors import UsageError
from supervisor.journal.events import Ending, State
from supervisor.policy import Mode


class Decisions(msgspec.Struct, frozen=True, rename={"passed": "pass"}):
    """Number of calls by the decision in force; `held` are those that still wait for a verdict."""

    passed: int
    real: int
    simulated: int
    blocked: int
    held: int


class RunRow(msgspec.Struct, frozen=True):
    """One run, as it stands.

    Attributes:
        name: short name, e.g. `amber-fox`.
        ending: how it ended; None while it has not.
        fidelity: `exact`, or `diverged at #n`: the first call whose answer was not that of a live run.
        started: seconds since the Unix epoch; so is `ended`.
        decisions: how many calls of each decision.
        transcript: path of Claude Code's transcript; empty before the handshake.
        exit_code: None while it has not ended.
        cost_usd: as Claude Code counts it.
    """

    id: str
    name: str
    task: str
    label: str
    cwd: str
    mode: Mode
    state: State
    ending: Ending | None
    dry: bool
    fidelity: str
    started: float
    ended: float | None
    decisions: Decisions
    alerts: int
    transcript: str
    session_id: str
    headless: bool
    exit_code: int | None
    runner_pid: int
    cost_usd: float


RUNS = """
SELECT id, name, task, label, cwd, mode, state, ending, dry, diverged_at, started, ended,
       n_pass, n_real, n_simulated, n_blocked, n_held,
       alerts, transcript, session_id, headless, exit_code, runner_pid, cost_usd
FROM runs"""

NEWEST_FIRST = f"{RUNS} ORDER BY started DESC, rowid DESC LIMIT ?"
"""Parameter: how many at most, -1 for all."""

BY_PREFIX = f"{RUNS} WHERE substr(id, 1, length(?1)) = ?1 OR substr(name, 1, length(?1)) = ?1"
"""Parameter: what the operator typed."""

NAMES = "SELECT name FROM runs"

BATCH = 500
"""Events read at once: some milliseconds of work."""

EVENTS = "SELECT seq, run_id, time, kind, body, hash FROM events"
"""The columns of `Recorded`, in its order, as `decode` takes them."""


def run_row(row: Sequence[Any]) -> RunRow:
    """A row of `RUNS` as plain data."""
    diverged_at = row[9]
    return RunRow(
        id=row[0],
        name=row[1],
        task=row[2],
        label=row[3],
        cwd=row[4],
        mode=Mode(row[5]),
        state=State(row[6]),
        ending=None if row[7] is None else Ending(row[7]),
        dry=bool(row[8]),
        fidelity="exact" if diverged_at is None else f"diverged at #{diverged_at}",
        started=row[10],
        ended=row[11],
        decisions=Decisions(*row[12:17]),
        alerts=row[17],
        transcript=row[18],
        session_id=row[19],
        headless=bool(row[20]),
        exit_code=row[21],
        runner_pid=row[22],
        cost_usd=row[23],
    )


def pick(typed: str, found: Sequence[RunRow]) -> RunRow | None:
    """The run meant by `typed` among those whose id or name begins with it; None if there is none.

    Raises:
        UsageError: several runs begin with it and none is called exactly that.
    """
    exact = [run for run in found if typed in (run.name, run.id)]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if found:
        raise UsageError(
            f"{typed!r} could be {', '.join(sorted(run.name for run in found)[:5])}",
            cure="Type more of the name.",
        )
    return None


def no_run(typed: str, names: Sequence[str]) -> UsageError:
    """There is no run called `typed`; the error offers the nearest names."""
    near = difflib.get_close_matches(typed, names, n=3, cutoff=0.5)
    return UsageError(
        f"no run {typed!r}",
        cure=f"Did you mean {' or '.join(near)}?" if near else "`supervise runs` lists them all.",
    )
