"""The fault matrix without a terminal."""

from __future__ import annotations

import pytest
from fault_claims import holds
from fault_run import Moment, Way
from fault_table import FAULTS, Fault

from harness.machine import Machine


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_after_the_handshake_lets_nothing_through(machine: Machine, fault: Fault) -> None:
    """No write, one hook failure, no agent failure, nothing lost, and exit code 3."""
    holds(machine, Way.HEADLESS, Moment.AFTER, fault)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_before_the_handshake_lets_nothing_through(machine: Machine, fault: Fault) -> None:
    """No write, one hook failure, no agent failure, nothing lost, and exit code 3."""
    holds(machine, Way.HEADLESS, Moment.BEFORE, fault)
