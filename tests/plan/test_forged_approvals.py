"""Approvals that the operator never gave: each is refused, changes nothing, and stands in the journal."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from going_live_stage import END, Stage, turn, upload, write

from harness.machine import new_machine
from supervisor.journal.events import PlanApproved
from supervisor.plan import approval

Approval = dict[str, Any]
KEPT = "kept.txt"
LEFT_OUT = "left-out.txt"


@dataclass(frozen=True)
class Bench:
    """Two rehearsed runs, and an approval file for each.

    Attributes:
        given: what the operator gave for `run`: its second file is left out.
        other: an approval of the run `other_run`.
    """

    stage: Stage
    run: str
    given: Approval
    other_run: str
    other: Approval

    @property
    def state(self) -> Path:
        """The operator's state folder."""
        return self.stage.machine.state

    def offer(self, approval: Approval | str, run: str = "") -> tuple[int, str]:
        """`supervise apply RUN --approval FILE` with this in the file; exit code and what it says."""
        path = self.stage.machine.root / f"{secrets.token_hex(4)}.approval"
        path.write_text(approval if isinstance(approval, str) else json.dumps(approval))
        done = self.stage.machine.supervise("apply", run or self.run, "--approval", str(path))
        return done.returncode, done.stderr

    def untouched(self) -> bool:
        """Nothing of any plan is real."""
        return not self.stage.uploaded() and not any(
            (self.stage.workspace / name).exists() for name in (KEPT, LEFT_OUT)
        )

    def alerts(self) -> int:
        """Alerts of tampering in both runs."""
        raised = [each for run in (self.run, self.other_run) for each in self.stage.events(run, "alert")]
        return sum(each["alert"] == "tampering" for each in raised)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """One machine for all attempts: none of them may change anything."""
    with new_machine() as machine:
        stage = Stage(machine)
        run = stage.rehearse([turn(write(KEPT, "a")), turn(write(LEFT_OUT, "b"), upload("1.png")), END])
        other_run = stage.rehearse([turn(write(KEPT, "c")), END])
        given = json.loads(stage.approve_to_file(run, "--leave-out", "2").read_text())
        other = json.loads(stage.approve_to_file(other_run).read_text())
        yield Bench(stage, run, given, other_run, other)


Forge = Callable[[Bench, Approval], Any]


def _set(**fields: Any) -> Forge:
    def forge(_bench: Bench, file: Approval) -> Approval:
        file["approval"] |= fields
        return file

    return forge


def _later(field: str, seconds: float) -> Forge:
    def forge(_bench: Bench, file: Approval) -> Approval:
        file["approval"][field] += seconds
        return file

    return forge


def _from_other(*fields: str) -> Forge:
    def forge(bench: Bench, file: Approval) -> Approval:
        file["approval"] |= {field: bench.other["approval"][field] for field in fields}
        return file

    return forge


def _other_in_its_name(bench: Bench, file: Approval) -> Approval:
    return bench.other | {"run": file["run"]}


def _seal_with(key: bytes) -> Forge:
    """Seal the plan without anything left out, with a key that is not the operator's."""

    def forge(_bench: Bench, file: Approval) -> Approval:
        file["approval"] |= {"left_out": [], "items": [1, 2, 3], "seal": ""}
        bare = msgspec.convert(file["approval"], PlanApproved)
        file["approval"]["seal"] = approval._seal(key, file["run"], bare)
        return file

    return forge


SEALED: dict[str, Forge] = {
    "another run's approval in this run's name": _other_in_its_name,
    "another run's seal": _from_other("seal"),
    "another run's seal and nonce": _from_other("seal", "nonce"),
    "another run's digest": _from_other("digest"),
    "nothing left out any more": _set(left_out=[]),
    "one more item": _set(items=[1, 2]),
    "all items": _set(items=[1, 2, 3]),
    "no items": _set(items=[]),
    "drift approved over that nobody saw": _set(accepted=[{"n": 1, "path": KEPT, "found": None}]),
    "a probe approved over that nobody saw": _set(
        accepted=[{"n": 3, "probe": {"command": ["true"], "folder": "/", "output": "x"}}]
    ),
    "a command run for real": _set(for_real=[1]),
    "something else left out": _set(left_out=[1]),
    "an item that is none": _set(left_out=[2, 99]),
    "a negative item": _set(left_out=[-1]),
    "valid for longer": _later("expires", 100_000),
    "valid for ever": _set(expires=1e300),
    "given later": _later("approved", 10),
    "given earlier": _later("approved", -100_000),
    "given by somebody else": _set(by="operator nobody on /dev/pts/4711"),
    "a fresh nonce": _set(nonce="0" * 32),
    "no nonce": _set(nonce=""),
    "a nonce that leads elsewhere": _set(nonce="../../elsewhere"),
    "another digest": _set(digest="0" * 64),
    "no seal": _set(seal=""),
    "a seal of zeros": _set(seal="0" * 64),
    "a seal in capitals": lambda _bench, file: _set(seal=file["approval"]["seal"].upper())(_bench, file),
    "half a seal": lambda _bench, file: _set(seal=file["approval"]["seal"][:32])(_bench, file),
    "sealed with no key": _seal_with(b""),
    "sealed with a key of zeros": _seal_with(bytes(32)),
    "sealed with a guessed key": _seal_with(b"approval.key".ljust(32, b"\0")),
}
"""Files that read well. What they are in the plan's eyes the seal has to say."""

