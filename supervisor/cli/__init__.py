"""The command line. Each command lives in a module of its own, loaded when it is called."""

from __future__ import annotations

from supervisor.cli.main import main

__all__ = ["main"]
