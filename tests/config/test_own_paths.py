"""Which paths the policy protects, on a real file system."""

from __future__ import annotations

from pathlib import Path

import supervisor
from supervisor.config import Config, own_paths
from supervisor.effects.model import Effect, EffectKind, Judgement, Scope
from supervisor.places import Places
from supervisor.policy import Mode, RunState, decide


def _decided(kind: EffectKind, path: Path, workspace: Path, places: Places, mode: Mode = Mode.LIVE) -> str:
    own = own_paths(places, workspace, (places.config / "profiles",))
    rulings = Config().rulings(own=own.own, own_writes=own.own_writes, guarded=own.guarded)
    scope = Scope.WORKSPACE if path.is_relative_to(workspace) else Scope.HOST
    effect = Effect(kind, scope, f"file://{path}", "test", "Test.")
    return decide(Judgement((effect,)), RunState(mode, shadow=mode is Mode.DRY_RUN), rulings).rule


def test_the_supervisors_files_are_closed_also_by_their_real_names(tmp_path: Path) -> None:
    """State and sockets to everything, configuration and packs to writes; symlinked folders by both names."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    places = Places(tmp_path / "link/state", tmp_path / "config", tmp_path / "run")
    work = tmp_path / "work"
    for path in (
        tmp_path / "link/state/journal.db",
        tmp_path / "real/state/journal.db",
        tmp_path / "run/r/s",
    ):
        assert _decided(EffectKind.READ, path, work, places) == "policy.own"
        assert _decided(EffectKind.WRITE, path, work, places) == "policy.own"
    for path in (
        tmp_path / "config/supervisor.toml",
        tmp_path / "config/profiles/x.toml",
        work / "supervisor.toml",
    ):
        assert _decided(EffectKind.READ, path, work, places) == "policy.read"
        assert _decided(EffectKind.WRITE, path, work, places) == "policy.own"


def test_files_that_shape_the_next_launch_are_held_but_their_folder_is_not(tmp_path: Path) -> None:
    """In a live run only; a dry run writes them in its shadow like any other file."""
    places = Places(tmp_path / "state", tmp_path / "config", tmp_path / "run")
    work = tmp_path / "work"
    for name in (".mcp.json", ".claude/settings.json", ".claude/settings.local.json"):
        assert _decided(EffectKind.WRITE, work / name, work, places) == "policy.live.hold"
        dry = _decided(EffectKind.WRITE, work / name, work, places, Mode.DRY_RUN)
        assert dry == "policy.dry-run.workspace-write.shadow"
    assert _decided(EffectKind.WRITE, work, work, places) == "policy.live.workspace-write"


def test_the_programs_own_code_is_closed_unless_it_is_what_is_worked_on(tmp_path: Path) -> None:
    """Whoever develops the program in its own checkout can."""
    places = Places(tmp_path / "state", tmp_path / "config", tmp_path / "run")
    code = Path(supervisor.__file__).parent
    assert _decided(EffectKind.WRITE, code / "policy.py", tmp_path, places) == "policy.own"
    assert (
        _decided(EffectKind.WRITE, code / "policy.py", code.parent, places) == "policy.live.workspace-write"
    )