UNREADABLE: dict[str, str | Callable[[Approval], Approval]] = {
    "no file": "",
    "half a file": '{"run": "x", "approv',
    "a list": "[]",
    "no approval in it": '{"run": "x"}',
    "a field too many": lambda file: file | {"everything": True},
    "a list of runs": lambda file: file | {"run": ["*"]},
    "a number for a seal": lambda file: file | {"approval": file["approval"] | {"seal": 0}},
    "items as words": lambda file: file | {"approval": file["approval"] | {"items": "all"}},
    "no expiry": lambda file: {**file, "approval": file["approval"] | {"expires": None}},
}
"""Files that are none."""


@pytest.mark.parametrize("name", SEALED)
def test_a_file_that_was_not_given_approves_nothing_and_raises_an_alert(bench: Bench, name: str) -> None:
    """Everything but the operator's key: every field altered, copied, replayed under another name."""
    before = bench.alerts()
    code, said = bench.offer(SEALED[name](bench, deepcopy(bench.given)))
    assert code == 2, said
    assert "seal does not fit" in said, said
    assert bench.untouched()
    assert bench.alerts() == before + 1


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_none_approves_nothing(bench: Bench, name: str) -> None:
    """It names the option and says how one is made."""
    made = UNREADABLE[name]
    code, said = bench.offer(made if isinstance(made, str) else made(deepcopy(bench.given)))
    assert code == 2 and "--approval" in said, said
    assert bench.untouched()


def _empty(key: Path) -> None:
    key.write_bytes(b"")


def _short(key: Path) -> None:
    key.write_bytes(bytes(8))


def _long(key: Path) -> None:
    key.write_bytes(bytes(64))


def _readable(key: Path) -> None:
    key.write_bytes(bytes(32))
    key.chmod(0o644)


def _link(key: Path) -> None:
    target = key.with_name("planted")
    target.write_bytes(bytes(32))
    target.chmod(0o600)
    key.symlink_to(target)


def _dangling(key: Path) -> None:
    key.symlink_to(key.with_name("nowhere"))


def _folder(key: Path) -> None:
    key.mkdir()


def _socket(key: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        here = Path.cwd()
        os.chdir(key.parent)  # a socket's path is short
        try:
            listener.bind(key.name)
        finally:
            os.chdir(here)


@pytest.mark.parametrize("plant", [_empty, _short, _long, _readable, _link, _dangling, _folder, _socket])
def test_a_planted_key_seals_nothing(bench: Bench, plant: Callable[[Path], None]) -> None:
    """Nothing is sealed or accepted with what is not the operator's own key: it is refused by name."""
    key, away = bench.state / "approval.key", bench.state / "kept.key"
    key.rename(away)
    try:
        plant(key)
        forged = _seal_with(b"" if plant is _empty else bytes(32))(bench, deepcopy(bench.given))
        code, said = bench.offer(forged)
    finally:
        if key.is_dir():
            key.rmdir()
        else:
            key.unlink()
        away.rename(key)
    assert code == 2 and "approval.key" in said, said
    assert bench.untouched()


def _journal(bench: Bench, event: Approval, kind: str) -> None:
    """Put an event into the run's history by hand."""
    with closing(sqlite3.connect(bench.state / "journal.db")) as connection, connection:
        (run_id,) = connection.execute("SELECT id FROM runs WHERE name = ?", (bench.run,)).fetchone()
        seq, last = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        row = (seq + 1, run_id, time.time(), kind, json.dumps(event), last, "f" * 64)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def test_another_runs_approval_is_named_as_such(bench: Bench) -> None:
    """Whole and unaltered, for another plan."""
    code, said = bench.offer(bench.other)
    assert code == 2 and bench.other_run in said, said
    assert bench.untouched()


def test_rows_written_by_hand_approve_nothing(bench: Bench) -> None:
    """An approval row without a seal, at a terminal: refused, and the broken chain is told."""
    key_holder = deepcopy(bench.given["approval"]) | {"left_out": [], "items": [1, 2, 3], "seal": "0" * 64}
    _journal(bench, {"kind": "plan approved", **key_holder}, "plan approved")
    code, screen = bench.stage.at_terminal("apply", bench.run)
    assert code != 0, screen
    assert bench.untouched()
    assert bench.stage.machine.supervise("verify").returncode != 0
