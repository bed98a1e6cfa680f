"""The rules a run is judged by, compiled once at its start."""

from __future__ import annotations

from pathlib import Path

from supervisor.effects import Surroundings
from supervisor.effects.classifier import Classifier
from supervisor.effects.profiles import load
from supervisor.gate.gate import Judge
from supervisor.places import shipped
from supervisor.runner.files import LocalFiles
from supervisor.runner.spec import RunSpec


def compile_rules(spec: RunSpec, *, home: str, path: str) -> Judge:
    """The judge of one run.

    Args:
        home: the agent's home folder.
        path: the agent's PATH.

    Raises:
        ConfigError: a rule pack cannot be used.
    """
    book = load(shipped("profiles"), *map(Path, spec.profiles))
    where = Surroundings(
        cwd=spec.cwd,
        workspace=spec.cwd,
        home=home,
        files=LocalFiles(path),
        trusted_mcp=frozenset(spec.trusted_mcp),
    )
    return Judge(Classifier(book).judge, spec.rulings, where, getattr(book, "hash", ""))
