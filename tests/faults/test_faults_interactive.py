"""The fault matrix in a terminal: the run is paused until the operator resumes or ends it."""

from __future__ import annotations

import pytest
from fault_claims import holds
from fault_run import Moment, Way
from fault_table import FAULTS, Fault

from harness.machine import Machine


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_after_the_handshake_lets_nothing_through(machine: Machine, fault: Fault) -> None:
    """No write, one hook failure, no agent failure, nothing lost, and everything below the guard stopped."""
    holds(machine, Way.INTERACTIVE, Moment.AFTER, fault)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_before_the_handshake_lets_nothing_through(machine: Machine, fault: Fault) -> None:
    """No write, one hook failure, no agent failure, nothing lost, and everything below the guard stopped."""
    holds(machine, Way.INTERACTIVE, Moment.BEFORE, fault)
