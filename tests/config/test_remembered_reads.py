"""Remembering that a call is a read: narrow, shown first, and never at the cost of a block rule."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from supervisor.config import (
    AllowStore,
    Config,
    RememberedRead,
    narrow_read,
    propose_read,
    remembered,
    write_read,
)
from supervisor.config.merge import merge
from supervisor.config.source import parse_source
from supervisor.effects.model import Effect, EffectKind, Judgement, Scope, ToolCall
from supervisor.errors import UsageError
from supervisor.policy import DecisionKind, Mode, Rulings, RunState, decide

STATUS = ToolCall("Bash", {"command": "./status.sh --all"})
UNKNOWN = Judgement((Effect(EffectKind.UNKNOWN, Scope.HOST, "unknown:./status.sh", "shell.unknown", "?"),))
QUERY = ToolCall("mcp__shop__query", {"sql": "select 1"})
SHOP = Judgement((Effect(EffectKind.WRITE, Scope.REMOTE, "mcp://shop/query", "mcp", "?"),))


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("", '\n[[reads]]\ntool = "Bash"\ncommand = "./status.sh --all"\n'),
        ("# mine\nmode = 'dry-run' # keep", '\n\n[[reads]]\ntool = "Bash"\ncommand = "./status.sh --all"\n'),
        ("[[reads]]\ntool = 'X' # why\n", '\n[[reads]]\ntool = "Bash"\ncommand = "./status.sh --all"\n'),
    ],
)
def test_a_read_is_appended_and_everything_else_stays(tmp_path: Path, before: str, added: str) -> None:
    """Comments and order are kept; what is shown is exactly what is written."""
    path = tmp_path / "supervisor.toml"
    path.write_text(before)
    proposal = propose_read(path, narrow_read(STATUS))
    assert (proposal.text, proposal.added, proposal.keeps_comments) == (before + added, added, True)
    assert path.read_text() == before
    write_read(proposal, AllowStore(tmp_path / "allowed"), Config())
    assert path.read_text() == before + added


def test_a_file_whose_form_cannot_be_appended_to_is_written_anew_without_loss(tmp_path: Path) -> None:
    """An inline list of reads: every value stays, and the proposal says that comments do not."""
    path = tmp_path / "supervisor.toml"
    path.write_text("reads = [{tool = 'X'}] # inline\n[targets]\n\"d1://*\" = 'live'\n")
    proposal = propose_read(path, narrow_read(STATUS))
    assert not proposal.keeps_comments
    assert tomllib.loads(proposal.text) == {
        "reads": [{"tool": "X"}, {"tool": "Bash", "command": "./status.sh --all"}],
        "targets": {"d1://*": "live"},
    }


def test_a_first_read_makes_the_file_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    """Remembering twice is remembering once."""
    path = tmp_path / "supervisor.toml"
    store = AllowStore(tmp_path / "allowed")
    write_read(propose_read(path, narrow_read(QUERY)), store, Config())
    assert path.read_text() == '[[reads]]\ntool = "mcp__shop__query"\n'
    again = propose_read(path, narrow_read(QUERY))
    assert (again.added, again.text) == ("", path.read_text())


def test_a_file_that_changed_since_it_was_shown_is_not_written(tmp_path: Path) -> None:
    """Somebody else's edit is not lost."""
    path = tmp_path / "supervisor.toml"
    path.write_text("mode = 'dry-run'\n")
    proposal = propose_read(path, narrow_read(STATUS))
    path.write_text("mode = 'mixed'\n")
    with pytest.raises(UsageError, match="changed meanwhile"):
        write_read(proposal, AllowStore(tmp_path / "allowed"), Config())
    assert path.read_text() == "mode = 'mixed'\n"


def test_remembering_does_not_allow_the_rest_of_the_file(tmp_path: Path) -> None:
    """The operator's read counts; what the repository loosens beside it still does not."""
    store = AllowStore(tmp_path / "allowed")
    for before, counts in (("", True), ("[policy]\nblock = ['x']\n", True), ("mode = 'live'\n", False)):
        path = tmp_path / "supervisor.toml"
        path.write_text(before)
        proposal = propose_read(path, narrow_read(STATUS))
        write_read(proposal, store, Config())
        source = parse_source(str(path), path.read_bytes())
        assert store.is_allowed(path, source.sha256) is counts
        assert bool(merge(Config(), source, whole=counts)[0].reads) is counts


def test_a_read_that_a_block_rule_covers_is_refused() -> None:
    """Saying "this is a read" cannot open what the configuration closes."""
    with pytest.raises(UsageError, match=r"block rule \"mcp://shop/\*\""):
        propose_read(Path("/nowhere/supervisor.toml"), narrow_read(QUERY), SHOP, ("mcp://shop/*",))


def test_a_wide_read_is_refused() -> None:
    """No shell without its command, no target that matches every system."""
    for read in (
        RememberedRead("Bash"),
        RememberedRead("Bash", command=" "),
        RememberedRead("T", target="*"),
    ):
        with pytest.raises(UsageError):
            propose_read(Path("/nowhere/supervisor.toml"), read)


def test_a_remembered_read_passes_and_only_that_call() -> None:
    """The exact command, the exact tool, all targets within the glob."""
    reads = (narrow_read(STATUS), RememberedRead("mcp__shop__query", target="mcp://shop/*"))
    dry = RunState(Mode.DRY_RUN)
    for call, judgement, passes in (
        (STATUS, UNKNOWN, True),
        (ToolCall("Bash", {"command": "./status.sh --all; rm x"}), UNKNOWN, False),
        (ToolCall("Bash", {"command": ["./status.sh --all"]}), UNKNOWN, False),
        (QUERY, SHOP, True),
        (ToolCall("mcp__shop__drop", {}), SHOP, False),
        (
            QUERY,
            Judgement((*SHOP.effects, Effect(EffectKind.WRITE, Scope.REMOTE, "d1://db", "sql", "?"))),
            False,
        ),
        (QUERY, Judgement((Effect(EffectKind.WRITE, Scope.REMOTE, "mcp://shop/../x", "mcp", "?"),)), False),
    ):
        judged = remembered(call, judgement, reads, Rulings())
        assert (decide(judged, dry, Rulings()).kind is DecisionKind.PASS) is passes


def test_a_remembered_read_opens_neither_a_block_nor_the_supervisor() -> None:
    """At the gate too: such effects stay what they are."""
    own = Judgement((Effect(EffectKind.WRITE, Scope.HOST, "file:///c/supervisor.toml", "shell", "?"),))
    reads = (narrow_read(STATUS), narrow_read(QUERY))
    rulings = Rulings(block=("mcp://shop/*",), own_writes=("/c",))
    for call, judgement in ((QUERY, SHOP), (STATUS, own)):
        decision = decide(remembered(call, judgement, reads, rulings), RunState(Mode.LIVE), rulings)
        assert decision.kind is DecisionKind.BLOCKED
