"""One line that names a call: what the operator recognises it by. Already safe to show."""

from __future__ import annotations

from supervisor.views.run import CallView
from supervisor.views.safe import one_line
from supervisor.views.targets import place_target

_TELLING = (
    "command",
    "file_path",
    "notebook_path",
    "url",
    "query",
    "pattern",
    "path",
    "description",
    "prompt",
    "message",
)


def tool_name(tool: str) -> str:
    """A tool's name as people say it: `mcp__store__upload` is `store.upload`."""
    if tool.startswith("mcp__"):
        server, _, name = tool.removeprefix("mcp__").partition("__")
        return one_line(f"{server}.{name}" if name else server, 60)
    return one_line(tool, 60)


def call_title(call: CallView, cwd: str = "", limit: int = 200) -> str:
    """What a call is about, without the tool's name: the command, the file, the arguments.

    Args:
        call: any call.
        cwd: the run's folder; files in it are named relative to it.
        limit: characters to keep.
    """
    for key in _TELLING:
        value = call.input.get(key)
        if isinstance(value, str) and value:
            if key.endswith("path") and cwd and value.startswith(cwd.rstrip("/") + "/"):
                value = value[len(cwd.rstrip("/")) + 1 :]
            return one_line(value, limit)
    arguments = ", ".join(f"{key}={value}" for key, value in list(call.input.items())[:4])
    if arguments:
        return one_line(arguments, limit)
    if call.targets:
        group, leaf = place_target(call.targets[0], call.scope, cwd)
        return one_line(leaf or group, limit)
    return ""
