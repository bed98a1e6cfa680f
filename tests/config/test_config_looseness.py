"""What tightens and what loosens, for random configurations."""

from __future__ import annotations

from typing import Any

import msgspec
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.config import Config, looseness
from supervisor.config.merge import RULES, fields_of, merge
from supervisor.config.source import Source, parse_source

quick = settings(max_examples=200, deadline=None)

names = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)
globs = st.sampled_from(["d1://*", "d1://x", "s3://*", "*"])


def table(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


documents = table(
    mode=st.sampled_from(["dry-run", "mixed", "live"]),
    profiles=names,
    targets=st.dictionaries(globs, st.sampled_from(["live", "dry-run"]), max_size=3),
    policy=table(block=names, hold=names),
    gate=table(deadline_s=st.integers(1, 9), hold_deadline_s=st.integers(1, 9)),
    notify=table(drift=names, tampering=names),
    mcp=table(trusted=names),
    network=table(hosts=names),
    shadow=table(
        backend=st.sampled_from(["auto", "overlay", "clone", "off"]),
        size_limit_mb=st.integers(0, 9),
        include_ignored_giants=st.booleans(),
    ),
    approval=table(expires_minutes=st.integers(1, 9)),
    screen=table(attach_key=st.sampled_from(["ctrl+a", "ctrl+\\"]), bell=st.booleans()),
    alerts=table(disabled=st.lists(st.sampled_from(["drift", "tampering"]), max_size=2, unique=True)),
    reads=names.map(lambda tools: [{"tool": tool} for tool in tools]),
)
sources = documents.map(lambda data: parse_source("/f", tomli_w.dumps(data).encode()))


def as_source(config: Config) -> Source:
    """A file that gives every field of a configuration, or at least what it can say."""
    data = msgspec.to_builtins(config)
    return parse_source("/f", tomli_w.dumps(data).encode())


def test_every_field_has_its_rule() -> None:
    """A field that is added without saying what loosens it fails here, not at an operator's."""
    assert set(fields_of(Config())) == set(RULES)


def test_the_defaults_written_out_loosen_nothing() -> None:
    """A copy of the shipped file in a repository needs no permission."""
    assert looseness(Config(), as_source(Config())) == ()


@quick
@given(sources, sources)
def test_what_is_kept_of_a_file_not_allowed_never_loosens(user: Source, folder: Source) -> None:
    """Seen from the operator's configuration the result loosens nothing."""
    base, _ = merge(Config(), user, whole=True)
    tight, _ = merge(base, folder, whole=False)
    assert looseness(base, as_source(tight)) == ()


@quick
@given(sources, sources)
def test_a_file_loosens_exactly_where_allowing_it_would_make_a_difference(
    user: Source, folder: Source
) -> None:
    """No statement without a difference in its field, no difference without a statement."""
    base, _ = merge(Config(), user, whole=True)
    tight, _ = merge(base, folder, whole=False)
    full, stated = merge(base, folder, whole=True)
    tightened, allowed = fields_of(tight), fields_of(full)
    assert {each.field for each in stated} == {
        ".".join(path) for path in allowed if allowed[path] != tightened[path]
    }


@quick
@given(sources, sources)
def test_a_layer_put_on_twice_changes_nothing(user: Source, folder: Source) -> None:
    """Merging says the same each time."""
    base, _ = merge(Config(), user, whole=True)
    for whole in (True, False):
        once, _ = merge(base, folder, whole=whole)
        assert merge(once, folder, whole=whole)[0] == once


def test_what_a_hostile_file_would_loosen_is_said_in_printable_words() -> None:
    """Names, commands and globs of a repository reach the operator as text only."""
    hostile = "\x1b]52;c;AAAA\x07\u202e\n" + "x" * 9000
    data = {
        "targets": {hostile: "live"},
        "notify": {"drift": [hostile]},
        "mcp": {"trusted": [hostile]},
        "network": {"hosts": [hostile]},
        "profiles": [hostile],
        "reads": [{"tool": "Bash", "command": hostile}],
    }
    stated = looseness(Config(), parse_source("/f", tomli_w.dumps(data).encode()))
    assert len(stated) == len(data)
    assert all(each.sentence.isprintable() and len(each.sentence) <= 600 for each in stated)
