"""The change set of a shadow is exactly what the run did to its folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shadowing import Act, User, Yard, play_real, play_shadow, put_onto_copy

from harness.machine import new_machine
from supervisor.shadow.backend import BackendKind
from supervisor.shadow.changes import Aspect, Change, ChangeKind
from supervisor.shadow.names import as_bytes, as_text

EXAMPLES = int(os.environ.get("SUPERVISE_EXAMPLES", "12"))
"""Random sequences each test tries; SUPERVISE_EXAMPLES=500 for a thorough look."""

NAMES = [
    b"a",
    b"b",
    b"d",
    b"d/a",
    b"d/e",
    b"d/e/f",
    b"new\nline",
    b"\xff\xfe",
    b"back\\slash",
    b"\\xff",
    b"-rf *",
]

paths = st.sampled_from(NAMES).map(bytes.hex)
MODES = [0o600, 0o644, 0o755, 0o700, 0o2755, 0o400]


def acts(modes: list[int]) -> st.SearchStrategy[Act]:
    """One operation; `modes` are those that chmod may set."""
    return st.one_of(
        st.tuples(
            st.sampled_from(["write", "append"]), paths, st.sampled_from(["", "one", "two", "x" * 5000])
        ),
        st.tuples(
            st.sampled_from(["remove", "mkdir", "renew", "fifo", "touch", "xattr"]), paths, st.just("")
        ),
        st.tuples(st.sampled_from(["rename", "move", "symlink", "hardlink"]), paths, paths),
        st.tuples(st.just("chmod"), paths, st.sampled_from(modes)),
    )


bases = st.lists(acts(MODES), max_size=14)
sequences = st.lists(acts([*MODES, 0o000]), max_size=14)


def check(user: User, backend: BackendKind, base: list[Act], sequence: list[Act]) -> None:
    """Base, then a run in its shadow: the change set makes a copy of the base what the run saw."""
    with new_machine() as machine:
        yard = Yard(machine, user)
        before = play_real(user, yard.workspace, base)
        shadow = yard.open(backend)
        seen = play_shadow(yard, shadow, sequence)
        changes, applied = put_onto_copy(yard, shadow)
        assert applied == seen
        assert play_real(user, yard.workspace, []) == before, "the real folder was touched"
        if seen == before:
            assert [c for c in changes.changes if not c.opaque] == []


relaxed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failure is short already, and shrinking slow
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@relaxed
@given(base=bases, sequence=sequences)
def test_an_overlay_change_set_put_onto_the_base_is_what_the_run_saw(
    base: list[Act], sequence: list[Act], user: User
) -> None:
    """For random bases and random operations, on the kernel's overlay."""
    check(user, BackendKind.OVERLAY, base, sequence)


@relaxed
@given(base=bases, sequence=sequences)
def test_a_clone_change_set_put_onto_the_base_is_what_the_run_saw(
    base: list[Act], sequence: list[Act], user: User
) -> None:
    """For random bases and random operations, on a copy."""
    check(user, BackendKind.CLONE, base, sequence)


@pytest.fixture(params=list(BackendKind))
def backend(request: pytest.FixtureRequest) -> BackendKind:
    """Each backend."""
    return BackendKind(request.param)


BASE = """
printf 'one\\ntwo\\n' > text; printf '\\0\\1' > binary; ln -s text link; mkdir -p folder/sub full empty;
echo x > folder/file; echo y > folder/sub/deep; echo z > full/z; chmod 640 full/z; mkfifo pipe
"""

