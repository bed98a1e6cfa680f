"""Commands that others have labelled, and which of those labels we argue against.

The big sets are no part of the project: they lie beside the checkout, in `../shared/corpora`. Where they do
not, a small set of our own, `labelled_sample.jsonl`, stands in.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

HERE = Path(__file__).resolve().parent
BESIDE = HERE.parents[1].parent / "shared" / "corpora"
SAMPLE = HERE / "labelled_sample.jsonl"
DISPUTED = HERE / "disputed_labels.jsonl"


class Labelled(msgspec.Struct, frozen=True):
    """One command: `safe`/`READONLY` says that it only reads, any other label that it is no read."""

    command: str
    label: str
    src: str = ""

    @property
    def safe(self) -> bool:
        """Whether the label says that it only reads."""
        return self.label in ("safe", "READONLY")


class Dispute(msgspec.Struct, frozen=True):
    """A label that says that a command is no read, and why it is one after all."""

    command: str
    label: str
    argument: str


class Score(msgspec.Struct, frozen=True):
    """How many of the commands with a label are judged reads.

    Attributes:
        total: commands with the label.
        reads: those judged reads.
        disputed: those among the reads whose label is argued against.
    """

    total: int
    reads: int
    disputed: int = 0

    @property
    def percent(self) -> float:
        """Share of reads in percent, the disputed ones counted."""
        return 100 * self.reads / max(1, self.total)

    @property
    def undisputed_percent(self) -> float:
        """Share of reads in percent that nobody argues for."""
        return 100 * (self.reads - self.disputed) / max(1, self.total)


def commands(folder: Path) -> list[Labelled]:
    """`commands.jsonl`, or the sample where `folder` is not there."""
    file = folder / "commands.jsonl" if folder.is_dir() else SAMPLE
    return msgspec.json.Decoder(Labelled).decode_lines(file.read_bytes())


def effects(folder: Path) -> list[Labelled]:
    """`effects.jsonl`, or the sample where `folder` is not there."""
    file = folder / "effects.jsonl" if folder.is_dir() else SAMPLE
    return msgspec.json.Decoder(Labelled).decode_lines(file.read_bytes())


@lru_cache(maxsize=1)
def disputes() -> tuple[Dispute, ...]:
    """Every label that is argued against."""
    return tuple(msgspec.json.Decoder(Dispute).decode_lines(DISPUTED.read_bytes()))


def score(rows: list[Labelled], reads: list[bool], *, safe: bool) -> Score:
    """How the rows with a safe (or not safe) label are judged; `reads` answers for each row."""
    argued = {(dispute.command, dispute.label) for dispute in disputes()}
    judged = [(row, read) for row, read in zip(rows, reads, strict=True) if row.safe is safe]
    return Score(
        total=len(judged),
        reads=sum(read for _, read in judged),
        disputed=sum(read and (row.command, row.label) in argued for row, read in judged),
    )
