"""Prove the floors on this machine, with this `claude`, by breaking each in turn.

Everything happens in a throw-away folder with a private home and a scripted model on loopback; nothing of
the user's is read or written and no account is needed.
"""

from __future__ import annotations

from supervisor.doctor.examine import examine
from supervisor.doctor.stage import Check

__all__ = ["Check", "examine"]
