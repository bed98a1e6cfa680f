"""Hosts that the operator opens for a run."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.machine import Machine
from supervisor.runner.hosts import HostProxy

HOST = "127.0.0.5"  # of loopback, and not one that is always reached without a proxy

FETCH = """
import os, sys, urllib.request
proxy = os.environ.get("http_proxy", "")
through = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy} if proxy else {}))
for url in sys.argv[1:]:
    try:
        print(through.open(url, timeout=20).read().decode())
    except OSError as cause:
        print(getattr(cause, "code", "cut"))
"""


class _Registry(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"package {self.path} for {self.headers['Host']}".encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def registry() -> Iterator[int]:
    """A web server on `HOST`; its port."""
    with ThreadingHTTPServer((HOST, 0), _Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("opened", [True, False], ids=["opened", "closed"])
def test_a_command_reaches_the_hosts_that_were_opened_and_no_other(machine: Machine, opened: bool) -> None:
    """A program nobody knows fetches from an opened host, and from no other; without one, from none at all.

    What was opened is journaled with the run, and shown.
    """
    (machine.workspace / "fetch.py").write_text(FETCH)
    if opened:
        machine.write_config('[network]\nhosts = ["127.0.0.5"]\n')
    with registry() as port:
        urls = f"http://{HOST}:{port}/a?b=1 http://127.0.0.6:{port}/"
        command = f"{sys.executable} -S fetch.py {urls} > fetched"
        script = machine.write_script([{"calls": [{"tool": "Bash", "input": {"command": command}}]}])
        done = machine.supervise("run", "--headless", "--script", str(script), "fetch it")
    assert done.returncode == 0, done.stderr
    shown = machine.json("show", "--json", machine.json("runs", "--json")[0]["name"])
    (call,) = shown["calls"]
    assert (call["decision"], call["outcome"]) == ("simulated", "executed")
    diff = machine.supervise("diff", shown["run"]["name"]).stdout
    got = f"+package /a?b=1 for {HOST}:{port}\n+403\n" if opened else "+cut\n+cut\n"
    assert got in diff
    assert any(HOST in note for note in shown["run"]["notes"]) is opened


@pytest.mark.parametrize(
    ("host", "opens"),
    [
        ("pypi.org", True),
        ("PyPI.org.", True),
        ("evil-pypi.org", False),
        ("pypi.org.evil.net", False),
        ("a.example.org", True),
        ("example.org", False),
        ("", False),
    ],
)
def test_a_name_opens_that_host_alone(host: str, opens: bool, tmp_path: Path) -> None:
    """Globs open what they match; nothing is matched by its end or its beginning."""
    assert HostProxy(["pypi.org", "*.example.org"], tmp_path / "proxy").opens(host) is opens


async def test_a_tunnel_leads_to_an_opened_host_and_back(tmp_path: Path) -> None:
    """CONNECT, as for https: bytes go both ways, and a host that is not open is refused by name."""
    proxy = HostProxy([HOST], tmp_path / "proxy")
    await proxy.serve()

    async def asked(target: str, then: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "proxy"))
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode() + then)
        writer.write_eof()
        try:
            return await reader.read()
        finally:
            writer.close()

    with registry() as port:
        got = await asked(f"{HOST}:{port}", b"GET /x HTTP/1.0\r\nHost: h\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 200 Connection established\r\n\r\n") and b"package /x for h" in got
        assert b"403" in (refused := await asked(f"127.0.0.6:{port}", b"")) and b"127.0.0.6" in refused
    proxy.close()
