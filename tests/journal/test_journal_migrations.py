"""Schema steps are applied once, in order, all or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from journal_samples import one_run

from supervisor.journal.migrations import LATEST, MIGRATIONS, Migration, migrate, version
from supervisor.journal.schema import APPLICATION_ID

SECOND = Migration("a second step", ("ALTER TABLE runs ADD COLUMN colour TEXT", "CREATE TABLE more (id)"))
BROKEN = Migration("a broken step", ("CREATE TABLE half (id)", "CREATE TABLE half (id)"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty database."""
    with closing(sqlite3.connect(tmp_path / "empty.db", isolation_level=None)) as opened:
        yield opened


def names(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """The steps the journal says it has had."""
    return connection.execute("SELECT number, name FROM migrations ORDER BY number").fetchall()


def test_a_new_journal_says_what_it_is(tmp_path: Path) -> None:
    """Application id, schema number and the names of its steps stand in the file."""
    with one_run(tmp_path / "journal.db") as journal, closing(sqlite3.connect(journal.path)) as other:
        assert other.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert version(other) == LATEST == len(MIGRATIONS)
        assert names(other) == [(number, step.name) for number, step in enumerate(MIGRATIONS, start=1)]


def test_each_step_is_applied_once(connection: sqlite3.Connection) -> None:
    """A later step is added to what is there; doing it again changes nothing."""
    migrate(connection, MIGRATIONS[:1])
    migrate(connection, (MIGRATIONS[0], SECOND))
    migrate(connection, (MIGRATIONS[0], SECOND))
    assert version(connection) == 2
    assert names(connection) == [(1, MIGRATIONS[0].name), (2, "a second step")]


def test_a_step_that_fails_leaves_all_as_it_was(connection: sqlite3.Connection) -> None:
    """Neither half a step nor the steps before it in the same go remain."""
    migrate(connection, MIGRATIONS[:1])
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (MIGRATIONS[0], SECOND, BROKEN))
    assert not connection.in_transaction
    assert version(connection) == 1
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert not {"more", "half"} & tables