CORNERS = {
    "whiteout": ("rm text", {"text": "deleted"}),
    "whiteout of a folder": (
        "rm -r folder",
        {
            "folder": "deleted",
            "folder/file": "deleted",
            "folder/sub": "deleted",
            "folder/sub/deep": "deleted",
        },
    ),
    "removed and made anew": ("rm text; echo new > text", {"text": "modified content"}),
    "opaque folder": (
        "rm -r full; mkdir full; echo n > full/n",
        {"full": "modified", "full/z": "deleted", "full/n": "added"},
    ),
    "opaque folder with the same file": (
        "rm -r full; mkdir full; echo z > full/z; chmod 640 full/z",
        {"full": "modified"},
    ),
    "symlink onto a folder": (
        "rm -r full; ln -s folder full",
        {"full": "modified type", "full/z": "deleted"},
    ),
    "folder over a file": (
        "rm text; mkdir text; echo i > text/i",
        {"text": "modified type", "text/i": "added"},
    ),
    "file over a folder": ("rm -r full; echo f > full", {"full": "modified type", "full/z": "deleted"}),
    "file over a symlink": ("rm link; echo l > link", {"link": "modified type"}),
    "symlink elsewhere": ("ln -sfn binary link", {"link": "modified target"}),
    "newline in a name": ("echo n > $'new\\nline'", {"new\nline": "added"}),
    "no UTF-8 in a name": ("echo n > $'\\xff\\\\'", {"\\xff\\\\": "added"}),
    "fifo": ("mkfifo made; rm pipe", {"made": "added", "pipe": "deleted"}),
    "mode": ("chmod 600 text; chmod 700 folder", {"text": "modified mode", "folder": "modified mode"}),
    "mode and content": ("echo w >> text; chmod 600 text", {"text": "modified content mode"}),
    "touched only": ("touch text folder; chmod 644 text", {}),
    "written as it was": ("printf 'one\\ntwo\\n' > text", {}),
    "made and removed": ("echo t > temporary; rm temporary; mkdir m; rmdir m", {}),
    "rename": ("mv text other", {"other": "renamed text"}),
    "rename into a new folder": ("mkdir n; mv full/z n/z", {"n": "added", "n/z": "renamed full/z"}),
    "rename of a folder": (
        "mv folder moved",
        {
            "folder": "deleted",
            "folder/sub": "deleted",
            "moved": "added",
            "moved/sub": "added",
            "moved/file": "renamed folder/file",
            "moved/sub/deep": "renamed folder/sub/deep",
        },
    ),
    "rename over": ("mv text binary", {"binary": "modified content", "text": "deleted"}),
    "hard link": ("ln text hard", {"hard": "added"}),
    "binary": ("printf '\\0\\2' > binary", {"binary": "modified content"}),
    "the folder itself": ("chmod 750 .", {".": "modified mode"}),
    "closed folder": ("mkdir c; echo c > c/c; chmod 000 c/c; chmod 500 c", {"c": "added", "c/c": "added"}),
    "set-id bits": (
        "chmod 2755 folder; chmod 4755 text",
        {"folder": "modified mode", "text": "modified mode"},
    ),
}


def told(change: Change) -> str:
    """A change in few words."""
    return " ".join(
        [change.kind.value, *(a.value for a in change.aspects if change.kind is ChangeKind.MODIFIED)]
    ) + (f" {change.source}" if change.source else "")


@pytest.mark.parametrize("corner", list(CORNERS))
def test_a_corner_case_is_listed_for_what_it_is(yard: Yard, backend: BackendKind, corner: str) -> None:
    """Each known corner of committing an overlay: listed exactly, and put onto a copy it gives that tree."""
    script, expected = CORNERS[corner]
    yard.user.do(lambda: subprocess.run(["bash", "-ec", BASE], cwd=yard.workspace, check=True).returncode)
    before = play_real(yard.user, yard.workspace, [])
    shadow = yard.open(backend)
    yard.shell(shadow, f"umask 022; {script}")
    seen = play_shadow(yard, shadow, [])
    changes, applied = put_onto_copy(yard, shadow)

    listed = {c.path: told(c) for c in changes.changes}
    if backend is BackendKind.CLONE:  # a copy cannot know that a folder was made anew
        expected = {path: what for path, what in expected.items() if (path, what) != ("full", "modified")}
    assert listed == expected
    assert applied == seen
    assert play_real(yard.user, yard.workspace, []) == before


@given(st.binary(max_size=30))
def test_a_name_survives_being_text(name: bytes) -> None:
    """Any bytes come back from their text, and the text is fit for JSON."""
    text = as_text(name)
    assert as_bytes(text) == name
    assert json.loads(json.dumps(text)) == text
    text.encode("utf-8")


def test_the_work_folder_of_a_shadow_never_blocks_removing_it(yard: Yard, backend: BackendKind) -> None:
    """What the kernel and the agent closed is removed all the same, by the user alone, twice without harm."""
    from supervisor.shadow.kept import discard, find_shadows, size_of

    shadow = yard.open(backend)
    yard.shell(shadow, "mkdir -p shut/in; echo x > shut/in/x; chmod 0 shut/in shut; echo y > ~/cache")
    assert [kept.run_id for kept in find_shadows(yard.places)] == [yard.run_id]
    assert yard.user.do(lambda: size_of(shadow.folder)) > 0

    def discarded() -> bool:
        discard(shadow.folder)
        discard(shadow.folder)
        return shadow.folder.exists()

    assert not yard.user.do(discarded)
    assert find_shadows(yard.places) == ()


def test_shadows_do_not_depend_on_each_other(yard: Yard, backend: BackendKind) -> None:
    """Two runs shadow one folder at once, each with its own changes; the workspace can be removed."""
    first, second = yard.open(backend, "first"), yard.open(backend, "second")
    yard.shell(first, "echo 1 > one; cat one")
    assert yard.shell(second, "echo 2 > two; ls").split() == ["two"]
    assert [c.path for c in yard.user.do(first.changes).changes] == ["one"]
    assert [c.path for c in yard.user.do(second.changes).changes] == ["two"]
    shutil.rmtree(yard.workspace)


def test_aspects_say_in_what_a_path_differs() -> None:
    """An addition has no aspects: there is nothing to differ from."""
    assert Change("a", ChangeKind.ADDED, None, None).aspects == ()
    assert set(Aspect) == {Aspect.TYPE, Aspect.CONTENT, Aspect.MODE, Aspect.TARGET}
