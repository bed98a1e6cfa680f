"""Configuration: `supervisor.toml` in its layers, what of it counts, and where each value comes from."""

from __future__ import annotations

from supervisor.config.allow import AllowStore
from supervisor.config.annotated import annotated
from supervisor.config.fields import Backend, Config, RememberedRead, TargetMode
from supervisor.config.layers import InForce, Layer, Pending, load, pending
from supervisor.config.merge import Loosening, looseness
from supervisor.config.own import OwnPaths, own_paths
from supervisor.config.reads import Proposal, narrow_read, propose_read, remembered, write_read
from supervisor.config.summary import ignored_lines, start_lines

__all__ = [
    "AllowStore",
    "Backend",
    "Config",
    "InForce",
    "Layer",
    "Loosening",
    "OwnPaths",
    "Pending",
    "Proposal",
    "RememberedRead",
    "TargetMode",
    "annotated",
    "ignored_lines",
    "load",
    "looseness",
    "narrow_read",
    "own_paths",
    "pending",
    "propose_read",
    "remembered",
    "start_lines",
    "write_read",
]
