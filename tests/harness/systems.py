"""Systems outside of the folder, real ones on loopback: an object store and a database server.

Each is started and stopped by the test that uses it, in a private folder, and keeps nothing.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.waiting import wait_for

BUCKET = "site"
DATABASE = "shop"
OPEN = ("--acl", "public-read")
"""Options of an upload which lets the next one be made without credentials."""


@dataclass(frozen=True)
class Store:
    """A moto server that speaks S3.

    Attributes:
        url: its endpoint.
        aws: argv of an `aws` that speaks to it, as nobody: it needs no credentials for what all may read.
    """

    url: str

    @property
    def aws(self) -> tuple[str, ...]:
        return ("aws", "--no-sign-request", "--region", "us-east-1", "--endpoint-url", self.url)

    def run(self, *words: str, stdin: str = "") -> str:
        """Run `aws` as the operator would; what it prints."""
        env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": "/nonexistent"}
        env |= {"AWS_ACCESS_KEY_ID": "operator", "AWS_SECRET_ACCESS_KEY": "nothing"}
        argv = ["aws", *self.aws[2:], *words]
        return subprocess.run(argv, env=env, input=stdin, check=True, capture_output=True, text=True).stdout

    def put(self, key: str, content: str) -> None:
        """Put an object, whatever was there."""
        self.run("s3", "cp", *OPEN, "-", f"s3://{BUCKET}/{key}", stdin=content)

    def objects(self) -> str:
        """Key, ETag and size of each object, as JSON."""
        query = "Contents[].[Key,ETag,Size]"
        return self.run("s3api", "list-objects-v2", "--bucket", BUCKET, "--query", query, "--output", "json")


@contextmanager
def object_store() -> Iterator[Store]:
    """A store with one empty bucket, until the block ends."""
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    with _reserved_port() as port:
        argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with _served(argv, port, env=env):
            store = Store(f"http://127.0.0.1:{port}")
            store.run("s3api", "create-bucket", "--bucket", BUCKET)
            yield store


@dataclass(frozen=True)
class Database:
    """A PostgreSQL server with one database.

    Attributes:
        psql: argv of a `psql` that speaks to it.
    """

    port: int

    @property
    def psql(self) -> tuple[str, ...]:
        return ("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "app", "-d", DATABASE)

    def run(self, statement: str, database: str = DATABASE) -> str:
        """Run SQL as the operator would; what it prints."""
        argv = [*self.psql[:-1], database, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        return subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout

    def dump(self) -> str:
        """Shape and rows of all tables, in a fixed order."""
        tables = self.run("select tablename from pg_tables where schemaname = 'public' order by 1").split()
        shape = "select table_name, column_name, data_type from information_schema.columns"
        parts = [self.run(f"{shape} where table_schema = 'public' order by 1, 2")]
        return "\n".join([*parts, *(self.run(f"select * from {name} order by 1") for name in tables)])


@contextmanager
def postgres() -> Iterator[Database]:
    """A server of its own, run by an ordinary user in a private folder, until the block ends.

    It lives in an IPC namespace of its own: the shared memory of the machine looks the same with and without.
    """
    folder = Path(tempfile.mkdtemp(prefix="sv-pg-", dir="/tmp"))
    who: dict[str, Any] = {"cwd": str(folder), "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}}
    if os.geteuid() == 0:
        who |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody")
    try:
        with _reserved_port() as port:
            initdb = [
                _program("initdb"),
                "-D",
                "data",
                "-U",
                "app",
                "-A",
                "trust",
                "--no-locale",
                "-E",
                "UTF8",
                "-N",
            ]
            subprocess.run(initdb, check=True, capture_output=True, **who)
            settings = (
                *("fsync=off", "unix_socket_directories=", "listen_addresses=127.0.0.1", f"port={port}"),
                "dynamic_shared_memory_type=mmap",  # in its folder: it is killed, and cleans nothing up
            )
            argv = ["bwrap", "--dev-bind", "/", "/", "--unshare-ipc", "--die-with-parent", "--"]
            argv += [_program("postgres"), "-D", "data"]
            argv += [word for setting in settings for word in ("-c", setting)]
            with _served(argv, port, **who):
                database = Database(port)
                wait_for(lambda: _answers(database), "PostgreSQL to take a connection")
                database.run(f"create database {DATABASE}", "postgres")
                yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    """Where Debian keeps a program of the server: not on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name


def _answers(database: Database) -> bool:
    try:
        return database.run("select 1", "postgres").strip() == "1"
    except subprocess.CalledProcessError:
        return False


@contextmanager
def _served(argv: list[str], port: int, **options: Any) -> Iterator[None]:
    with tempfile.TemporaryFile() as printed:

        def told() -> str:
            printed.seek(0)
            return f"{argv[0]}: {process.poll()}\n{printed.read().decode(errors='replace')[-3_000:]}"

        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT, **options
        )
        try:
            wait_for(lambda: process.poll() is not None or _listens(port), f"{argv[0]} to listen", shown=told)
            assert process.poll() is None, told()
            yield
        finally:
            process.terminate()
            process.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def _reserved_port() -> Iterator[int]:
    """A port that nobody else is given. A server that says SO_REUSEADDR, as servers do, takes it all the
    same: this socket, which does not listen, may share it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])
