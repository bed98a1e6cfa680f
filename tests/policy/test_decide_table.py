"""The decide table, row by row."""

from __future__ import annotations

import msgspec
import pytest

from supervisor.effects.model import Effect, EffectKind, Judgement, Scope
from supervisor.policy import (
    AlertKind,
    Decision,
    DecisionKind,
    Execution,
    Mode,
    Rulings,
    RunState,
    approved,
    decide,
    denied,
    looked_at,
    simulated_targets,
)

OWN = Rulings(
    own=("/home/me/.local/state/supervise", "/run/user/7/supervise"),
    own_writes=("/home/me/.config/supervise", "/w/supervisor.toml"),
    lent=("/home/me/.local/state/supervise/runs/r1/home",),
)


def read(target: str, scope: Scope = Scope.WORKSPACE, *, consumes: bool = False) -> Effect:
    return Effect(EffectKind.READ, scope, target, "test.read", "It reads.", consumes=consumes)


def write(target: str, scope: Scope) -> Effect:
    return Effect(EffectKind.WRITE, scope, target, "test.write", "It writes.")


def unknown(target: str = "unknown:./tool", scope: Scope = Scope.HOST) -> Effect:
    return Effect(EffectKind.UNKNOWN, scope, target, "test.unknown", "Nobody knows.")


WORKSPACE_WRITE = write("file:///w/a.py", Scope.WORKSPACE)
HOST_WRITE = write("file:///home/me/a", Scope.HOST)
LOOSE_WRITE = Effect(EffectKind.WRITE, Scope.HOST, "file:///w/a-*", "test.write", "It writes.", loose=True)
LOOSE_READ = Effect(EffectKind.READ, Scope.HOST, "file:///w/a-*", "test.read", "It reads.", loose=True)
REMOTE_WRITE = write("git+origin#main", Scope.REMOTE)
STORE_WRITE = write("mcp://store/put", Scope.REMOTE)
CONSUMING_READ = read("sqs://queue", Scope.REMOTE, consumes=True)
ROW_WRITE = write("d1://db/rows", Scope.REMOTE)


def decided(
    *effects: Effect,
    mode: Mode = Mode.DRY_RUN,
    dry: bool = False,
    simulated: tuple[str, ...] = (),
    shadow: bool = False,
    rulings: Rulings | None = None,
) -> Decision:
    state = RunState(mode, dry=dry, simulated=frozenset(simulated), shadow=shadow)
    return decide(Judgement(effects), state, rulings or Rulings())


REAL, HELD = (DecisionKind.REAL, Execution.AS_IS), (DecisionKind.HELD, Execution.WAITS)
PASS, BLOCKED = (DecisionKind.PASS, Execution.AS_IS), (DecisionKind.BLOCKED, Execution.NOT_EXECUTED)
NOTICE = (DecisionKind.SIMULATED, Execution.NOT_EXECUTED)
SHADOW = (DecisionKind.SIMULATED, Execution.SHADOW)


