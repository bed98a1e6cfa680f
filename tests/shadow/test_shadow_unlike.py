"""What programs can notice of a shadow, and that the operator is told."""

from __future__ import annotations

import subprocess

import pytest
from shadowing import Yard, play_real, play_shadow, put_onto_copy, python

from harness.machine import Machine
from supervisor.shadow.backend import UNLIKE_LIVE, BackendKind

BASE = "mkdir -p folder/sub; echo x > folder/sub/file; echo one > name; ln name other"
RENAME = "import os; os.rename('folder', 'moved')"


@pytest.mark.parametrize("backend", list(BackendKind))
def test_what_is_said_of_a_shadow_is_so(yard: Yard, backend: BackendKind) -> None:
    """A folder of the base cannot be renamed in an overlay, and can in a clone, while `mv` moves it in both;
    a hard link is cut by a write. What then stands there is what is put onto a copy.
    """
    yard.user.do(lambda: subprocess.run(["bash", "-ec", BASE], cwd=yard.workspace, check=True).returncode)
    before = play_real(yard.user, yard.workspace, [])
    shadow = yard.open(backend)
    renamed = yard.run(shadow, python(), "-I", "-c", RENAME)
    assert ("EXDEV" in UNLIKE_LIVE[backend]) is ("Invalid cross-device link" in renamed.stderr)
    assert renamed.returncode == (1 if backend is BackendKind.OVERLAY else 0)
    said = yard.shell(
        shadow, "[ -e moved ] || mv folder moved; cat moved/sub/file; echo two > name; cat other"
    )
    assert said.split() == ["x", "one"] and "hard-linked" in UNLIKE_LIVE[backend]
    changes, applied = put_onto_copy(yard, shadow)
    assert applied == play_shadow(yard, shadow, [])
    assert {change.path: change.source for change in changes.changes}["moved/sub/file"] == "folder/sub/file"
    assert play_real(yard.user, yard.workspace, []) == before


def test_a_dry_run_says_it(machine: Machine) -> None:
    """At its start and in `show`; a run without a shadow has nothing to say of one."""
    script = machine.write_script([])
    said = {}
    for backend in ("overlay", "clone", "off"):
        machine.write_config(f'[shadow]\nbackend = "{backend}"\n')
        done = machine.supervise("run", "--headless", "--script", str(script), "go")
        assert done.returncode == 0, done.stderr
        row = machine.json("runs", "--json")[0]
        notes = machine.json("show", row["id"], "--json")["run"]["notes"]
        said[backend] = [note for note in notes if note.startswith("unlike live")]
        assert all(note[:60] in done.stderr for note in said[backend])
        assert all(note in machine.supervise("show", row["id"]).stdout for note in said[backend])
    told = {kind.value: [words] for kind, words in UNLIKE_LIVE.items()}
    assert said == {**told, "off": []}
