"""Commands of many domains: what a red-teamer would hide, and what a developer asks for every day.

Two tables: `writes_by_domain.txt` holds commands of which none may be judged a read, `reads_by_domain.txt`
commands that only look, which must not cost a rehearsal its truth. `⏎` is a line feed. Most programs are not
installed where tests run: that their rules are right is known from what they document.
"""

from __future__ import annotations

from pathlib import Path

from shipped_rules import is_read, judge

HERE = Path(__file__).resolve().parent


def _rows(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.replace("⏎", "\n") for line in lines if line and not line.startswith("# ")]


def test_no_write_of_any_domain_is_judged_a_read() -> None:
    """Options that write, run, send or take away, in three thousand commands of four hundred programs."""
    rows = _rows("writes_by_domain.txt")
    assert len(rows) > 2500
    assert [command for command in rows if is_read(judge(command))] == []


def test_what_only_looks_is_judged_a_read_in_every_domain() -> None:
    """More than a thousand everyday looks: each is a read."""
    rows = _rows("reads_by_domain.txt")
    assert len(rows) > 1000
    assert [command for command in rows if not is_read(judge(command))] == []
