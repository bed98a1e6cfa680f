"""One run as a line in a list of runs."""

from __future__ import annotations

import msgspec

from supervisor.journal.events import Ending, State
from supervisor.policy import Mode
from supervisor.views.run import Counts


class RunSummary(msgspec.Struct, frozen=True):
    """What a list of runs shows of one. Times are seconds since the epoch; `ended` is None while it runs."""

    run_id: str
    name: str
    task: str
    mode: Mode
    state: State
    dry: bool
    fidelity: str
    started: float
    ended: float | None = None
    ending: Ending | None = None
    label: str = ""
    counts: Counts = Counts()
    alerts: int = 0
    cost_usd: float = 0.0

    @property
    def live(self) -> bool:
        """The run has not ended, as far as the journal knows."""
        return self.state is not State.ENDED