@pytest.mark.parametrize(
    ("effect", "mode", "shadow", "expected", "rule"),
    [
        (read("file:///w/a"), Mode.DRY_RUN, False, PASS, "policy.read"),
        (read("file:///w/a"), Mode.LIVE, False, PASS, "policy.read"),
        (WORKSPACE_WRITE, Mode.DRY_RUN, True, SHADOW, "policy.dry-run.workspace-write.shadow"),
        (WORKSPACE_WRITE, Mode.DRY_RUN, False, NOTICE, "policy.dry-run.workspace-write"),
        (WORKSPACE_WRITE, Mode.MIXED, True, SHADOW, "policy.mixed.workspace-write.shadow"),
        (WORKSPACE_WRITE, Mode.LIVE, False, REAL, "policy.live.workspace-write"),
        (HOST_WRITE, Mode.DRY_RUN, True, NOTICE, "policy.dry-run.host-write"),
        (HOST_WRITE, Mode.LIVE, False, HELD, "policy.live.host-write"),
        (LOOSE_WRITE, Mode.DRY_RUN, True, SHADOW, "policy.dry-run.loose-write.shadow"),
        (LOOSE_WRITE, Mode.DRY_RUN, False, NOTICE, "policy.dry-run.host-write"),
        (LOOSE_WRITE, Mode.MIXED, False, NOTICE, "policy.mixed.host-write"),
        (LOOSE_WRITE, Mode.LIVE, False, HELD, "policy.live.host-write"),
        (LOOSE_READ, Mode.DRY_RUN, False, PASS, "policy.read"),
        (REMOTE_WRITE, Mode.DRY_RUN, True, NOTICE, "policy.dry-run.remote-write"),
        (REMOTE_WRITE, Mode.MIXED, False, NOTICE, "policy.mixed.remote-write"),
        (REMOTE_WRITE, Mode.LIVE, False, HELD, "policy.live.remote-write"),
        (unknown(), Mode.DRY_RUN, True, SHADOW, "policy.dry-run.unknown.shadow"),
        (unknown(), Mode.DRY_RUN, False, NOTICE, "policy.dry-run.unknown"),
        (unknown(), Mode.MIXED, False, NOTICE, "policy.mixed.unknown"),
        (unknown(), Mode.LIVE, False, HELD, "policy.live.unknown"),
        (unknown("mcp://store/x"), Mode.DRY_RUN, True, NOTICE, "policy.dry-run.unknown"),
        (CONSUMING_READ, Mode.DRY_RUN, True, NOTICE, "policy.dry-run.remote-write"),
        (CONSUMING_READ, Mode.LIVE, False, HELD, "policy.live.remote-write"),
    ],
)  # fmt: skip
def test_each_row_decides_as_the_table_says(
    effect: Effect, mode: Mode, shadow: bool, expected: tuple[DecisionKind, Execution], rule: str
) -> None:
    """One effect, no operator's rules: the row's decision, execution and id."""
    decision = decided(effect, mode=mode, shadow=shadow)
    assert ((decision.kind, decision.execution), decision.rule) == (expected, rule)
    assert effect.target in decision.why


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    "effect",
    [
        write("file:///home/me/.local/state/supervise/journal.db", Scope.HOST),
        read("file:///home/me/.local/state/supervise/journal.db", Scope.HOST),
        read("file:///run/user/7/supervise/r1/gate.sock", Scope.HOST),
        read("file:///w/../home/me/.local/./state//supervise/x", Scope.WORKSPACE),
        read("file:///home/me/%2elocal/state/supervise/x", Scope.HOST),
        write("file:///HOME/me/.local/state/Supervise/journal.db", Scope.HOST),
        read("file:///home/me/.local/*/supervise/journal.*", Scope.HOST),
        read("file:///home/*/.local/s[st]ate/sup*/x", Scope.HOST),
        write("sqlite:///home/me/.local/state/supervise/journal.db#events", Scope.HOST),
        unknown("file:///home/me/.config/supervise/profiles/git.toml"),
        write("file:///home/me/.config/supervise/supervisor.toml", Scope.HOST),
        write("file:///w/supervisor.toml", Scope.WORKSPACE),
        read("supervisor://gate", Scope.HOST),
        write("supervisor://wrapper", Scope.HOST),
        write("process://supervise", Scope.HOST),
        write("process://python3 -P -m supervisor.runner", Scope.HOST),
    ],
)
def test_touching_the_supervisor_is_blocked_and_alerts_in_every_mode(effect: Effect, mode: Mode) -> None:
    """Journal, sockets and `supervisor://` are closed; the configuration is closed to writes."""
    decision = decided(effect, mode=mode, shadow=True, rulings=OWN)
    assert (decision.kind, decision.execution) == BLOCKED
    assert decision.alert is AlertKind.TAMPERING
    assert decision.rule == "policy.own"


@pytest.mark.parametrize(
    "target",
    ["/home/me/.config/supervise/supervisor.toml", "/home/me/.local/state/supervise-other/x",
     "/home/me/.local/state/supervise/runs/r1/home/.cache/x", "/home/me/.local/state",
     "/home/me/*", "/w/*/*/*/*/*/*"],
)  # fmt: skip
def test_reading_configuration_neighbours_and_lent_folders_passes(target: str) -> None:
    """Only secrets are closed to reads, by whole path segments, and never what the run itself works in."""
    assert decided(read(f"file://{target}", Scope.HOST), rulings=OWN).rule == "policy.read"


