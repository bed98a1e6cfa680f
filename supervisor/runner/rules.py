"""The rules a run is judged by, compiled once at its start and whenever a rule pack changes."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from supervisor.config import RememberedRead, remembered
from supervisor.effects import Judgement, Surroundings, ToolCall
from supervisor.effects.foresight import Foreseen
from supervisor.effects.profiles import compile_packs, digest_of
from supervisor.effects.rules import RuleBook
from supervisor.errors import ConfigError
from supervisor.gate.gate import Judge
from supervisor.places import shipped
from supervisor.policy import Rulings
from supervisor.runner.files import LocalFiles
from supervisor.runner.spec import RunSpec

if TYPE_CHECKING:
    from supervisor.effects.classifier import Classifier


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


class Packs(msgspec.Struct, frozen=True):
    """The texts of the rule packs in force, read once.

    Attributes:
        layers: shipped packs, then the operator's own, which win; (file, text) each.
    """

    layers: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def digest(self) -> str:
        """Hash of all of them; known before they are compiled."""
        return digest_of(self.layers)

    def check_own(self) -> None:
        """Raises ConfigError, naming file, line and field, if one of the operator's own is wrong."""
        compile_packs(self.layers[-1])

    def book(self) -> RuleBook:
        """The rule book they make; takes about 0.1 s.

        Raises:
            ConfigError: a pack is wrong; the message names file, line and field.
        """
        return compile_packs(*self.layers)


def read_packs(names: Iterable[str], user: Path | None) -> Packs:
    """The packs in force; arguments as of `pack_files`.

    Raises:
        ConfigError: no pack has that name, or one cannot be read.
    """
    return Packs(tuple(tuple(_read(file) for file in layer) for layer in pack_files(names, user)))


def read_book(names: Iterable[str], user: Path | None) -> RuleBook:
    """The rule book of the packs in force; raises ConfigError as `read_packs` and `Packs.book`."""
    return read_packs(names, user).book()


def packs_of(spec: RunSpec) -> Packs:
    """The packs of a run. Raises ConfigError as `read_packs`."""
    return read_packs(spec.profiles, Path(spec.user_profiles) if spec.user_profiles else None)


def pack_folders(spec: RunSpec) -> list[Path]:
    """Folders the packs of a run come from."""
    return [shipped("profiles"), *([Path(spec.user_profiles)] if spec.user_profiles else [])]


def surroundings(spec: RunSpec, *, home: str, path: str) -> Surroundings:
    """Where the run's calls happen; nobody's MCP server is trusted there yet.

    Args:
        home: the agent's home folder.
        path: the agent's PATH.
    """
    return Surroundings(
        cwd=spec.cwd,
        workspace=spec.cwd,
        home=home,
        files=LocalFiles(path),
    )


class Memory:
    """A classifier that also knows the calls the operator declared reads.

    It is compiled when it is first needed, or by `compile`, whichever comes first.

    Attributes:
        profile: hash of all rules in force, remembered reads included.
    """

    def __init__(self, packs: Packs, reads: tuple[RememberedRead, ...], rulings: Rulings) -> None:
        self._packs = packs
        self._reads = reads
        self._rulings = rulings
        known = hashlib.sha256(msgspec.json.encode((packs.digest, reads))).hexdigest()[:16]
        self.profile = known if reads else packs.digest

    def compile(self) -> None:
        """Compile the rules. Raises ConfigError: a pack is wrong."""
        _ = self._classifier

    @cached_property
    def _classifier(self) -> Classifier:
        # Loading the parsers and compiling takes 0.1 s, which a run spends while Claude Code starts.
        from supervisor.effects.classifier import Classifier

        return Classifier(self._packs.book())

    def judge(self, call: ToolCall, where: Surroundings) -> Judgement:
        """What the call would do."""
        judgement = remembered(call, self._classifier.judge(call, where), self._reads, self._rulings)
        return msgspec.structs.replace(judgement, profile=self.profile)

    def foresee(self, call: ToolCall, where: Surroundings) -> tuple[Foreseen, ...]:
        """What the rules know of the call beyond its effects."""
        return self._classifier.foresee(call, where)

    def judge_in(self, where: Surroundings) -> Judge:
        """The judge of calls that happen in `where`."""
        return Judge(self.judge, self.foresee, self._rulings, where, self.profile)


def compiled(spec: RunSpec, reads: tuple[RememberedRead, ...], where: Surroundings) -> Judge:
    """The judge of a run by the packs and reads as they are now.

    Raises:
        ConfigError: a rule pack cannot be used.
    """
    memory = Memory(packs_of(spec), reads, spec.rulings)
    memory.compile()
    return memory.judge_in(where)


def _read(file: Path) -> tuple[str, str]:
    try:
        return str(file), file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise ConfigError(f"{file}:1: cannot be read: {cause}") from None
