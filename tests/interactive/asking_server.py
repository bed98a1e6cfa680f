"""An MCP server, in the protocol of 2025-06-18, whose one tool asks the person who sits at Claude Code for a
colour and answers with what came of it: `python asking_server.py FILE`. FILE is there once it has told its
tools."""

import json
import sys
from pathlib import Path
from typing import Any


def say(**message: Any) -> None:
    """Send one message."""
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def main() -> None:
    """Serve until the end of input."""
    call: Any = None
    for line in sys.stdin:
        heard = json.loads(line)
        match heard.get("method"):
            case "initialize":
                about = {"name": "asker", "version": "1"}
                result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": about}
                say(id=heard["id"], result=result)
            case "tools/list":
                say(id=heard["id"], result={"tools": [{"name": "choose", "inputSchema": {"type": "object"}}]})
                Path(sys.argv[1]).touch()
            case "tools/call":
                call = heard["id"]
                wanted = {"type": "object", "properties": {"colour": {"type": "string"}}}
                say(
                    id="asked",
                    method="elicitation/create",
                    params={"message": "Which colour shall it be?", "requestedSchema": wanted},
                )
            case None if heard.get("id") == "asked":
                came = str(heard.get("result", {}).get("action", "no answer"))
                say(id=call, result={"content": [{"type": "text", "text": f"the person chose to {came}"}]})
            case str() if "id" in heard:
                say(id=heard["id"], error={"code": -32601, "message": "no such method"})
            case _:
                pass


if __name__ == "__main__":
    main()
