"""The shipped supervisor.toml: documentation and defaults in one, held to the code."""

from __future__ import annotations

from supervisor.config import Config, annotated
from supervisor.config.annotated import field_docs
from supervisor.config.fields import Backend, RememberedRead, ScreenTable, Table, TargetMode
from supervisor.config.merge import fields_of
from supervisor.config.source import parse_source
from supervisor.places import shipped


def test_the_shipped_file_is_rendered_from_the_fields() -> None:
    """Code and file cannot differ: change the fields, then render the file again."""
    assert shipped("supervisor.toml").read_text(encoding="utf-8") == annotated()


def test_the_shipped_file_is_the_default() -> None:
    """Every scalar and list is there, and what it says is what is built in."""
    source = parse_source("supervisor.toml", annotated().encode())
    assert source.config == Config()
    assert {path for path in fields_of(Config()) if path != ("reads",)} <= source.given


def test_every_field_is_documented_right_below_it() -> None:
    """No field without a sentence; every line fits a terminal."""
    tables: list[type[Table]] = [Config, RememberedRead, *(type(value) for value in _tables())]
    for table in tables:
        whole = {name for name in table.__struct_fields__ if table is Config and name in _table_names()}
        assert set(table.__struct_fields__) - set(field_docs(table)) == whole
    assert max(map(len, annotated().splitlines())) <= 100


def test_any_configuration_survives_being_written_out() -> None:
    """Names that need quotes and every kind of value come back as they were."""
    config = Config(
        profiles=("git", 'a"b\\c\x7f\n'),
        targets={"d1://*": TargetMode.LIVE, 'é "x"\t': TargetMode.DRY_RUN},
        screen=ScreenTable(attach_key="ctrl+]", bell=False),
        reads=(RememberedRead("Bash", command="a 'b' \"c\" \\d"), RememberedRead("T", target="s3://b/*")),
    )
    assert parse_source("x", annotated(config).encode()).config == config
    assert config.shadow.backend is Backend.AUTO


def _table_names() -> list[str]:
    """Fields that are tables: those are documented by their own docstring."""
    return [name for name in Config().__struct_fields__ if isinstance(getattr(Config(), name), Table)]


def _tables() -> list[Table]:
    return [getattr(Config(), name) for name in _table_names()]
