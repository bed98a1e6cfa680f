"""The story of the demo, ready to be played: a throw-away folder, two systems outside it, and a script.

An agent publishes a picture. It writes a page (for real: the folder is live), adds the page's row to the
database (for real: the database is live), then uploads the picture to the object store, which is *not* live:
the upload is simulated. From then on a row that names the picture would be an orphan, so every later write is
simulated too: one made in parallel with the upload, one by the main agent, one by a subagent. At the end the
gate is killed, and the agent tries everything once more.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from supervisor.plan.servers import server_digests

TASK = "Publish picture 42: write its page, upload img/42.png, and add the rows that the site needs."
KEY = "img/42.png"

_CONFIG = """\
# The operator's word for the demo: the folder and the database are live, the object store is not.
mode = "mixed"

[targets]
"file://{workspace}/*" = "live"
"mcp://database/*" = "live"
"mcp://store/*" = "dry-run"

[mcp]
trusted = {trusted}
"""

_PAGE = """\
<!doctype html>
<title>Picture 42</title>
<link rel="stylesheet" href="style.css">
<img src="https://store.example/img/42.png" alt="Picture 42">
"""

_TABLES = """\
CREATE TABLE pages (id INTEGER PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL);
CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT NOT NULL, page TEXT NOT NULL);
"""


class StoryFiles(msgspec.Struct, frozen=True):
    """Where the parts of the story lie, all below one folder.

    Attributes:
        workspace: the run's folder; holds `.mcp.json` and the picture.
        script: the model's script.
        config: the operator's `supervisor.toml` for it. Belongs in the demo's own XDG_CONFIG_HOME.
        objects: what the object store holds; empty at first.
        database: the SQLite file; its tables `pages` and `images` are empty at first.
        task: what the agent is asked.
        kill_after: the number of calls, subagents' included, after which the gate is to be killed.
        kill_window_s: seconds that the model then takes before its next turn.
    """

    workspace: Path
    script: Path
    config: Path
    objects: Path
    database: Path
    task: str
    kill_after: int
    kill_window_s: float

    def uploaded(self) -> list[str]:
        """Keys of the objects that are really in the store."""
        files = (path for path in self.objects.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.objects).as_posix() for path in files)

    def rows(self, table: str) -> int:
        """Number of rows that are really in `pages` or `images`."""
        with closing(sqlite3.connect(self.database)) as connection:
            (count,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
        return int(count)


def write_story(folder: Path, pace_s: float = 0.0, kill_window_s: float = 3.0) -> StoryFiles:
    """Lay the story out below the existing folder `folder`.

    Args:
        pace_s: seconds the model takes before each turn, so that a person can read along.
        kill_window_s: seconds it takes before the turn that comes after the gate was killed.
    """
    folder = folder.resolve()
    workspace, objects, database = folder / "site", folder / "objects", folder / "database.sqlite"
    for made in (workspace / "img", objects):
        made.mkdir(parents=True)
    picture = _picture()
    (workspace / KEY).write_bytes(picture)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(_TABLES)
    servers = {
        "store": _server("supervisor.demo.store", "--root", objects),
        "database": _server("supervisor.demo.database", "--file", database),
    }
    (workspace / ".mcp.json").write_text(json.dumps({"mcpServers": servers}, indent=2), encoding="utf-8")
    config = folder / "supervisor.toml"
    trusted = [f"{name}@{digest}" for name, digest in server_digests(servers).items()]
    said = _CONFIG.replace("{workspace}", str(workspace)).replace("{trusted}", json.dumps(trusted))
    config.write_text(said, encoding="utf-8")

    before, after = list(_before_the_kill(picture)), list(_after_the_kill())
    thumbnail = list(_subagent(picture))
    paced = [{"wait_s": pace_s, **turn} for turn in (*before, *after)]
    paced[len(before)]["wait_s"] = max(kill_window_s, pace_s)
    agents = {"^Thumbnail": {"turns": [{"wait_s": pace_s, **turn} for turn in thumbnail]}}
    script = folder / "script.json"
    script.write_text(json.dumps({"turns": paced, "agents": agents}, indent=2), encoding="utf-8")
    return StoryFiles(
        workspace=workspace,
        script=script,
        config=config,
        objects=objects,
        database=database,
        task=TASK,
        kill_after=sum(len(turn.get("calls", ())) for turn in (*before, *thumbnail)),
        kill_window_s=max(kill_window_s, pace_s),
    )


def _before_the_kill(picture: bytes) -> Iterator[dict[str, Any]]:
    yield _turn(
        "I start with the page. Look at the tree: the folder is live and the run is not dry, so both files "
        "are real.",
        _call("Write", file_path="{cwd}/42.html", content=_PAGE),
        _call("Write", file_path="{cwd}/style.css", content="img { max-width: 100% }\n"),
    )
    yield _turn(
        "Now the page's row. The database is live as well: this row is really there.",
        _insert("pages", path="42.html", title="Picture 42"),
    )
    yield _turn(
        "I upload the picture and, in the same breath, add the row that refers to it. The store is not live: "
        "the upload is simulated and the run turns dry. The row would be an orphan, so it is simulated too.",
        _upload(KEY, picture),
        _insert("images", key=KEY, page="42.html"),
    )
    yield _turn(
        "The notices say that nothing changed, so I go on as a rehearsal. Even the folder is no longer live.",
        _insert("images", key=KEY, page="index.html"),
        _call("Write", file_path="{cwd}/index.html", content='<a href="42.html">Picture 42</a>\n'),
    )
    yield _turn(
        "A subagent does the thumbnail. It is the same run, so it is as dry as I am.",
        _call(
            "Agent",
            description="Make the thumbnail",
            prompt="Thumbnail: upload img/42-small.png and add its row to the table images.",
            subagent_type="general-purpose",
            run_in_background=False,
        ),
    )
    yield _turn(
        "Is the row there? A read of the real table would show me an old world, and I am told so.",
        _call("mcp__database__query", sql="SELECT key, page FROM images"),
    )


def _after_the_kill() -> Iterator[dict[str, Any]]:
    yield _turn(
        "The gate has been killed. I try everything once more: nobody decides, so nothing gets through.",
        _upload("img/42-after.png", b"no gate"),
        _insert("images", key="img/42-after.png", page="42.html"),
        _call("Write", file_path="{cwd}/after.html", content="no gate\n"),
        _call("Bash", command="touch after.txt", description="Write without a gate"),
    )
    yield _turn("Nothing of that got through.")


def _subagent(picture: bytes) -> Iterator[dict[str, Any]]:
    yield _turn(
        "I upload the thumbnail and add its row.",
        _upload("img/42-small.png", picture),
        _insert("images", key="img/42-small.png", page="42.html"),
    )
    yield _turn("Rehearsed: one upload and one row, neither of them real.")


def _turn(say: str, *calls: dict[str, Any]) -> dict[str, Any]:
    return {"say": say, "calls": list(calls)}


def _call(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "input": arguments}


def _insert(table: str, **values: str) -> dict[str, Any]:
    return _call("mcp__database__insert_row", table=table, values=values)


def _upload(key: str, data: bytes) -> dict[str, Any]:
    content = base64.b64encode(data).decode()
    return _call("mcp__store__put_object", key=key, content=content, encoding="base64")


def _server(module: str, option: str, path: Path) -> dict[str, Any]:
    # -P: the server starts in the agent's folder, whose files must not be taken for Python's own modules.
    return {"command": sys.executable, "args": ["-P", "-m", module, option, str(path)]}


def _picture() -> bytes:
    """A 42 x 42 PNG in one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 42, 42, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x2e\x86\xab" * 42) * 42)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
