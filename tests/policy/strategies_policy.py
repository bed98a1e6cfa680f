"""Random effects, runs and rulings that meet often: few targets, many relations between them."""

from __future__ import annotations

from hypothesis import strategies as st

from supervisor.effects.model import Effect, EffectKind, Judgement, Scope
from supervisor.policy import Mode, Rulings, RunState

TARGETS = (
    "file:///w",
    "file:///w/src/a.py",
    "file:///home/me/x",
    "file:///state/supervise/journal.db",
    "file:///state",
    "supervisor://gate",
    "s3://bucket",
    "s3://bucket/key",
    "d1://db/table",
    "git+origin#main",
    "https://host/a/b",
    "mcp://store/put",
    "mcp://store/get",
    "unknown:./tool",
)
GLOBS = (*TARGETS, "*", "s3://*", "d1://*", "mcp://store/*", "file:///w/*", "https://host/*", "unknown:*")

kinds = st.sampled_from(EffectKind)
scopes = st.sampled_from(Scope)
targets = st.sampled_from(TARGETS) | st.text(max_size=12).map(lambda tail: "s3://bucket/" + tail)
globs = st.sampled_from(GLOBS)

effects = st.builds(
    Effect,
    kind=kinds,
    scope=scopes,
    target=targets,
    rule=st.just("test.rule"),
    why=st.just("Made up."),
    consumes=st.booleans(),
    loose=st.booleans(),
)
judgements = st.lists(effects, max_size=4).map(lambda many: Judgement(tuple(many)))
states = st.builds(
    RunState,
    mode=st.sampled_from(Mode),
    dry=st.booleans(),
    simulated=st.frozensets(targets, max_size=2),
    shadow=st.booleans(),
    full=st.sampled_from(["", "it is full"]),
)
rulings = st.builds(
    Rulings,
    targets=st.lists(st.tuples(globs, st.booleans()), max_size=4).map(tuple),
    block=st.lists(globs, max_size=1).map(tuple),
    hold=st.lists(globs, max_size=2).map(tuple),
    own=st.sampled_from(((), ("/state/supervise",))),
    own_writes=st.sampled_from(((), ("/w/supervisor.toml",))),
)
