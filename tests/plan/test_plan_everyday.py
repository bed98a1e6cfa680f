"""What hangs together in the plans of everyday jobs: commits and pushes, uploads, paths from a subfolder."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.cli.plan import plan_lines
from supervisor.effects import Effect, EffectKind, Scope
from supervisor.journal.events import CallDecided
from supervisor.plan.build import build
from supervisor.plan.model import Item, Plan
from supervisor.policy import DecisionKind, Execution
from supervisor.shadow.changes import Change, ChangeKind, ChangeSet, Node, NodeType

FILE = Node(NodeType.FILE, 0o644, 1, "0" * 64)
KNOWN, CUT = EffectKind.WRITE, EffectKind.UNKNOWN


def call(
    n: int, command: str, target: str = "", *, cwd: str = "/w", kind: EffectKind = KNOWN, about: str = "",
    tool: str = "Bash", **given: Any,
) -> CallDecided:  # fmt: skip
    """A simulated command: in the shadow, unless it has a target elsewhere."""
    scope = Scope.REMOTE if target else Scope.WORKSPACE
    effect = Effect(kind, scope, target or "file:///w", "rule", "It writes.")
    given = given or {"command": command, "description": about}
    return CallDecided(
        n=n, tool_use_id=f"t{n}", agent_id="", agent_type="", tool=tool, input=given, effects=(effect,),
        effect=kind, scope=scope, targets=(effect.target,), decision=DecisionKind.SIMULATED,
        execution=Execution.NOT_EXECUTED if target else Execution.SHADOW, rule="rule", why="", notice="",
        dry=True, diverged=False, profile="", gate_ms=0.0, cwd=cwd,
    )  # fmt: skip


def plan_of(*calls: CallDecided, **made: str) -> Plan:
    """Their plan. `made`: per call the paths that it changed last, `-` before one that it deleted, each with
    the calls that had changed it before: `t5="a b:t2 -c"`.
    """
    changes = []
    for maker, paths in made.items():
        for each in paths.split():
            path, _, before = each.partition(":")
            makers = (*(before.split(",") if before else ()), maker)
            gone = path.startswith("-")
            kind = ChangeKind.DELETED if gone else ChangeKind.ADDED
            was, now = (FILE, None) if gone else (None, FILE)
            changes.append(Change(path.removeprefix("-"), kind, was, now, calls=makers))
    changes.sort(key=lambda change: change.path)
    return build("r", "/w", calls, [], ChangeSet("/w", tuple(changes)))


def item(plan: Plan, n: int) -> Item:
    """One item."""
    return plan.item(n) or next(item for item in plan.offered if item.n == n)


PUSH = "git push origin main"
ORIGIN = "git+/r.git#refs/heads/main"


def test_a_push_takes_the_commits_before_it_and_each_commit_builds_on_the_last() -> None:
    """Neither names a file of the other; leaving a commit out orphans what stands on it."""
    plan = plan_of(
        call(1, "git commit -am one"), call(2, "git commit -am two"), call(3, PUSH, ORIGIN),
        call(4, "git status"), call(5, PUSH, "git+/other.git#main", cwd="/w/vendor/lib"),
        t1=".git/objects/aa .git/logs/HEAD", t2=".git/objects/bb .git/refs/heads/main:t1", t4=".git/index",
    )  # fmt: skip
    assert [(each.n, each.depends_on, each.because) for each in plan.items] == [
        (1, (), ()),
        (2, (1,), (".git",)),
        (3, (2,), (".git",)),
        (4, (), ()),
        (5, (2,), (".git",)),
    ]
    assert [each.n for each in plan.orphans(frozenset({2}))] == [3, 5]


def test_a_push_takes_the_history_of_the_repository_that_it_stands_in() -> None:
    """The innermost one around its folder."""
    plan = plan_of(
        call(1, "git commit -am one"), call(2, "git commit -am two", cwd="/w/lib"),
        call(3, PUSH, ORIGIN, cwd="/w/lib/src"), call(4, PUSH, ORIGIN),
        t1=".git/objects/aa", t2="lib/.git/objects/bb",
    )  # fmt: skip
    assert item(plan, 3).because == ("lib/.git",) and item(plan, 3).depends_on == (2,)
    assert item(plan, 4).because == (".git",) and item(plan, 4).depends_on == (1,)


def test_a_file_is_named_from_the_folder_that_the_command_stands_in() -> None:
    """`page.html` in `site` is `site/page.html`, `../logo.svg` is `logo.svg`; one of that name elsewhere is
    another file."""
    upload = "aws s3 cp page.html s3://b/p && aws s3 cp ../logo.svg s3://b/l"
    plan = plan_of(
        call(1, "render"), call(2, "draw"), call(3, "other"), call(4, upload, "s3://b/p", cwd="/w/site"),
        t1="site/page.html", t2="logo.svg", t3="old/page.html",
    )  # fmt: skip
    assert dict(zip(item(plan, 4).depends_on, item(plan, 4).because, strict=True)) == {
        1: "site/page.html",
        2: "logo.svg",
    }


def test_what_a_command_is_said_to_be_for_uses_nothing() -> None:
    """A description that mentions a file is no use of it; the command that does is."""
    plan = plan_of(
        call(1, "render"),
        call(2, "purge-cache", "https://cdn/", about="Purge the cache for page.html"),
        call(3, "purge-cache page.html", "https://cdn/"),
        t1="page.html",
    )
    assert item(plan, 2).depends_on == () and item(plan, 3).depends_on == (1,)


def test_an_upload_whose_file_is_edited_later_takes_the_last_state_and_the_plan_says_so() -> None:
    """All files are in place before it runs: what it would have sent in the rehearsal is not what it sends.
    Of two files one is edited after it, one before; a third is deleted later."""
    plan = plan_of(
        call(2, "render"), call(3, "aws s3 cp a.html s3://b/ && aws s3 cp b.html s3://b/", "s3://b/"),
        call(4, "aws s3 cp c.html s3://b/", "s3://b/"), call(5, "edit"), call(6, "rm c.html"),
        t2="b.html", t5="a.html:t2", t6="-c.html",
    )  # fmt: skip
    assert item(plan, 3).overtaken == ((5, "a.html"),) and item(plan, 3).depends_on == (2,)
    assert item(plan, 4).overtaken == ((6, "c.html"),)
    lines = "\n".join(plan_lines(plan))
    assert "takes a.html, which #5 changes later" in lines and "takes c.html, which #6 changes later" in lines


def test_a_cut_command_run_for_real_may_undo_what_was_changed_after_it() -> None:
    """Its own file was edited afterwards: as a command it runs after that edit, as file changes it does not.
    The digest that is approved covers what was warned of."""
    plan = plan_of(
        call(1, "./build.sh", kind=CUT), call(2, "edit"), call(3, "./announce.sh out.log", kind=CUT),
        call(4, "edit"),
        t1="bin/app", t2="out.log:t1", t4="out.log2",
    )  # fmt: skip
    assert item(plan, 1).overtaken == ((2, "out.log"),) and item(plan, 3).overtaken == ()
    assert "takes out.log" not in "\n".join(plan_lines(plan))
    assert "takes out.log, which #2 changes later" in "\n".join(plan_lines(plan.running(frozenset({1}))))


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("deploy --release v42-rc1", True),
        ("deploy --release v42-rc10", False),
        ("deploy https://cdn/v42-rc1/app.js", True),
        ("deploy my-v42-rc1", False),
    ],
)
def test_a_name_counts_as_a_whole_only(text: str, uses: bool) -> None:
    """Not as a part of a longer one."""
    tag = call(1, "", "mcp://forge/tag", tool="mcp__forge__tag", tag="v42-rc1")
    plan = plan_of(tag, call(2, text, "https://deploy/"))
    assert item(plan, 2).depends_on == ((1,) if uses else ())
