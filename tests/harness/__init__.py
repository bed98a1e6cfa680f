"""What tests stand on: a private machine, the real Claude Code, a terminal, and waiting for conditions."""
