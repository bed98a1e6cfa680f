"""Commands that ran without network: their file changes, or the command itself, as a person chose. Pure."""

from __future__ import annotations

import msgspec
import pytest

from supervisor.effects import Effect, EffectKind, Scope
from supervisor.journal.events import CallDecided
from supervisor.plan.approval import NotApprovedError, approve, require
from supervisor.plan.build import build
from supervisor.plan.model import ItemKind, Plan
from supervisor.policy import DecisionKind, Execution
from supervisor.shadow.changes import Change, ChangeKind, ChangeSet, Node, NodeType

KEY = b"k" * 32


def _ran(n: int, command: str, *, known: bool = False, tool: str = "Bash") -> CallDecided:
    """A command that ran in the shadow."""
    kind = EffectKind.WRITE if known else EffectKind.UNKNOWN
    effect = Effect(kind, Scope.WORKSPACE, "unknown:x", "rule", "It does something.")
    return CallDecided(
        n=n, tool_use_id=f"t{n}", agent_id="", agent_type="", tool=tool, input={"command": command},
        effects=(effect,), effect=kind, scope=effect.scope, targets=(effect.target,),
        decision=DecisionKind.SIMULATED, execution=Execution.SHADOW, rule="rule", why="", notice="", dry=True,
        diverged=False, profile="", gate_ms=0.0, cwd="/w/sub",
    )  # fmt: skip


def _plan() -> Plan:
    """#1 wrote a file and is known, #2 wrote one and may want more, #3 wrote none, #4 cannot be run."""
    node = Node(NodeType.FILE, 0o644, 1, "0" * 64)
    changes = tuple(Change(f"f{n}", ChangeKind.ADDED, None, node, calls=(f"t{n}",)) for n in (1, 2, 4))
    calls = [
        _ran(1, "touch f1", known=True),
        _ran(2, "./a.sh"),
        _ran(3, "./b.sh f2"),
        _ran(4, "", tool="Odd"),
    ]
    return build("r", "/w", calls, [], ChangeSet("/w", changes))


def test_one_that_changed_no_file_is_offered_and_no_part_of_the_plan() -> None:
    """Nothing of it was seen, so nothing is done unless somebody says so; what it uses is known."""
    plan = _plan()
    assert [(item.n, item.cut, item.has_choice) for item in plan.items] == [
        (1, False, False), (2, True, True), (4, True, False),
    ]  # fmt: skip
    (offered,) = plan.offered
    assert (offered.n, offered.depends_on, offered.because) == (3, (2,), ("f2",))
    assert plan.digest == msgspec.structs.replace(plan, offered=()).digest


def test_run_for_real_it_is_the_command_in_its_folder_and_no_file_change() -> None:
    """In the order of the calls; the digest is another; what offers no choice stays as it is."""
    plan = _plan()
    real = plan.running(frozenset({2, 3, 4, 99}))
    assert [(item.n, item.kind, bool(item.changes), item.cut) for item in real.items] == [
        (1, ItemKind.FILES, True, False),
        (2, ItemKind.COMMAND, False, False),
        (3, ItemKind.COMMAND, False, False),
        (4, ItemKind.FILES, True, True),
    ]
    assert [(item.input, item.folder) for item in real.items[1:3]] == [
        ({"command": "./a.sh"}, "sub"),
        ({"command": "./b.sh f2"}, "sub"),
    ]
    assert real.offered == () and real.digest != plan.digest
    assert plan.running(frozenset()) == plan


def test_an_approval_of_one_choice_does_not_cover_the_other() -> None:
    """The choice is sealed: taking it out of the approval, or putting it in, approves nothing."""
    plan = _plan()
    real = plan.running(frozenset({2}))
    given = approve(KEY, real, (), "operator op", 1.0, 60.0, for_real=(2,))
    require(KEY, "r", given, real, (), 2.0)
    for altered, held_to in (
        (given, plan),
        (msgspec.structs.replace(given, for_real=()), real),
        (msgspec.structs.replace(approve(KEY, plan, (), "operator op", 1.0, 60.0), for_real=(2,)), plan),
    ):
        with pytest.raises(NotApprovedError):
            require(KEY, "r", altered, held_to, (), 2.0)
