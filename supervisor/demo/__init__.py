"""The demo: two real MCP servers, and a story for the real Claude Code to play in a throw-away folder."""
