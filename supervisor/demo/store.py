"""An object store on a folder, as an MCP server over stdio: `python -m supervisor.demo.store --root DIR`."""

from __future__ import annotations

import argparse
import base64
import binascii
import os
import tempfile
from pathlib import Path
from typing import Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=True)
_WRITES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True
)


def make_store(root: Path) -> MCPServer:
    """A server whose objects are the files below `root`; a key is a relative path."""
    root = root.resolve()
    server: MCPServer = MCPServer("store", log_level="WARNING")

    def place(key: str) -> Path:
        path = (root / key).resolve()
        if not key or path == root or not path.is_relative_to(root):
            raise ToolError(f"not a key: {key!r}")
        return path

    @server.tool(annotations=_WRITES, structured_output=False)
    def put_object(key: str, content: str, encoding: Literal["text", "base64"] = "text") -> str:
        """Upload an object. It replaces one of the same key. Binary content comes as base64."""
        path = place(key)
        try:
            data = base64.b64decode(content, validate=True) if encoding == "base64" else content.encode()
        except (binascii.Error, UnicodeEncodeError) as error:
            raise ToolError(f"content is not {encoding}: {error}") from error
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=root)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(unfinished).replace(path)
        return f"uploaded {key} ({len(data)} bytes)"

    @server.tool(annotations=_READS, structured_output=False)
    def get_object(key: str) -> str:
        """An object's content as text, or as base64 after `base64:` when it is no text."""
        try:
            data = place(key).read_bytes()
        except OSError as error:
            raise ToolError(f"no such object: {key}") from error
        try:
            return data.decode()
        except UnicodeDecodeError:
            return "base64:" + base64.b64encode(data).decode()

    @server.tool(annotations=_READS, structured_output=False)
    def list_objects(prefix: str = "") -> str:
        """Keys that begin with `prefix`, one a line, with their size in bytes."""
        files = sorted(path for path in root.rglob("*") if path.is_file())
        keys = {path.relative_to(root).as_posix(): path.stat().st_size for path in files}
        lines = [f"{key} {size}" for key, size in keys.items() if key.startswith(prefix)]
        return "\n".join(lines) or "no objects"

    @server.tool(annotations=_WRITES, structured_output=False)
    def delete_object(key: str) -> str:
        """Delete an object."""
        try:
            place(key).unlink()
        except OSError as error:
            raise ToolError(f"no such object: {key}") from error
        return f"deleted {key}"

    return server


def main() -> None:
    """Serve until the client goes away."""
    parser = argparse.ArgumentParser(
        prog="supervisor.demo.store", description="Objects on a folder, over MCP."
    )
    parser.add_argument(
        "--root", type=Path, required=True, help="folder that holds the objects; made if missing"
    )
    root: Path = parser.parse_args().root
    root.mkdir(parents=True, exist_ok=True)
    make_store(root).run("stdio")


if __name__ == "__main__":
    main()
