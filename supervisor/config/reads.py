"""Remembered reads: the operator says that a call is a read from now on.

A remembered read never weakens a `block` rule: it is refused for a call that a block rule covers, and what it
makes of a judgement leaves effects on blocked targets as they are.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from supervisor import targets
from supervisor.config.allow import AllowStore
from supervisor.config.annotated import read_rows
from supervisor.config.fields import Config, RememberedRead
from supervisor.config.merge import looseness
from supervisor.config.source import SHELL_TOOLS, parse_source, read_source, too_wide
from supervisor.effects.model import Effect, EffectKind, Judgement, ToolCall
from supervisor.errors import UsageError
from supervisor.policy import Rulings


class Proposal(msgspec.Struct, frozen=True):
    """A change of a `supervisor.toml`, to be shown before it is written.

    Attributes:
        path: the file.
        text: the whole file as it would be.
        added: what is new in it; the whole text if the file had to be written anew.
        before: SHA-256 of the file as it is, in hex; empty if there is none.
        keeps_comments: False where the file's form made it necessary to write it anew.
    """

    path: Path
    text: str
    added: str
    before: str
    keeps_comments: bool = True


def narrow_read(call: ToolCall) -> RememberedRead:
    """The narrowest remembered read for a call: its exact command, or its tool."""
    command = call.input.get("command")
    if call.name in SHELL_TOOLS and isinstance(command, str):
        return RememberedRead(call.name, command=command)
    return RememberedRead(call.name)


def remembered(
    call: ToolCall, judgement: Judgement, reads: tuple[RememberedRead, ...], rulings: Rulings
) -> Judgement:
    """The judgement with its effects as reads where a remembered read fits the call.

    Effects on blocked targets and on the supervisor itself stay what they are.
    """
    if not any(_fits(read, call, judgement) for read in reads):
        return judgement
    return msgspec.structs.replace(judgement, effects=tuple(_as_read(e, rulings) for e in judgement.effects))


def propose_read(
    path: Path, read: RememberedRead, judgement: Judgement | None = None, block: tuple[str, ...] = ()
) -> Proposal:
    """What remembering a read would make of the file at `path`. Writes nothing.

    Args:
        path: a `supervisor.toml`; it need not exist.
        read: the read to remember.
        judgement: what the call would do, as it was judged.
        block: the block rules in force.

    Raises:
        UsageError: the read is too wide, or a block rule covers the call.
        ConfigError: the file as it is cannot be read.
    """
    problem = too_wide(read)
    if problem:
        raise UsageError(problem)
    for effect in judgement.effects if judgement else ():
        covering = [glob for glob in block if targets.covers(effect.target, glob)]
        if covering and _not_read(effect):
            raise UsageError(
                f'the block rule "{covering[0]}" covers {effect.target}: this cannot become a read'
            )
    before = read_source(path)
    if before is None:
        added = f"[[reads]]\n{read_rows(read)}\n"
        return Proposal(path, added, added, "")
    if read in before.config.reads:
        return Proposal(path, before.text, "", before.sha256)
    wanted = _with_read(tomllib.loads(before.text), read)
    line_end = "\n" if before.text and not before.text.endswith("\n") else ""
    added = f"{line_end}\n[[reads]]\n{read_rows(read)}\n"
    appended = before.text + added
    if _says(appended, wanted):
        return Proposal(path, appended, added, before.sha256)
    anew = tomli_w.dumps(wanted)
    return Proposal(path, anew, anew, before.sha256, keeps_comments=False)


def write_read(proposal: Proposal, store: AllowStore, base: Config) -> None:
    """Write a proposal that the operator has seen.

    The file stays allowed if it was, and becomes so if the read is all that loosens in it; what else it would
    loosen is not allowed in passing.

    Args:
        proposal: as `propose_read` gave it.
        store: the operator's allowances.
        base: the configuration below the file.

    Raises:
        UsageError: the file is no longer what the proposal was made from.
        OSError: the file cannot be written; it is then unchanged.
    """
    before = read_source(proposal.path)
    if (before.sha256 if before else "") != proposal.before:
        raise UsageError(f"{proposal.path} has changed meanwhile", cure="Look at it again, then repeat.")
    clean = before is None or not looseness(base, before) or store.is_allowed(proposal.path, before.sha256)
    data = proposal.text.encode()
    parse_source(str(proposal.path), data)
    _replace(proposal.path, data)
    if clean:
        store.allow(proposal.path, hashlib.sha256(data).hexdigest())


def _fits(read: RememberedRead, call: ToolCall, judgement: Judgement) -> bool:
    if read.tool != call.name:
        return False
    if read.tool in SHELL_TOOLS:
        return bool(read.command) and read.command == call.input.get("command")
    if not read.target:
        return True
    return bool(judgement.effects) and all(
        fnmatchcase(targets.normal(effect.target), read.target) and not targets.climbs(effect.target)
        for effect in judgement.effects
    )


def _as_read(effect: Effect, rulings: Rulings) -> Effect:
    closed = (*rulings.own, *rulings.own_writes)
    paths = targets.local_paths(effect.target)
    own = any(targets.under(path, targets.folded(prefix)) for path in paths for prefix in closed)
    blocked = any(targets.covers(effect.target, glob) for glob in rulings.block)
    if own or blocked or not _not_read(effect):
        return effect
    return msgspec.structs.replace(
        effect,
        kind=EffectKind.READ,
        consumes=False,
        rule="config.reads",
        why="The configuration says that this call is a read.",
    )


def _not_read(effect: Effect) -> bool:
    return effect.consumes or effect.kind is not EffectKind.READ


def _with_read(values: dict[str, Any], read: RememberedRead) -> dict[str, Any]:
    entry = {name: getattr(read, name) for name in read.__struct_fields__ if getattr(read, name)}
    return {**values, "reads": [*values.get("reads", []), entry]}


def _says(text: str, wanted: dict[str, Any]) -> bool:
    """Whether the text is TOML with exactly these values."""
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _replace(path: Path, data: bytes) -> None:
    """Put new content in place of a file at once, with the mode it had."""
    real = path.resolve()
    handle, draft = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(real.stat().st_mode & 0o777 if real.exists() else 0o644)
        Path(draft).replace(real)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