def test_a_clone_of_the_workspace_in_the_state_folder_is_writable() -> None:
    """The longest prefix counts: a lent folder inside an own one, and an own file inside a lent one."""
    rulings = Rulings(own=("/s",), own_writes=("/s/clone/supervisor.toml",), lent=("/s/clone",))
    inside = decided(write("file:///s/clone/a", Scope.WORKSPACE), shadow=True, rulings=rulings)
    config = decided(write("file:///s/clone/supervisor.toml", Scope.WORKSPACE), shadow=True, rulings=rulings)
    assert (inside.rule, config.rule) == ("policy.dry-run.workspace-write.shadow", "policy.own")
    assert decided(read("file:///s/c*/a"), rulings=rulings).rule == "policy.own"
    assert decided(read("file:///s/clone/*"), rulings=rulings).rule == "policy.read"


def test_really_removing_a_folder_that_holds_the_journal_is_tampering() -> None:
    """Where the write would happen it is blocked; in a dry run it is simulated like any other."""
    remove = write("file:///home/me", Scope.HOST)
    live = decided(remove, mode=Mode.LIVE, rulings=OWN)
    assert (live.rule, live.alert) == ("policy.own.folder", AlertKind.TAMPERING)
    some = decided(write("file:///home/me/.loc*", Scope.HOST), mode=Mode.LIVE, rulings=OWN)
    assert some.rule == "policy.own.folder"
    post = decided(write("http://localhost/", Scope.HOST), mode=Mode.LIVE, rulings=OWN)
    assert post.rule == "policy.live.host-write"
    assert decided(remove, rulings=OWN).rule == "policy.dry-run.host-write"


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("glob", ["s3://prod", "s3://prod/*", "s3://prod/a/b", "s3://*"])
def test_a_block_rule_covers_its_target_what_lies_in_it_and_what_holds_it(glob: str, mode: Mode) -> None:
    """Removing a bucket writes every key in it, so a rule on a key blocks it as well."""
    rulings = Rulings(targets=(("*", True),), block=(glob,))
    for target in ("s3://prod", "s3://prod/a/b", "S3://prod/"):
        if glob == "s3://prod/a/b" or target != "s3://prod/a/b":
            decision = decided(write(target, Scope.REMOTE), mode=mode, rulings=rulings)
            assert (decision.rule, decision.alert) == ("policy.block", None)
    assert decided(read("s3://prod/a/b", Scope.REMOTE), mode=mode, rulings=rulings).rule == "policy.read"
    assert decided(write("r2://prod/a", Scope.REMOTE), mode=mode, rulings=rulings).rule != "policy.block"


@pytest.mark.parametrize(
    ("simulated", "target", "stale"),
    [
        ("file:///w/a%20b", "file:///w/a b", True),
        ("file:///w/src/a.py", "file:///w/src/*.py", True),
        ("s3://b/key", "s3://b/key", True),
        ("s3://b/key", "s3://b", True),
        ("s3://b", "s3://b/key", True),
        ("s3://b/key", "s3://b/key2", False),
        ("s3://b/key", "s3://b/k*", True),
        ("d1://db", "d1://db/rows", True),
        ("d1://db/rows", "d1://db/other", False),
        ("git+origin#main", "git+origin", True),
        ("https://h/items", "https://h/items?page=2", True),
        ("mcp://store/put", "mcp://store/get", True),
        ("mcp://store/put", "mcp://shop/get", False),
        ("file:///w/a", "file:///w/a", True),
        ("file:///w/a", "file:///w", True),
        ("file:///w/a", "file:///w/./x/..", True),
        ("file:///w/a", "file:///", True),
        ("file:///w", "file:///w/a", True),
        ("file:///w/a", "file:///w/ab", False),
    ],
)
def test_a_read_is_stale_where_a_simulated_write_shows(simulated: str, target: str, stale: bool) -> None:
    """The same target, one that holds it, one that lies in it, or any tool of the same MCP server."""
    decision = decided(read(target, Scope.REMOTE), dry=True, simulated=(simulated,))
    assert decision.rule == ("policy.stale-read" if stale else "policy.read")
    assert ((decision.kind, decision.execution), decision.diverges) == (NOTICE if stale else PASS, stale)


