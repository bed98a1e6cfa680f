"""A database on a SQLite file, as an MCP server over stdio: `python -m supervisor.demo.database --file F`."""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

Value = str | int | float | None

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=True)
_WRITES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)
_DELETES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True
)
_READING = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)


def make_database(file: Path) -> MCPServer:
    """A server for the SQLite database in `file`, whose tables it does not make."""
    server: MCPServer = MCPServer("database", log_level="WARNING")

    @contextmanager
    def connected() -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(file, timeout=10)
        try:
            with connection:
                yield connection
        except sqlite3.Error as error:
            raise ToolError(str(error)) from error
        finally:
            connection.close()

    def check(connection: sqlite3.Connection, table: str, columns: list[str]) -> None:
        """Names cannot be bound as parameters, so only those that the schema knows are taken."""
        known = {row[1] for row in connection.execute("SELECT * FROM pragma_table_info(?)", (table,))}
        if not known:
            raise ToolError(f"no such table: {table}")
        for column in columns:
            if column not in known:
                raise ToolError(f"table {table} has no column {column}")

    @server.tool(annotations=_WRITES, structured_output=False)
    def insert_row(table: str, values: dict[str, Value]) -> str:
        """Insert one row: `values` maps columns to values."""
        with connected() as connection:
            check(connection, table, list(values))
            columns = ", ".join(f'"{column}"' for column in values)
            marks = ", ".join("?" * len(values))
            rest = f"({columns}) VALUES ({marks})" if values else "DEFAULT VALUES"
            cursor = connection.execute(f'INSERT INTO "{table}" {rest}', tuple(values.values()))
            return f"inserted row {cursor.lastrowid} into {table}"

    @server.tool(annotations=_DELETES, structured_output=False)
    def delete_rows(table: str, where: dict[str, Value]) -> str:
        """Delete the rows whose columns equal all the values in `where`, which must name at least one."""
        if not where:
            raise ToolError("where must name a column")
        with connected() as connection:
            check(connection, table, list(where))
            test = " AND ".join(f'"{column}" IS ?' for column in where)
            cursor = connection.execute(f'DELETE FROM "{table}" WHERE {test}', tuple(where.values()))
            return f"deleted {cursor.rowcount} rows from {table}"

    @server.tool(annotations=_READS, structured_output=False)
    def query(sql: str) -> str:
        """Run one SELECT. The answer is a JSON list with one object a row, at most 1,000."""

        def only_reading(action: int, *_: str | None) -> int:
            return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY

        with connected() as connection:
            connection.set_authorizer(only_reading)
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(1000)]
        return json.dumps(rows, ensure_ascii=False, default=repr)

    return server


def main() -> None:
    """Serve until the client goes away."""
    parser = argparse.ArgumentParser(prog="supervisor.demo.database", description="SQLite, over MCP.")
    parser.add_argument("--file", type=Path, required=True, help="the database file")
    make_database(parser.parse_args().file).run("stdio")


if __name__ == "__main__":
    main()
