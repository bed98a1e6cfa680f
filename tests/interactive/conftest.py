"""Fixtures of the desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from operator_desk import Desk, a_desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A desk on a machine of its own."""
    with a_desk() as made:
        yield made
