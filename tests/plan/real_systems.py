"""A stage whose systems are all real: a git remote, an object store, a database server, two MCP servers."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from going_live_stage import Call, Stage, bash

from harness.machine import Machine
from harness.systems import OPEN, Database, Store, object_store, postgres

PAGE = "page.html"
KEY = "pages/page.html"


class RealSystems(Stage):
    """The folder's repository with its bare remote, a bucket, a table.

    Attributes:
        store: the object store, with one object.
        rows: the database server, with the table `images`, which has one row.
    """

    def __init__(self, machine: Machine, store: Store, rows: Database) -> None:
        super().__init__(machine)
        self.store, self.rows = store, rows
        programs = machine.root / "bin"
        programs.mkdir()
        (programs / "aws").symlink_to(Path(sys.executable).with_name("aws"))
        machine.env["PATH"] = f"{programs}:{machine.env['PATH']}"
        machine.write_config("[approval]\nexpires_minutes = 120\n")
        self.make_repository()
        (self.workspace / PAGE).write_text("old\n")
        self.git("add", PAGE)
        self.git("commit", "-q", "-m", "the old page")
        self.git("push", "-q", "origin", "main")
        store.run("s3", "rm", "--recursive", "s3://site")
        store.put(KEY, "old\n")
        rows.run("drop table if exists images")
        rows.run("create table images (id serial primary key, key text)")
        rows.run("insert into images (key) values ('old.png')")

    def copy(self) -> Call:
        """Upload the page."""
        words = [*self.store.aws, "s3", "cp", "--only-show-errors", *OPEN, PAGE, f"s3://site/{KEY}"]
        return bash(shlex.join(words))

    def insert_row(self, key: str) -> Call:
        """Add a row to the table of the database server."""
        statement = f"insert into images (key) values ('{key}')"
        return bash(shlex.join([*self.rows.psql, "-q", "-c", statement]))

    def remote_tree(self) -> str:
        """What the remote's branch holds: subjects of its commits, modes, names and contents of its files."""
        log = self.git("--git-dir", str(self.remote), "log", "--format=%s", "main")
        return log + self.git("--git-dir", str(self.remote), "ls-tree", "-r", "main")


@contextmanager
def servers() -> Iterator[tuple[Store, Database]]:
    """Both servers, for as many stages as follow each other."""
    with object_store() as store, postgres() as rows:
        yield store, rows
