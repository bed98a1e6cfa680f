"""Numbered migrations: each applied once, all pending ones in one transaction, their names stored."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from supervisor.journal.schema import APPLICATION_ID, FIRST


@dataclass(frozen=True)
class Migration:
    """One step of the schema.

    Attributes:
        name: what it is for, in a few words; stored in the journal.
        statements: SQL, one statement each, run in order.
    """

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (Migration("events and their projections", FIRST),)
"""Step 1 is the first entry. Published steps never change: a new one is added at the end."""

LATEST = len(MIGRATIONS)
"""`PRAGMA user_version` of a journal that this version writes."""


def version(connection: sqlite3.Connection) -> int:
    """Number of steps the journal has; 0 for an empty database."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Apply the steps that the journal has not had, all or none.

    Args:
        connection: open for writing, in autocommit mode, outside any transaction.
        steps: every step there is, from the first.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have just done it.
        done = version(connection)
        for number, step in enumerate(steps[done:], start=done + 1):
            for statement in step.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, step.name, time.time()))
        if len(steps) > done:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
