"""What SQL would do: each statement parsed in the program's dialect, targets down to the table."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.sql_clients import Meta, split_client
from supervisor.effects.sql_functions import SIDE_EFFECTS, is_pure
from supervisor.effects.targets import Target
from supervisor.effects.vocabulary import names

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

READ, UNKNOWN_KIND, WRITE = EffectKind.READ, EffectKind.UNKNOWN, EffectKind.WRITE
MOST_TEXT = 20_000
_DIALECTS = frozenset(str(dialect.value) for dialect in sqlglot.Dialects)
_FIRST_WORD = re.compile(r"\s*\(*\s*([A-Za-z]+)\b")
_SQL_WORDS = names(
    """
    select with insert update delete merge create drop alter truncate explain show describe desc
    pragma copy call do values set begin grant revoke replace attach vacuum analyze
    """
)
_WRITES = (
    exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.TruncateTable,
    exp.Comment, exp.Grant, exp.LoadData, exp.Analyze, exp.Kill, exp.Cache, exp.Uncache, exp.Refresh,
    exp.Export,
)  # fmt: skip
_QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery, exp.Paren)
_QUIET = (exp.Transaction, exp.Commit, exp.Rollback, exp.Use, exp.Semicolon)
_CHANGING = names(
    """VACUUM ANALYZE GRANT REVOKE REINDEX CLUSTER LOCK INSERT UPDATE DELETE DROP CREATE ALTER TRUNCATE
    OPTIMIZE REPLACE RENAME"""
)
_SESSION = names(
    """
    statement_timeout lock_timeout search_path timezone time_zone names client_encoding work_mem
    datestyle extra_float_digits application_name lc_messages max_execution_time sql_safe_updates
    nocount
    """
)
_PRAGMAS = names(
    """
    table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list
    foreign_key_check integrity_check quick_check database_list collation_list compile_options
    function_list module_list pragma_list stats show_tables show_tables_expanded database_size
    storage_info version show
    """
)
_PRAGMA_GETTERS = names(
    """
    page_count page_size freelist_count user_version schema_version application_id encoding
    journal_mode foreign_keys synchronous auto_vacuum cache_size data_version busy_timeout
    locking_mode max_page_count
    """
)


class Statement(msgspec.Struct, frozen=True):
    """What one statement does to one table (empty: to no particular one)."""

    kind: EffectKind
    table: str
    why: str


def looks_like_sql(text: str) -> bool:
    """Whether `text` begins as SQL does."""
    match = _FIRST_WORD.match(text)
    return match is not None and match[1].lower() in _SQL_WORDS


def judge_sql(
    engine: Engine, text: str, dialect: str, rule: str, target: str, scope: Scope, on: str = ""
) -> None:
    """Note what the statements (and client commands) in `text` would do to the database at `target`."""
    engine.step(20)
    for found in judge_text(text, dialect):
        uri = _table_uri(target or "sql://", found.table)
        engine.emit(found.kind, Target(uri, scope), rule, found.why, on=on)


def _table_uri(target: str, table: str) -> str:
    if not table:
        return target
    if target.startswith(("sqlite:", "duckdb:")):
        return f"{target}#{table}"
    return f"{target.rstrip('/')}/{table}"


@lru_cache(maxsize=512)
def judge_text(text: str, dialect: str) -> tuple[Statement, ...]:
    """What the statements in `text` do, in order; never empty."""
    if len(text) > MOST_TEXT:
        return (Statement(UNKNOWN_KIND, "", "too much SQL to follow"),)
    dialect = dialect if dialect in _DIALECTS else ""
    statements, metas = split_client(text, dialect)
    found = [_meta(meta) for meta in metas]
    for sql in statements:
        found += _statements(sql, dialect)
    return tuple(dict.fromkeys(found)) or (Statement(UNKNOWN_KIND, "", "there is no SQL to judge"),)


def _meta(meta: Meta) -> Statement:
    if meta.harmless:
        return Statement(READ, "", f"{meta.name} only shows")
    return Statement(UNKNOWN_KIND, "", f"{meta.name} is a command of the client that may run or write")


def _statements(sql: str, dialect: str) -> list[Statement]:
    if not sql.strip():
        return []
    try:
        parsed = sqlglot.parse(sql, dialect=dialect or None)
    except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, IndexError, KeyError):
        return [Statement(UNKNOWN_KIND, "", "the SQL cannot be parsed")]
    found: list[Statement] = []
    for statement in parsed:
        if statement is not None:
            try:
                found += _statement(statement, dialect)
            except RecursionError:
                found.append(Statement(UNKNOWN_KIND, "", "the SQL is nested too deep"))
    return found


def _statement(node: exp.Expr, dialect: str) -> list[Statement]:
    if isinstance(node, _QUERIES):
        return _query(node, dialect)
    if isinstance(node, _WRITES):
        return _write(node)
    if isinstance(node, exp.Describe):
        inner = node.this
        if isinstance(inner, _QUERIES + _WRITES):
            style = str(node.args.get("style") or "").upper()
            if (
                style in ("", "FORMATTED", "EXTENDED", "TREE", "JSON")
                and "ANALYZE" not in node.sql()[:40].upper()
            ):
                return [Statement(READ, "", "only explains")]
            return _statement(inner, dialect)
        return [Statement(READ, _name(inner), "describes a table")]
    if isinstance(node, exp.Show):
        return [Statement(READ, "", "only shows")]
    if isinstance(node, exp.Transaction) and not _is_transaction(node):
        return [Statement(UNKNOWN_KIND, "", "what it starts is not known")]
    if isinstance(node, _QUIET):
        return [Statement(READ, "", "only steers the session")]
    if isinstance(node, exp.Set):
        return [_set(node)]
    if isinstance(node, exp.Pragma):
        return [_pragma(node)]
    if isinstance(node, exp.Copy):
        return _copy(node, dialect)
    if isinstance(node, exp.Command):
        return _command(node, dialect)
    if isinstance(node, (exp.Attach, exp.Detach)):
        return [Statement(UNKNOWN_KIND, "", "attaches another database")]
    return [Statement(UNKNOWN_KIND, "", f"what the statement {type(node).__name__} does is not known")]


def _is_transaction(node: exp.Transaction) -> bool:
    """Whether it is one: `START REPLICA` is parsed as a transaction with the mode `REPLICA`."""
    modes = [str(mode).lower().split()[:1] for mode in node.args.get("modes") or ()]
    return all(mode in (["read"], ["isolation"], ["not"], ["deferrable"], ["with"]) for mode in modes)


def _query(node: exp.Expr, dialect: str) -> list[Statement]:
    found: list[Statement] = []
    names = {cte.alias for cte in node.find_all(exp.CTE)}
    for part in node.walk():
        if isinstance(part, _WRITES):
            found += _write(part)
        elif isinstance(part, exp.Into):
            found.append(Statement(WRITE, _name(part.this), "SELECT INTO makes a table or a file"))
        elif isinstance(part, exp.Lock):
            found.append(Statement(WRITE, "", "locks the rows it reads"))
        elif isinstance(part, (exp.Command, exp.Copy)):
            found.append(Statement(UNKNOWN_KIND, "", "a part of the statement is not understood"))
        elif isinstance(part, (exp.Placeholder, exp.Parameter)) and dialect in ("postgres", "sqlite", ""):
            if part.name:
                found.append(Statement(UNKNOWN_KIND, "", f"the variable {part.name} may hold anything"))
        elif isinstance(part, exp.Anonymous):
            found += _function(part.name, dialect)
        elif isinstance(part, exp.NextValueFor):
            found.append(Statement(WRITE, "", "moves a sequence"))
        elif isinstance(part, exp.Func) and type(part).__name__.startswith(
            ("AI", "ML", "Load", "Kill", "Execute")
        ):
            found += [Statement(UNKNOWN_KIND, "", f"what {type(part).__name__} does is not known")]
    for table in node.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            name = _name(table)
            if name not in names:
                found.append(Statement(READ, name, "reads this table"))
    return found or [Statement(READ, "", "only computes")]


def _function(name: str, dialect: str) -> list[Statement]:
    lower = name.lower()
    if lower in SIDE_EFFECTS:
        return [Statement(WRITE, "", f"the function {name} has side effects")]
    if is_pure(lower, dialect):
        return []
    return [Statement(UNKNOWN_KIND, "", f"what the function {name} does is not known")]


def _write(node: exp.Expr) -> list[Statement]:
    verb = type(node).__name__.lower()
    table = node.this if isinstance(node.this, exp.Expression) else None
    target = table.find(exp.Table) if table is not None else None
    tables = [target] if target is not None else list(node.find_all(exp.Table))[:4]
    if isinstance(node, (exp.TruncateTable, exp.Drop)):
        tables = list(node.find_all(exp.Table))[:16]
    names = [_name(each) for each in tables] or [""]
    return [Statement(WRITE, name, f"{verb} changes the database") for name in names]


def _name(node: object) -> str:
    if isinstance(node, exp.Table):
        parts = [node.text("catalog"), node.text("db"), node.name]
        return ".".join(part for part in parts if part)
    return node.name if isinstance(node, exp.Expression) else ""


def _set(node: exp.Set) -> Statement:
    names = [item.find(exp.Column, exp.Identifier, exp.Var) for item in node.expressions]
    plain = all(name is not None and name.name.lower() in _SESSION for name in names) and names
    kinds = {str(item.args.get("kind") or "").upper() for item in node.expressions}
    if plain and kinds <= {"", "SESSION", "LOCAL", "NAMES"}:
        return Statement(READ, "", "sets a harmless setting of its own session")
    return Statement(UNKNOWN_KIND, "", "what the setting changes is not known")


def _pragma(node: exp.Pragma) -> Statement:
    inner = node.this
    sets = isinstance(inner, exp.EQ)
    target = inner.this if sets else inner
    name = target.name if isinstance(target, exp.Expression) else str(target)
    if isinstance(target, exp.Dot):
        name = target.expression.name
    arguments = bool(getattr(target, "expressions", None)) or sets
    lower = name.lower()
    if lower in _PRAGMAS or (lower in _PRAGMA_GETTERS and not arguments):
        return Statement(READ, "", f"pragma {name} only shows")
    return Statement(WRITE, "", f"pragma {name} may change the database")


def _copy(node: exp.Copy, dialect: str) -> list[Statement]:
    table = node.this
    text = node.sql(dialect=dialect or None).upper().rstrip("; ")
    if node.args.get("kind"):
        return [Statement(WRITE, _name(table), "COPY FROM fills the table")]
    inner = table.this if isinstance(table, exp.Subquery) else None
    found = (
        _query(inner, dialect)
        if isinstance(inner, _QUERIES)
        else [Statement(READ, _name(table), "reads this table")]
    )
    if isinstance(inner, _WRITES):
        found = _write(inner)
    files = [str(file.sql()).upper() for file in node.args.get("files") or []]
    if files != ["STDOUT"] or "PROGRAM" in text:
        found = [*found, Statement(WRITE, "", "COPY TO writes a file or runs a program")]
    return found


def _command(node: exp.Command, dialect: str) -> list[Statement]:
    verb = str(node.this).upper()
    rest = str(
        node.expression.this if isinstance(node.expression, exp.Expression) else node.expression or ""
    ).strip()
    if verb == "SHOW":
        return [Statement(READ, "", "only shows")]
    if verb == "EXPLAIN":
        return _explain(rest, dialect)
    if verb in _CHANGING:
        return [Statement(WRITE, "", f"{verb} changes the database")]
    return [Statement(UNKNOWN_KIND, "", f"what {verb} runs is not known")]


def _explain(rest: str, dialect: str) -> list[Statement]:
    analyzes = False
    if rest.startswith("("):
        options, closing, rest = rest[1:].partition(")")
        if not closing:
            return [Statement(UNKNOWN_KIND, "", "the SQL cannot be parsed")]
        analyzes = "ANALYZE" in options.upper()
    words = rest.split()
    while words and words[0].upper() in (
        "ANALYZE",
        "VERBOSE",
        "QUERY",
        "PLAN",
        "PIPELINE",
        "SYNTAX",
        "AST",
        "ESTIMATE",
    ):
        analyzes = analyzes or words[0].upper() == "ANALYZE"
        words = words[1:]
    if not analyzes:
        return [Statement(READ, "", "only explains")]
    return _statements(" ".join(words), dialect) or [Statement(UNKNOWN_KIND, "", "the SQL cannot be parsed")]
