"""The network that all commands of a run share, on the real Claude Code: theirs alone, and one for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.machine import Machine

SERVE = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Served(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"the run answers {self.command}".encode())
    do_POST = do_GET

with HTTPServer(("127.0.0.1", int(sys.argv[1])), Served) as server:
    open("up", "w").close()
    server.serve_forever()
"""


@contextmanager
def service_of_the_machine(asked: list[str]) -> Iterator[int]:
    """A web server on the machine's own loopback; its port. What it is asked is noted in `asked`."""

    class Served(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"the machine answers")

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_what_one_command_serves_the_next_reaches_and_the_machine_is_not_asked(machine: Machine) -> None:
    """A server in the background answers later calls on localhost, although the machine serves that port too.

    A port that nothing of the run serves is the machine's: reads go there, and what would write does not.
    """
    (machine.workspace / "serve.py").write_text(SERVE)
    asked: list[str] = []
    with service_of_the_machine(asked) as taken, service_of_the_machine(asked) as other:
        commands = [
            f"curl -s http://127.0.0.1:{taken}/before",
            f"python3 serve.py {taken} >/dev/null 2>&1 & until [ -e up ]; do sleep 0.05; done",
            f"curl -s http://127.0.0.1:{taken}/own",
            f"curl -s http://localhost:{other}/other",
            f"curl -s -d x http://localhost:{taken}/own",
            f"curl -s -d x http://localhost:{other}/written",
        ]
        script = machine.write_script(
            [{"calls": [{"tool": "Bash", "input": {"command": command}}]} for command in commands]
        )
        done = machine.supervise("run", "--headless", "--script", str(script), "serve it")
    assert done.returncode in (0, 4), done.stderr
    (row,) = machine.json("runs", "--json")
    results = [call["result"] for call in machine.json("show", row["id"], "--json")["calls"]]
    assert results[0] == "the machine answers"
    assert results[2:5] == ["the run answers GET", "the machine answers", "the run answers POST"]
    assert asked == ["/before", "/other"]
