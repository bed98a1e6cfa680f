"""Applying a change set to the real folder: whole or not at all, and back."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tree_pairs import changes_between, grow, tree, vary

from supervisor.errors import SuperviseError
from supervisor.plan.file_drift import DriftError, file_drift
from supervisor.plan.files import FilesError, Recovery, apply_files, recover_apply, undo_files
from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType
from supervisor.shadow.names import as_bytes

KILLS = int(os.environ.get("SUPERVISE_TEST_KILLS", "6"))
FILES = 1000
CHILD = Path(__file__).with_name("apply_child.py")


def content_of(after: Path) -> Callable[[str], bytes]:
    """Where a changed file lies, as the run left it."""
    return lambda path: os.fsencode(after) + b"/" + as_bytes(path)


def pair(folder: Path, seed: int, size: int = 40) -> tuple[Path, Path]:
    """A folder and what a run made of it."""
    rng = random.Random(seed)
    before, after = folder / "before", folder / "after"
    grow(before, rng, size)
    _copy(before, after)
    vary(after, rng, size)
    return before, after


def _copy(before: Path, after: Path) -> None:
    subprocess.run(["cp", "-a", str(before), str(after)], check=True)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_any_change_set_is_applied_exactly_and_undone_exactly(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Files, folders, links, fifos, odd names, replaced types, modes."""
    folder = tmp_path_factory.mktemp("pair")
    before, after = pair(folder, seed)
    old, new = tree(before), tree(after)
    changes = changes_between(before, after)
    keep = folder / "keep"
    apply_files(before, changes, content_of(after), keep)
    assert tree(before) == new
    assert recover_apply(keep) is Recovery.NOTHING
    assert undo_files(keep) == ()
    assert tree(before) == old
    with pytest.raises(SuperviseError, match="nothing to undo"):
        undo_files(keep)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "disturb",
    [
        lambda w: (w / "edited").write_text("somebody else"),
        lambda w: (w / "edited").unlink(),
        lambda w: (w / "edited").chmod(0o600),
        lambda w: ((w / "edited").unlink(), (w / "edited").mkdir()),
        lambda w: (w / "new").write_text("somebody else's"),
        lambda w: (w / "going" / "stray").write_text("not rehearsed"),
        lambda w: ((w / "kept").rename(w / "moved"), (w / "kept").symlink_to("moved")),
    ],
    ids=[
        "edited",
        "deleted",
        "chmod",
        "folder",
        "already there",
        "stray in a folder that goes",
        "a parent became a symlink",
    ],
)
def test_drift_of_every_kind_is_caught_and_nothing_is_applied(
    tmp_path: Path, disturb: Callable[[Path], object]
) -> None:
    """The state after the refusal is the state before it."""
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "going").mkdir(parents=True)
    (before / "going" / "x").write_text("x")
    (before / "kept").mkdir()
    (before / "edited").write_text("one")
    (before / "edited").chmod(0o644)
    _copy(before, after)
    shutil.rmtree(after / "going")
    (after / "edited").write_text("two")
    (after / "new").write_text("new")
    (after / "kept" / "inside").write_text("new")
    changes = changes_between(before, after)
    disturb(before)
    moved = tree(before)
    assert file_drift(before, changes)
    with pytest.raises(DriftError) as caught:
        apply_files(before, changes, content_of(after), tmp_path / "keep")
    assert len(caught.value.drift) == 1
    assert tree(before) == moved


def test_a_rehearsed_file_that_was_altered_after_the_review_is_not_applied(tmp_path: Path) -> None:
    """What was reviewed is exactly what is applied."""
    before, after = pair(tmp_path, 5)
    (after / "reviewed").write_text("good")
    changes = changes_between(before, after)
    old = tree(before)
    (after / "reviewed").write_text("evil")
    with pytest.raises(SuperviseError, match="not what was reviewed"):
        apply_files(before, changes, content_of(after), tmp_path / "keep")
    assert tree(before) == old


def test_undo_refuses_where_the_world_has_moved_on(tmp_path: Path) -> None:
    """What somebody did after the apply is not thrown away."""
    before, after = pair(tmp_path, 7)
    (after / "made").write_text("made")
    apply_files(before, changes_between(before, after), content_of(after), tmp_path / "keep")
    (before / "made").write_text("edited since")
    now = tree(before)
    assert [drift.path for drift in undo_files(tmp_path / "keep")] == ["made"]
    assert tree(before) == now


def test_a_failure_in_the_middle_restores_the_old_state(tmp_path: Path) -> None:
    """A socket cannot be made: everything before it is taken back."""
    before, after = pair(tmp_path, 11)
    changes = list(changes_between(before, after))
    changes.append(Change("zz", ChangeKind.ADDED, None, Node(NodeType.SOCKET, 0o755)))
    old = tree(before)
    with pytest.raises(FilesError, match="socket"):
        apply_files(before, changes, content_of(after), tmp_path / "keep")
    assert tree(before) == old


def test_a_kill_at_any_moment_leaves_exactly_the_old_or_the_new_state(tmp_path: Path) -> None:
    """`kill -9` of a real process applying 1,000 files, once in their midst for sure; recovery says which of
    the two it is."""
    rng = random.Random(3)
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    for number in range(FILES):
        (before / f"{number}").write_bytes(b"old %d" % number)
    _copy(before, after)
    for number in range(FILES):
        path = after / f"{number}"
        match number % 4:
            case 0:
                path.unlink()
            case 1:
                path.unlink()
                path.symlink_to("elsewhere")
            case _:
                path.write_bytes(b"new %d" % number)
    changes = changes_between(before, after)
    old, new = tree(before), tree(after)
    took = 0.5
    for kill in range(KILLS):
        work, keep = tmp_path / f"work{kill}", tmp_path / f"keep{kill}"
        _copy(before, work)
        child = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("apply_child.py")),
                str(work),
                str(after),
                str(keep),
                *(["20"] if kill == KILLS - 1 else []),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(msgspec.json.encode(changes))
        child.stdin.close()
        assert child.stdout.readline() == b"ready\n"
        began = time.monotonic()
        if 0 < kill < KILLS - 1:  # the first one is let through, to know how long it takes
            time.sleep(rng.random() * took)
            child.kill()
        rest = child.stdout.read()
        child.stdout.close()
        child.wait()
        took = time.monotonic() - began if not kill else took
        said = recover_apply(keep)
        now = tree(work)
        expected = {Recovery.ROLLED_BACK: (old,), Recovery.FINISHED: (new,)}.get(said, (old, new))
        assert now in expected, said
        assert now == new or not rest, "it said it was done"
        shutil.rmtree(work)
        shutil.rmtree(keep, ignore_errors=True)
    assert said is Recovery.ROLLED_BACK
