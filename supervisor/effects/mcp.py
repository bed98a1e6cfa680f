"""MCP tools: by the rules of profiles, else a remote write; SQL and URLs among the arguments count."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import quote

from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.rules import McpRule
from supervisor.effects.targets import Target, url_target
from supervisor.effects.tools import Input
from supervisor.effects.words import Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

_HOLE = re.compile(r"\{([^{}]*)\}")
_URL_KEYS = frozenset(("url", "uri", "href", "endpoint", "link"))
_SQL_KEYS = frozenset(("sql", "query", "statement", "statements"))
_SAVING_KEYS = frozenset(
    f"{verb}{end}"
    for verb in ("output", "out", "save", "download")
    for end in ("path", "file", "dir", "to", "as")
)


def split_name(name: str) -> tuple[str, str] | None:
    """(server, tool) of `mcp__server__tool`; None if it is no MCP tool."""
    if not name.startswith("mcp__"):
        return None
    server, _, tool = name[5:].partition("__")
    return (server, tool) if server and tool else None


def judge_mcp(engine: Engine, server: str, tool: str, given: Input) -> None:
    """Note what an MCP tool would do."""
    trusted = server in engine.around.trusted_mcp
    rules = (r for r in engine.rules.mcp if fnmatchcase(server, r.server) and fnmatchcase(tool, r.tool))
    rule = next((r for r in rules if trusted or not r.trusted), None)
    own = Target(f"mcp://{server}/{tool}", Scope.REMOTE)
    if rule is not None:
        _by_rule(engine, rule, server, tool, given, own)
    elif trusted and tool in engine.around.mcp_read_only.get(server, ()):
        engine.emit(EffectKind.READ, own, "mcp.trusted", "a trusted server says that this tool only reads")
        _stricter(engine, given)
    else:
        engine.emit(
            EffectKind.WRITE,
            own,
            "mcp.default",
            "what an MCP tool does is a write unless a rule knows better",
        )
        _stricter(engine, given)


def _by_rule(engine: Engine, rule: McpRule, server: str, tool: str, given: Input, own: Target) -> None:
    targets = [Target(_fill(template, server, tool, given), rule.scope) for template in rule.targets] or [own]
    why = rule.why or f"a rule says that {tool} is a {rule.effect}"
    if rule.sql:
        statement = given.get(rule.sql)
        if isinstance(statement, str):
            from supervisor.effects import sql  # with its parser, which takes 0.06 s to load

            sql.judge_sql(engine, statement, rule.dialect, rule.id, targets[0].uri, Scope.REMOTE)
            return
        engine.emit(EffectKind.WRITE, targets[0], rule.id, "the SQL it is to run is not there")
        return
    for target in targets:
        engine.emit(rule.effect, target, rule.id, why, consumes=rule.consumes)
    if rule.url:
        address = given.get(rule.url)
        known = isinstance(address, str) and bool(address)
        target = url_target(Word(str(address))) if known else Target("unknown:url", Scope.REMOTE)
        engine.emit(rule.effect, target, rule.id, why)
    else:
        _stricter(engine, given)


def _stricter(engine: Engine, given: Input) -> None:
    """SQL, URLs and files to write among the arguments add effects, and never take any away."""
    for key, value in list(given.items())[:50]:
        if not isinstance(value, str) or len(value) > 20_000:
            continue
        if key.lower() in _SQL_KEYS:
            from supervisor.effects import sql

            if sql.looks_like_sql(value):
                sql.judge_sql(engine, value, "", "mcp.sql", "sql://", Scope.REMOTE)
        elif key.lower() in _URL_KEYS and value.startswith(("http://", "https://")):
            engine.emit(EffectKind.READ, url_target(Word(value)), "mcp.url", "an argument holds this URL")
        elif key.lower().replace("_", "").replace("-", "") in _SAVING_KEYS and value:
            named = Target(f"file://{quote(value, safe='/')}", Scope.HOST)
            engine.emit(EffectKind.WRITE, named, "mcp.saves", "an argument names a file to write")


def _fill(template: str, server: str, tool: str, given: Input) -> str:
    def hole(match: re.Match[str]) -> str:
        for choice in match[1].split("|"):
            if choice == "server":
                return server
            if choice == "tool":
                return tool
            if not choice.startswith("input:"):
                return choice
            value = given.get(choice[6:])
            if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value):
                return str(value)
        return "*"

    return _HOLE.sub(hole, template)
