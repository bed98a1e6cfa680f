"""A configuration that cannot be used says where and why, before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.config.source import SIZE_LIMIT, parse_source, read_source
from supervisor.errors import ConfigError, Exit


def complaint(text: str | bytes) -> str:
    """What the loader says about a file with this content."""
    with pytest.raises(ConfigError) as caught:
        parse_source("/x/supervisor.toml", text.encode() if isinstance(text, str) else text)
    assert caught.value.code is Exit.USAGE
    return str(caught.value).removeprefix("/x/supervisor.toml:")


@pytest.mark.parametrize(
    ("text", "line_and_field", "words"),
    [
        ('\nmodes = "live"', "2: modes:", 'did you mean "mode"?'),
        ('mode = "liev"', "1: mode:", 'did you mean "live"?'),
        ("mode = 3", "1: mode:", "expected one of dry-run, mixed, live, got a number"),
        ("zzz = 1", "1: zzz:", "known are: alerts, approval"),
        ("[gate]\n\ndeadlines = 1", "3: gate.deadlines:", 'did you mean "deadline_s"?'),
        ("gate.deadline_s = '5'", "1: gate.deadline_s:", "Expected float, got str"),
        ("[gate]\ndeadline_s = 0.1", "2: gate.deadline_s:", ">= 0.5"),
        ("[gate]\ndeadline_s = inf", "2: gate.deadline_s:", "<= 60"),
        ("[gate]\ndeadline_s = nan", "2: gate.deadline_s:", "Expected float"),
        ("[gate]\ndeadline_s = true", "2: gate.deadline_s:", "Expected float, got bool"),
        ("gate = 5", "1: gate:", "expected a table, got a number"),
        ('[policy]\nblock = "x"', "2: policy.block:", "expected a list, got a string"),
        ('[policy]\nblock = [\n"a",\n7]', "4: policy.block[1]:", "Expected str, got int"),
        ('[policy]\nblock = ["a",\n " "]', "3: policy.block[1]:", "empty glob"),
        ('[targets]\n"d1://*" = "live"\n"s3://*" = "lives"', '3: targets."s3://*":', 'did you mean "live"?'),
        ('[targets]\n"" = "live"', '2: targets."":', "empty glob"),
        ("targets = 1979-05-27", "1: targets:", "a date or time"),
        ('[notify]\nhook_failure = ["x"]', "2: notify.hook_failure:", 'did you mean "hook-failure"?'),
        ('[notify]\ndrift = "notify-send"', "2: notify.drift:", "expected a list"),
        ('[notify]\ndrift = [""]', "2: notify.drift[0]:", "program is empty"),
        ('[alerts]\ndisabled = ["hook-failure"]', "2: alerts.disabled[0]:", "always shown"),
        ('[screen]\nattach_key = "q"', "2: screen.attach_key:", "matching regex"),
        ("[shadow]\nsize_limit_mb = 1.5", "2: shadow.size_limit_mb:", "Expected int"),
        ("[shadow]\nsize_limit_mb = 1000000000000000000000000", "2: shadow.size_limit_mb:", ""),
        ("[[reads]]\n[[reads]]\ntool='Bash'\ncommand='x'", "1: reads[0]:", '"tool" is missing'),
        ("[[reads]]\ntool='Bash'", "1: reads[0]:", 'needs the exact "command"'),
        ("[[reads]]\ntool='mcp__*'", "2: reads[0].tool:", "matching regex"),
        ("[[reads]]\ntool='WebFetch'\ntarget='*'", "1: reads[0]:", "other systems too"),
        ("[[reads]]\ntool='WebFetch'\ntarget='https://*'", "1: reads[0]:", "other systems too"),
        ("[[reads]]\ntool='Read'\ncommand='x'", "1: reads[0]:", "takes no"),
        ("[[reads]]\ntool='Bash'\ncommand='x'\ntarget='s3://b'", "1: reads[0]:", "as a whole"),
        ("reads = {tool = 'Bash'}", "1: reads:", "expected a list, got a table"),
        ("reads = [\n 1]", "2: reads[0]:", "expected a table, got a number"),
        ('mode = "live"\nmode = "mixed"', "2: is not TOML:", "overwrite"),
        ("a = [", "1: is not TOML:", ""),
        ("\n\n=", "3: is not TOML:", ""),
        (b"\n\xff", "2: is not UTF-8", ""),
        ("x = " + "[" * 5000 + "]" * 5000, "1: is nested too deeply", ""),
    ],
)
def test_a_mistake_is_named_with_line_field_and_nearest_name(
    text: str | bytes, line_and_field: str, words: str
) -> None:
    """Wrong keys, types, values, syntax and encodings, wherever they stand."""
    said = complaint(text)
    assert said.startswith(line_and_field)
    assert words in said


def test_a_missing_file_is_no_configuration(tmp_path: Path) -> None:
    """Not having one is the normal case."""
    assert read_source(tmp_path / "supervisor.toml") is None


def test_what_is_not_a_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    """A FIFO does not hold the program up, a folder or an endless file is not read."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "huge").write_bytes(b"#" * (SIZE_LIMIT + 1))
    for name, words in (("fifo", "not a regular"), ("folder", "is a directory"), ("huge", "larger than")):
        with pytest.raises(ConfigError, match=f"(?i){words}"):
            read_source(tmp_path / name)


def test_a_complaint_about_a_hostile_file_is_printable() -> None:
    """A repository's file cannot write to the operator's terminal by being wrong."""
    hostile = "\\u001b]52;c;AAAA\\u0007\\u202e" + "x" * 9000
    for text in (f'"{hostile}" = 1', f'mode = "{hostile}"', f'[targets]\n"{hostile}" = "{hostile}"'):
        said = complaint(text)
        assert said.isprintable()
        assert len(said) < 1000
