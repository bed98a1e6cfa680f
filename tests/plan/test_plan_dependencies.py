"""What a plan says depends on what, held to the plain definition on generated rehearsals."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from supervisor.effects import Effect, EffectKind, Scope
from supervisor.journal.events import CallDecided
from supervisor.plan.build import build
from supervisor.policy import DecisionKind, Execution
from supervisor.shadow.changes import Change, ChangeKind, ChangeSet, Node, NodeType

PIECES = st.sampled_from(["img", "42", ".", "-", "/", "_", "a", " ", "é", "+", "(", "\n", "img/42.png"])
TEXTS = st.lists(PIECES, max_size=6).map("".join)


def _upload(n: int, key: str, body: str) -> CallDecided:
    """A simulated call that would make `key` and names whatever `body` names."""
    effect = Effect(EffectKind.WRITE, Scope.REMOTE, "mcp://store/put", "rule", "It writes.")
    return CallDecided(
        n=n, tool_use_id=f"t{n}", agent_id="", agent_type="", tool="mcp__store__put",
        input={"key": key, "body": body}, effects=(effect,), effect=effect.kind, scope=effect.scope,
        targets=(effect.target,), decision=DecisionKind.SIMULATED, execution=Execution.NOT_EXECUTED,
        rule="rule", why="", notice="", dry=True, diverged=True, profile="", gate_ms=0.0,
    )  # fmt: skip


def _names(text: str, name: str) -> bool:
    """The definition: `name` stands in `text` as a whole."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6), st.lists(TEXTS.filter(bool), max_size=3, unique=True))
def test_an_item_depends_on_exactly_those_whose_name_stands_whole_in_its_input(
    uploads: list[tuple[str, str]], paths: list[str]
) -> None:
    """Odd characters, one-letter files and names within longer names: as the definition says, no other."""
    calls = [_upload(n, key, body) for n, (key, body) in enumerate(uploads, 1)]
    node = Node(NodeType.FILE, 0o644, 1, "0" * 64)
    changes = tuple(Change(path, ChangeKind.ADDED, None, node) for path in paths)
    plan = build("r", "/w", calls, [], ChangeSet("/w", changes))
    for item in plan.items:
        if not item.input:
            continue
        texts = list(item.input.values())
        made = {0: paths} if paths else {}
        for earlier in calls[: item.n - 1]:
            key = earlier.input["key"]
            if len(key.strip()) >= 3 and not re.search(r"\s", key.strip()):
                made[earlier.n] = [key]
        wanted = {
            n: max(len(name) for name in names if any(_names(text, name) for text in texts))
            for n, names in made.items()
            if any(_names(text, name) for name in names for text in texts)
        }
        assert dict(zip(item.depends_on, map(len, item.because), strict=True)) == wanted
