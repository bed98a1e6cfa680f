"""The demo's MCP servers, over stdio, through the official client."""

from __future__ import annotations

import base64
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.types import TextContent


@asynccontextmanager
async def session(*words: str) -> AsyncIterator[ClientSession]:
    """A client's session with `python -m WORDS`."""
    server = StdioServerParameters(command=sys.executable, args=["-P", "-m", *words])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as client:
        await client.initialize()
        yield client


async def ask(client: ClientSession, tool: str, **arguments: object) -> tuple[bool, str]:
    """Whether the call went well, and the text it answered."""
    result = await client.call_tool(tool, dict(arguments))
    (content,) = result.content
    assert isinstance(content, TextContent)
    return not result.is_error, content.text


async def read_only(client: ClientSession) -> dict[str, bool | None]:
    """What the server says of each of its tools."""
    tools = (await client.list_tools()).tools
    return {tool.name: tool.annotations.read_only_hint if tool.annotations else None for tool in tools}


async def test_the_store_keeps_objects_in_its_folder_and_nowhere_else(tmp_path: Path) -> None:
    """Objects go in and come out, text or binary; a key that leads out of the folder is refused."""
    root = tmp_path / "objects"
    async with session("supervisor.demo.store", "--root", str(root)) as client:
        assert await read_only(client) == {
            "put_object": False,
            "get_object": True,
            "list_objects": True,
            "delete_object": False,
        }
        data = bytes(range(256))
        coded = base64.b64encode(data).decode()
        assert await ask(client, "put_object", key="a.txt", content="hé") == (
            True,
            "uploaded a.txt (3 bytes)",
        )
        assert (await ask(client, "put_object", key="img/b.bin", content=coded, encoding="base64"))[0]
        assert (root / "img/b.bin").read_bytes() == data
        assert await ask(client, "get_object", key="a.txt") == (True, "hé")
        assert await ask(client, "get_object", key="img/b.bin") == (True, "base64:" + coded)
        assert await ask(client, "list_objects") == (True, "a.txt 3\nimg/b.bin 256")
        assert await ask(client, "list_objects", prefix="img/") == (True, "img/b.bin 256")
        assert await ask(client, "delete_object", key="a.txt") == (True, "deleted a.txt")
        for key in ("../out", "/etc/passwd", "", ".", "a.txt"):
            assert not (await ask(client, "get_object", key=key))[0]
        assert not (await ask(client, "put_object", key="../out", content="x"))[0]
        assert not (await ask(client, "put_object", key="c", content="%", encoding="base64"))[0]
    assert not (tmp_path / "out").exists()
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["b.bin"]


async def test_the_database_inserts_and_deletes_rows_and_its_queries_only_read(tmp_path: Path) -> None:
    """Writes go through the tools that are for it; nothing that a query says can change the file."""
    file = tmp_path / "d.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    async with session("supervisor.demo.database", "--file", str(file)) as client:
        assert await read_only(client) == {"insert_row": False, "delete_rows": False, "query": True}
        assert await ask(client, "insert_row", table="t", values={"name": "x'; DROP TABLE t"}) == (
            True,
            "inserted row 1 into t",
        )
        assert await ask(client, "query", sql="WITH a AS (SELECT * FROM t) SELECT count(*) AS n FROM a") == (
            True,
            '[{"n": 1}]',
        )
        before = file.read_bytes()
        for sql in (
            "DELETE FROM t",
            "INSERT INTO t (name) VALUES ('y') RETURNING id",
            "PRAGMA user_version = 3",
            f"ATTACH '{tmp_path / 'other.sqlite'}' AS o",
            "VACUUM",
            "SELECT 1; DROP TABLE t",
            "nonsense",
        ):
            assert not (await ask(client, "query", sql=sql))[0], sql
        assert file.read_bytes() == before
        for table, values in (("nope", {"name": "y"}), ("t", {"name": "y", 'x"': 1}), ("t", {})):
            assert not (await ask(client, "insert_row", table=table, values=values))[0]
        assert not (await ask(client, "delete_rows", table="t", where={}))[0]
        assert file.read_bytes() == before
        assert await ask(client, "delete_rows", table="t", where={"id": 1}) == (True, "deleted 1 rows from t")
    assert [path.name for path in tmp_path.iterdir()] == ["d.sqlite"]
