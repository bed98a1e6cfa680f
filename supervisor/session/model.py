"""The scripted model: a loopback Messages API that plays a script instead of thinking.

The real Claude Code talks to it as to any API named by `ANTHROPIC_BASE_URL`, and runs its real tools. What is
played depends on the request alone, so subagents, side requests and retries do not disturb each other, and
every run plays the same. The one thing kept between requests tells twins apart: subagents that were given the
same task, word for word, would otherwise get the same call ids.

The server lives in a process of its own (`python -m supervisor.session.model`), so that it never takes time
from the gate. The first line of its output is its port, or what is wrong with the script. It ends when its
input closes, which the kernel does when its parent dies.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

from supervisor.errors import ScriptError
from supervisor.session.answer import Answer, Asker, answer, as_events, as_message, first_words, tokens
from supervisor.session.script import Script, load_script


class ScriptedModel(ThreadingHTTPServer):
    """The server. Listens on a free port of 127.0.0.1 once made; `serve_forever` answers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, script: Script, cwd: str, record: IO[str] | None = None) -> None:
        """`record` gets one JSON line a model request: `{"agent": id, "request": body}`."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self._script = script
        self._cwd = cwd
        self._record = record
        self._lock = threading.Lock()
        self._twins: dict[str, list[str]] = {}

    @property
    def base_url(self) -> str:
        """What `ANTHROPIC_BASE_URL` has to say."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def play(self, request: dict[str, Any], asker: Asker) -> Answer:
        """The script's answer to `request`, after the wait that the script asks for."""
        with self._lock:
            seen = self._twins.setdefault(first_words(request), [])
            if asker.agent not in seen:
                seen.append(asker.agent)
            twin = seen.index(asker.agent)
            if self._record is not None:
                self._record.write(json.dumps({"agent": asker.agent, "request": request}) + "\n")
                self._record.flush()
        given = answer(self._script, request, asker, cwd=self._cwd, twin=twin)
        if given.wait_s:
            time.sleep(given.wait_s)
        return given

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection. Whole answers are written at once, with their length, so connections are kept alive."""

    server: ScriptedModel
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""

    def do_HEAD(self) -> None:
        self._reply(200, b"")

    def do_GET(self) -> None:
        if self.path.split("?")[0].rstrip("/") == "/v1/models":
            self._reply_json(200, {"data": [], "has_more": False, "first_id": None, "last_id": None})
        else:
            self._reply_json(200, {})

    def do_POST(self) -> None:
        try:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asker = Asker(
                session=self.headers.get("X-Claude-Code-Session-Id", ""),
                agent=self.headers.get("X-Claude-Code-Agent-Id", ""),
            )
            path = self.path.split("?")[0]
            if path == "/v1/messages/count_tokens":
                self._reply_json(200, {"input_tokens": tokens(request)})
            elif path != "/v1/messages":
                self._refuse(404, "not_found_error", f"no such path: {path}")
            elif request.get("stream"):
                self._reply(200, _sse(self.server.play(request, asker)), "text/event-stream")
            else:
                self._reply_json(200, as_message(self.server.play(request, asker)))
        except (TypeError, ValueError, AttributeError) as error:
            self._refuse(400, "invalid_request_error", f"not a request of the Messages API: {error}")

    def _refuse(self, status: int, kind: str, message: str) -> None:
        self._reply_json(status, {"type": "error", "error": {"type": kind, "message": message}})

    def _reply_json(self, status: int, body: dict[str, Any]) -> None:
        self._reply(status, json.dumps(body).encode())

    def _reply(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _sse(given: Answer) -> bytes:
    return "".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in as_events(given)
    ).encode()


def main() -> int:
    """Serve until the input closes. Exit code 2: the script cannot be played."""
    parser = argparse.ArgumentParser(prog="supervisor.session.model", description="Play a script as a model.")
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--cwd", required=True)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the one who started us
    try:
        script = load_script(options.script)
    except ScriptError as error:
        print(" ".join(str(error).split()), flush=True)
        return error.code
    record = options.record.open("a", encoding="utf-8") if options.record else None
    model = ScriptedModel(script, options.cwd, record)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    print(model.server_address[1], flush=True)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
