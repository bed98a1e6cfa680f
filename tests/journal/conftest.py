"""A journal of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from journal.samples import RUN, started
from supervisor.journal.writer import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's journal lies; nothing is there yet."""
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An open journal with one run, `RUN`, called `amber-fox`."""
    with Journal.open(path) as opened:
        opened.append(RUN, started(), durable=True)
        yield opened
