"""Snapshot tests need a folder that their plugin names in the environment before tests leave it behind."""

from __future__ import annotations

import os

import pytest

_NAME = "TEXTUAL_SNAPSHOT_TEMPDIR"
_named: dict[str, str] = {}


def pytest_collection_finish() -> None:
    """Collection is over, no test has begun: the variable is still there."""
    if _NAME in os.environ:
        _named[_NAME] = os.environ[_NAME]


@pytest.fixture(autouse=True)
def snapshot_folder() -> None:
    """Put the plugin's folder back."""
    os.environ.update(_named)