def test_the_story_the_row_that_would_be_an_orphan_is_held_back() -> None:
    """Mixed mode, database live, store dry-run: the row is real before the first upload, never after it."""
    rulings = Rulings(targets=(("d1://*", True), ("mcp://store/*", False)))
    assert decided(ROW_WRITE, mode=Mode.MIXED, rulings=rulings).rule == "policy.mixed.write"
    upload = decided(STORE_WRITE, mode=Mode.MIXED, rulings=rulings)
    assert (upload.rule, upload.sets_dry, upload.diverges) == ("policy.mixed.remote-write", True, True)
    row = decided(ROW_WRITE, mode=Mode.MIXED, rulings=rulings, dry=True)
    assert ((row.kind, row.execution), row.rule) == (NOTICE, "policy.dry.remote-write")
    both = decided(ROW_WRITE, STORE_WRITE, mode=Mode.MIXED, rulings=rulings)
    assert ((both.kind, both.execution), both.sets_dry) == (NOTICE, True)


def test_a_call_with_a_held_and_a_simulated_part_is_simulated() -> None:
    """Approving it would execute the part that must not be."""
    rulings = Rulings(targets=(("d1://*", True),), hold=("d1://*",))
    assert decided(ROW_WRITE, mode=Mode.MIXED, rulings=rulings).rule == "policy.mixed.hold"
    both = decided(ROW_WRITE, STORE_WRITE, mode=Mode.MIXED, rulings=rulings)
    assert (both.kind, both.execution) == NOTICE


def test_a_dry_run_resumed_in_live_mode_stays_dry() -> None:
    """Nothing but an approved escalation clears the flag, and the mode is not one."""
    for effect in (WORKSPACE_WRITE, REMOTE_WRITE, unknown()):
        decision = decided(effect, mode=Mode.LIVE, dry=True)
        assert (decision.kind, decision.execution) == NOTICE


@pytest.mark.parametrize(
    ("targets", "target", "live"),
    [
        ((("d1://*", True),), "d1://db/t", True),
        ((), "d1://db/t", False),
        ((("d1://*", True), ("d1://prod/*", False)), "d1://prod/t", False),
        ((("d1://*", True), ("d1://prod/*", False)), "d1://prod", False),
        ((("d1://*", True), ("d1://prod", False)), "d1://prod/t", False),
        ((("d1://*", False), ("d1://prod/*", True)), "d1://prod/t", True),
        ((("d1://*", False), ("d1://*", True)), "d1://prod/t", False),
        ((("file:///w/*", True),), "file:///w/../etc/passwd", False),
        ((("https://h/a/*", True),), "https://h/a/../b", False),
        ((("https://h/a/*", True),), "https://h/a/%2e%2e/b", False),
        ((("d1://db", True),), "d1://db/t", False),
        ((("file:///w/my dir/*", True),), "file:///w/my%20dir/a", True),
        ((("file:///w/*", True), ("file:///w/my dir/*", False)), "file:///w/my%20dir/a", False),
        ((("file:///w/*", True), ("file:///w/secret", False)), "file:///w/se*", False),
    ],
)
def test_the_longest_glob_says_whether_a_target_is_live(
    targets: tuple[tuple[str, bool], ...], target: str, live: bool
) -> None:
    """Doubt means dry-run: ties, folders that hold a dry-run target, and paths that climb."""
    assert Rulings(targets=targets).live(target) is live


def test_a_workspace_write_with_a_remote_one_is_not_executed_at_all() -> None:
    """A shadow cannot hold half a call; what the agent was told about is remembered for later reads."""
    judgement = Judgement((WORKSPACE_WRITE, REMOTE_WRITE, read("s3://b/k")))
    decision = decide(judgement, RunState(Mode.DRY_RUN, shadow=True), Rulings())
    assert ((decision.kind, decision.execution), decision.diverges) == (NOTICE, True)
    assert simulated_targets(judgement, decision) == {"file:///w/a.py", "git+origin#main"}


