"""The rules a run is judged by, compiled once at its start and whenever a rule pack changes."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from supervisor.config import RememberedRead, remembered
from supervisor.effects import Judgement, Surroundings, ToolCall
from supervisor.effects.classifier import Classifier
from supervisor.effects.profiles import compile_packs
from supervisor.effects.rules import RuleBook
from supervisor.errors import ConfigError
from supervisor.gate.gate import Judge
from supervisor.places import shipped
from supervisor.policy import Rulings
from supervisor.runner.files import LocalFiles
from supervisor.runner.spec import RunSpec


def pack_files(names: Iterable[str], user: Path | None) -> tuple[list[Path], list[Path]]:
    """The rule packs in force: shipped ones, and the operator's own, which win.

    Args:
        names: packs by name; none means all.
        user: folder of the operator's own packs; need not exist.

    Raises:
        ConfigError: no pack has that name; the message offers the nearest.
    """
    layers = [sorted(folder.glob("*.toml")) for folder in (shipped("profiles"), user) if folder is not None]
    while len(layers) < 2:
        layers.append([])
    wanted = set(names)
    known = {file.stem for layer in layers for file in layer}
    for name in sorted(wanted - known):
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(known))}"
        raise ConfigError(f"no rule pack {name!r}; {hint}")
    chosen = [[file for file in layer if not wanted or file.stem in wanted] for layer in layers]
    return chosen[0], chosen[1]


def read_book(names: Iterable[str], user: Path | None) -> RuleBook:
    """The rule book of the packs in force.

    Raises:
        ConfigError: a pack cannot be read or is wrong; the message names file, line and field.
    """
    return compile_packs(*([_read(file) for file in layer] for layer in pack_files(names, user)))


def pack_folders(spec: RunSpec) -> list[Path]:
    """Folders the packs of a run come from."""
    return [shipped("profiles"), *([Path(spec.user_profiles)] if spec.user_profiles else [])]


def surroundings(spec: RunSpec, *, home: str, path: str) -> Surroundings:
    """Where the run's calls happen.

    Args:
        home: the agent's home folder.
        path: the agent's PATH.
    """
    return Surroundings(
        cwd=spec.cwd,
        workspace=spec.cwd,
        home=home,
        files=LocalFiles(path),
        trusted_mcp=frozenset(spec.trusted_mcp),
    )


def compile_rules(spec: RunSpec, where: Surroundings) -> Judge:
    """The judge of one run, for calls that happen in `where`.

    Raises:
        ConfigError: a rule pack cannot be used.
    """
    book = read_book(spec.profiles, Path(spec.user_profiles) if spec.user_profiles else None)
    plain = Classifier(book)
    classifier = _WithMemory(plain, spec.reads, spec.rulings)
    return Judge(classifier.judge, plain.foresee, spec.rulings, where, classifier.profile)


class _WithMemory:
    """A classifier that also knows the calls the operator declared reads.

    Attributes:
        profile: hash of all rules in force, remembered reads included.
    """

    def __init__(self, classifier: Classifier, reads: tuple[RememberedRead, ...], rulings: Rulings) -> None:
        self._classifier = classifier
        self._reads = reads
        self._rulings = rulings
        known = hashlib.sha256(msgspec.json.encode((classifier.rules.digest, reads))).hexdigest()[:16]
        self.profile = known if reads else classifier.rules.digest

    def judge(self, call: ToolCall, where: Surroundings) -> Judgement:
        """What the call would do."""
        judgement = remembered(call, self._classifier.judge(call, where), self._reads, self._rulings)
        return msgspec.structs.replace(judgement, profile=self.profile)


def _read(file: Path) -> tuple[str, str]:
    try:
        return str(file), file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise ConfigError(f"{file}:1: cannot be read: {cause}") from None
