"""Isolation for every test, and the fixtures most of them start from."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from harness.account import account
from harness.claude import bundled_claude
from harness.machine import STANDING, Machine, environment, new_machine

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # a busy one is slow


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A report of a failure tells of the machines that stand: once it is read they are gone."""
    report = yield
    if report.failed:
        report.sections += [(f"machine {machine.root}", account(machine)) for machine in STANDING]
    return report


@pytest.fixture(scope="session", autouse=True)
def isolated_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The test process itself sees neither the caller's home, XDG folders and locale, nor any key or API."""
    root = tmp_path_factory.mktemp("caller")
    (root / "home").mkdir()
    (root / "run").mkdir(mode=0o700)
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if name.startswith("PYTEST") or name == "PATH"}
    os.environ.clear()
    os.environ.update({**environment(root), **kept})
    time.tzset()
    yield
    os.environ.clear()
    os.environ.update(before)
    time.tzset()


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A private machine, ended and removed after the test."""
    with new_machine() as made:
        yield made


@pytest.fixture(scope="session")
def claude() -> Path:
    """The real Claude Code binary."""
    return bundled_claude()