@pytest.mark.parametrize("effect", [WORKSPACE_WRITE, unknown()])
def test_what_a_full_shadow_has_no_room_for_is_not_executed_and_says_why(effect: Effect) -> None:
    """It is told as what it is, fidelity diverges, and later reads of it are stale; other rows stand."""
    full = RunState(Mode.DRY_RUN, shadow=True, full="shadow.size_limit_mb allows 1")
    judgement = Judgement((effect,))
    decision = decide(judgement, full, Rulings())
    assert ((decision.kind, decision.execution), decision.rule) == (NOTICE, "policy.dry-run.full")
    assert "shadow.size_limit_mb allows 1" in decision.why and decision.diverges and decision.sets_dry
    assert simulated_targets(judgement, decision) == {effect.target}
    assert decide(Judgement((read("file:///w/b"),)), full, Rulings()).kind is DecisionKind.PASS
    assert decide(Judgement((HOST_WRITE,)), full, Rulings()).rule == "policy.dry-run.host-write"
    without = msgspec.structs.replace(full, shadow=False)
    assert decide(judgement, without, Rulings()).rule != "policy.dry-run.full"


def test_a_shadow_keeps_fidelity_exact_and_remembers_no_stale_target() -> None:
    """What executed in the shadow shows there."""
    judgement = Judgement((WORKSPACE_WRITE,))
    decision = decide(judgement, RunState(Mode.DRY_RUN, shadow=True), Rulings())
    assert (decision.sets_dry, decision.diverges) == (True, False)
    assert simulated_targets(judgement, decision) == frozenset()


def test_a_call_leaves_the_sandbox_only_for_known_effects_beyond_the_folder() -> None:
    """A proven remote read does, also beside a write in the shadow, and so does a real write to another
    system or elsewhere on this machine; an unknown only by a person's word."""
    fetch = read("https://h/a", Scope.REMOTE)
    assert decided(fetch).outside
    assert decided(fetch, WORKSPACE_WRITE, shadow=True).outside
    assert not decided(fetch, unknown(), shadow=True).outside
    assert decided(fetch, unknown(), shadow=True).diverges
    assert not decided(WORKSPACE_WRITE, shadow=True).outside
    assert not decided(REMOTE_WRITE).outside
    assert decided(unknown(), mode=Mode.LIVE).outside
    assert decided(REMOTE_WRITE, mode=Mode.LIVE).outside and decided(HOST_WRITE, mode=Mode.LIVE).outside
    assert not decided(WORKSPACE_WRITE, mode=Mode.LIVE).outside
    held = decided(WORKSPACE_WRITE, mode=Mode.LIVE, rulings=Rulings(hold=("*",)))
    assert held.kind is DecisionKind.HELD and not held.outside, "what is in the folder, the sandbox can write"
    assert not decided(read("file:///etc/hosts", Scope.HOST), mode=Mode.LIVE).outside


def test_an_approval_counts_for_the_run_as_it_now_stands() -> None:
    """A call approved after the run went dry is simulated; one approved in time is real."""
    judgement = Judgement((REMOTE_WRITE,))
    in_time = approved(judgement, RunState(Mode.LIVE), Rulings())
    too_late = approved(judgement, RunState(Mode.LIVE, dry=True), Rulings())
    assert (in_time.kind, in_time.execution) == REAL
    assert (too_late.kind, too_late.execution) == NOTICE


def test_a_denied_call_is_blocked() -> None:
    """A held call that nobody approved does not run."""
    decision = denied(decided(REMOTE_WRITE, mode=Mode.LIVE), "The operator said no.")
    assert ((decision.kind, decision.execution), decision.why) == (BLOCKED, "The operator said no.")


def test_a_call_nothing_is_known_about_is_unknown() -> None:
    """No effects at all is not a read."""
    assert decided().rule == "policy.dry-run.unknown"
    assert decided(mode=Mode.LIVE).rule == "policy.live.unknown"


@pytest.mark.parametrize("kind", list(DecisionKind))
@pytest.mark.parametrize("outside", [True, False])
def test_what_may_go_astray_outside_of_the_sandbox_waits(kind: DecisionKind, outside: bool) -> None:
    """Whoever let it pass; what waits already says why it might. What stays inside is as it was, and so is
    what does not happen."""
    decided = Decision(kind, Execution.AS_IS, "some.rule", "So.", outside=outside)
    assert looked_at(decided, "") == decided
    now = looked_at(decided, "a hook was changed")
    if not outside or kind in (DecisionKind.SIMULATED, DecisionKind.BLOCKED):
        assert now == decided
    else:
        assert now.kind is DecisionKind.HELD and now.outside and "a hook was changed" in now.why
        assert (now.rule == "some.rule") is (kind is DecisionKind.HELD)
