"""Run Claude Code under a gate that decides, journals and shows every tool call."""

__version__ = "0.1.0"
