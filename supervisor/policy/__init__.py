"""Policy: effects and the run's state in, one decision out. Pure: no I/O, no clock."""

from __future__ import annotations

from supervisor.policy.model import AlertKind, Decision, DecisionKind, Execution, Mode, Rulings, RunState
from supervisor.policy.table import approved, decide, denied, looked_at, simulated_targets

__all__ = [
    "AlertKind",
    "Decision",
    "DecisionKind",
    "Execution",
    "Mode",
    "Rulings",
    "RunState",
    "approved",
    "decide",
    "denied",
    "looked_at",
    "simulated_targets",
]
