"""Isolation for every test, and the fixtures most of them start from."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from harness.claude import bundled_claude
from harness.machine import Machine, environment, new_machine

settings.register_profile("any machine", deadline=None)  # a busy one is slow
settings.load_profile("any machine")


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
