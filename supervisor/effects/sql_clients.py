"""Commands of database clients among SQL: psql's backslash, sqlite's dot, sqlcmd's colon commands."""

from __future__ import annotations

import re

import msgspec

from supervisor.effects.vocabulary import names

_PSQL = re.compile(
    r"\\(?:d[A-Za-z]*[S+]*|l[+]?|z|x|timing|conninfo|encoding|echo|qecho|pset|t|a|f|h|\?|q|sf[+]?|sv[+]?|c|connect|errverbose)"
)
_DOTS = names(
    """
    .tables .schema .dump .mode .headers .header .indexes .indices .databases .width .show .help
    .stats .timer .fullschema .print .nullvalue .separator .explain .eqp .dbinfo .changes .quit
    .exit .version .maxrows .columns .rows .bail .echo .lint .sha3sum .vfslist .vfsname .vfsinfo
    """
)
_SIMPLE_STRING = re.compile(r"'[^'\n]*'")


class Meta(msgspec.Struct, frozen=True):
    """A client command: its name, and whether it only shows something."""

    name: str
    harmless: bool


def split_client(text: str, dialect: str) -> tuple[list[str], list[Meta]]:
    """The SQL in `text`, and the client commands in it, whose order does not matter to their effect."""
    metas: list[Meta] = []
    if "/*!" in text or "/*M!" in text:
        metas.append(Meta("a comment that MySQL runs", False))
    lines: list[str] = []
    batches: list[str] = []
    for line in text.split("\n"):
        bare = line.strip()
        if bare.startswith("\\"):
            metas.append(_backslash(bare, dialect))
        elif bare.startswith(".") and dialect in ("sqlite", "duckdb", ""):
            word = bare.split()[0]
            metas.append(Meta(word, word in _DOTS and "|" not in bare))
        elif dialect == "tsql" and bare.startswith((":", "!!")):
            metas.append(Meta(bare.split()[0], False))
        elif dialect == "tsql" and bare.upper() == "GO":
            batches.append("\n".join(lines))
            lines = []
        else:
            lines.append(line)
    batches.append("\n".join(lines))
    sql = "\n".join(batches)
    if "\\" in sql:
        plain = "--" not in sql and "/*" not in sql and "$" not in sql and "#" not in sql
        rest = _SIMPLE_STRING.sub("", sql) if plain and dialect != "mysql" else sql
        if "\\" in rest:
            metas.append(Meta("a backslash in the SQL", False))
    return batches, metas


def _backslash(bare: str, dialect: str) -> Meta:
    name, _, rest = bare.partition(" ")
    plain = not set(rest) & set("`\\|")
    return Meta(name, plain and dialect in ("postgres", "redshift", "") and bool(_PSQL.fullmatch(name)))
