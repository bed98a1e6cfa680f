"""Claude Code's own tools: effect, scope and targets of every tool the current CLI offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.targets import Target, file_targets, url_target
from supervisor.effects.words import UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

READ, UNKNOWN_KIND, WRITE = EffectKind.READ, EffectKind.UNKNOWN, EffectKind.WRITE
Input = Mapping[str, Any]


def judge_tool(engine: Engine, name: str, given: Input) -> None:
    """Note what the tool `name` would do with the input `given`. A tool nobody knows is a remote write."""
    handler = TOOLS.get(name)
    if handler is None:
        target = Target(f"tool://{name}", Scope.REMOTE)
        engine.emit(WRITE, target, "tool.unknown", f"no rule knows what the tool {name} does")
        return
    handler(engine, name, given)


def _text(given: Input, *keys: str) -> str:
    for key in keys:
        value = given.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def _file(kind: EffectKind, why: str, *keys: str) -> Callable[[Engine, str, Input], None]:
    def handler(engine: Engine, name: str, given: Input) -> None:
        path = _text(given, *keys)
        around = engine.around
        word = Word(path or around.cwd) if path or kind is READ else UNKNOWN
        for target in file_targets(_at_home(word, around.home), (around.cwd,), around):
            engine.emit(kind, target, f"tool.{name}", why)

    return handler


def _at_home(word: Word, home: str) -> Word:
    return Word(home + word.text[1:]) if word.text == "~" or word.text.startswith("~/") else word


def _fixed(kind: EffectKind, scope: Scope, uri: str, why: str) -> Callable[[Engine, str, Input], None]:
    def handler(engine: Engine, name: str, given: Input) -> None:
        engine.emit(kind, Target(uri, scope), f"tool.{name}", why)

    return handler


def _inside(uri: str, why: str) -> Callable[[Engine, str, Input], None]:
    return _fixed(READ, Scope.HOST, uri, why)


def _web_fetch(engine: Engine, name: str, given: Input) -> None:
    url = _text(given, "url")
    target = url_target(Word(url)) if url else Target("unknown:url", Scope.REMOTE)
    engine.emit(READ, target, f"tool.{name}", "fetches this page")


def _search(engine: Engine, name: str, given: Input) -> None:
    engine.emit(READ, Target("claude://web-search", Scope.REMOTE), f"tool.{name}", "searches the web")


def _agent(engine: Engine, name: str, given: Input) -> None:
    kind = _text(given, "subagent_type") or "agent"
    target = Target(f"claude://agent/{kind}", Scope.HOST)
    engine.emit(READ, target, f"tool.{name}", "starts a subagent, whose calls are judged one by one")
    isolation = _text(given, "isolation")
    if isolation == "worktree":
        _worktree(engine, name, given)
    elif isolation:
        target = Target(f"claude://agent/{isolation}", Scope.REMOTE)
        engine.emit(WRITE, target, f"tool.{name}", "starts an agent outside this run")


def _worktree(engine: Engine, name: str, given: Input) -> None:
    path = _text(given, "path") or f"{engine.around.cwd}/.claude/worktrees/{_text(given, 'name') or '*'}"
    word = Word(path) if "*" not in path else Word(path, False, path.index("*"), False, True)
    for target in file_targets(word, (engine.around.cwd,), engine.around):
        engine.emit(WRITE, target, f"tool.{name}", "makes or removes a git worktree")


def _moved_session(engine: Engine, name: str, given: Input) -> None:
    """The session goes on in a work tree, and Claude Code keeps its transcript elsewhere from then on."""
    _worktree(engine, name, given)
    target = Target("claude://session/folder", Scope.HOST)
    engine.emit(WRITE, target, f"tool.{name}", "moves the conversation where the run cannot follow it")


def _remote_trigger(engine: Engine, name: str, given: Input) -> None:
    action = _text(given, "action")
    kind = READ if action in ("list", "get") else WRITE
    target = Target(f"claude://remote-trigger/{_text(given, 'trigger_id') or '*'}", Scope.REMOTE)
    engine.emit(kind, target, f"tool.{name}", f"remote trigger: {action or 'unknown action'}")


def _message(engine: Engine, name: str, given: Input) -> None:
    to = _text(given, "to", "recipient") or "*"
    scope = Scope.REMOTE if ":" in to else Scope.HOST
    engine.emit(WRITE, Target(f"claude://message/{to}", scope), f"tool.{name}", "sends a message")


def _user_file(engine: Engine, name: str, given: Input) -> None:
    files = given.get("files")
    for path in files if isinstance(files, list) else [given.get("file_path") or given.get("path")]:
        if isinstance(path, str):
            for target in file_targets(Word(path), (engine.around.cwd,), engine.around):
                engine.emit(READ, target, f"tool.{name}", "sends this file")
    engine.emit(WRITE, Target("claude://user-file", Scope.REMOTE), f"tool.{name}", "sends a file to the user")


def _resource(engine: Engine, name: str, given: Input) -> None:
    server, uri = _text(given, "server") or "*", _text(given, "uri")
    target = Target(f"mcp://{server}/resource/{uri}", Scope.REMOTE)
    if server in engine.around.trusted_mcp:
        engine.emit(READ, target, f"tool.{name}", "reads a resource of a trusted MCP server")
    else:
        engine.emit(WRITE, target, f"tool.{name}", "what this server does when it is asked is not known")


def _config(engine: Engine, name: str, given: Input) -> None:
    setting = _text(given, "setting") or "*"
    kind = WRITE if "value" in given else READ
    engine.emit(
        kind, Target(f"claude://config/{setting}", Scope.HOST), f"tool.{name}", "Claude Code's own setting"
    )


def _workflow(engine: Engine, name: str, given: Input) -> None:
    target = Target(f"claude://workflow/{_text(given, 'name') or 'script'}", Scope.HOST)
    engine.emit(
        UNKNOWN_KIND, target, f"tool.{name}", "runs a workflow script; the calls of its agents are judged"
    )
    path = _text(given, "scriptPath", "script_path")
    if path:
        for found in file_targets(Word(path), (engine.around.cwd,), engine.around):
            engine.emit(UNKNOWN_KIND, found, f"tool.{name}", "runs this script")


_EDIT = _file(WRITE, "changes this file", "file_path", "notebook_path", "path")
_LOOK = _file(READ, "searches below this folder", "path")
_BOOK = _inside("claude://tasks", "keeps the agent's own list of tasks")
_SHELLS = _inside("claude://background", "looks after the run's own background commands")
_ASKS = _inside("claude://user", "talks to the user")

TOOLS: Mapping[str, Callable[[Engine, str, Input], None]] = {
    # files
    "Read": _file(READ, "reads this file", "file_path", "path"),
    "NotebookRead": _file(READ, "reads this notebook", "notebook_path"),
    "Write": _file(WRITE, "writes this file", "file_path", "path"),
    "Edit": _EDIT,
    "MultiEdit": _EDIT,
    "NotebookEdit": _EDIT,
    "Glob": _LOOK,
    "Grep": _LOOK,
    "LS": _LOOK,
    "LSP": _file(READ, "asks the language server about this file", "filePath", "file_path", "path"),
    # commands that run already
    "BashOutput": _SHELLS,
    "TaskOutput": _SHELLS,
    "KillShell": _SHELLS,
    "KillBash": _SHELLS,
    "TaskStop": _SHELLS,
    "Sleep": _SHELLS,
    # code in languages that are not judged
    "PowerShell": _fixed(UNKNOWN_KIND, Scope.HOST, "unknown:powershell", "PowerShell is not understood"),
    "REPL": _fixed(UNKNOWN_KIND, Scope.HOST, "unknown:javascript", "the code it runs is not understood"),
    "Workflow": _workflow,
    # web
    "WebFetch": _web_fetch,
    "WebSearch": _search,
    "WebBrowser": _fixed(WRITE, Scope.REMOTE, "tool://WebBrowser", "drives a browser"),
    # agents and the conversation
    "Agent": _agent,
    "Task": _agent,
    "ListAgents": _inside("claude://agents", "lists agents"),
    "ListPeers": _inside("claude://agents", "lists agents"),
    "SendMessage": _message,
    "TeamCreate": _fixed(WRITE, Scope.HOST, "claude://team", "makes a team of agents"),
    "TeamDelete": _fixed(WRITE, Scope.HOST, "claude://team", "ends a team of agents"),
    "Skill": _inside("claude://skill", "loads a skill's text"),
    "ToolSearch": _inside("claude://tools", "looks up tools"),
    "DeferredToolPlaceholder": _inside("claude://tools", "stands for tools not loaded yet"),
    "StructuredOutput": _inside("claude://answer", "gives the answer"),
    "ReportFindings": _inside("claude://answer", "gives findings to the user"),
    "AskUserQuestion": _ASKS,
    "EnterPlanMode": _ASKS,
    "ExitPlanMode": _ASKS,
    "SendUserMessage": _ASKS,
    "TodoRead": _BOOK,
    "TodoWrite": _BOOK,
    "TaskCreate": _BOOK,
    "TaskGet": _BOOK,
    "TaskList": _BOOK,
    "TaskUpdate": _BOOK,
    # what goes on after or outside the turn
    "CronCreate": _fixed(WRITE, Scope.HOST, "claude://cron", "schedules a prompt"),
    "CronDelete": _fixed(WRITE, Scope.HOST, "claude://cron", "removes a scheduled prompt"),
    "CronList": _inside("claude://cron", "lists scheduled prompts"),
    "ScheduleWakeup": _fixed(WRITE, Scope.HOST, "claude://cron", "schedules this run to go on by itself"),
    "PushNotification": _fixed(WRITE, Scope.REMOTE, "claude://notification", "notifies the user's devices"),
    "RemoteTrigger": _remote_trigger,
    "SendUserFile": _user_file,
    "SubscribePR": _fixed(WRITE, Scope.REMOTE, "claude://subscription", "subscribes to a pull request"),
    "EnterWorktree": _moved_session,
    "ExitWorktree": _moved_session,
    "Config": _config,
    # MCP resources; MCP tools are judged apart
    "ListMcpResources": _inside("mcp://", "lists the resources of MCP servers"),
    "ListMcpResourcesTool": _inside("mcp://", "lists the resources of MCP servers"),
    "ReadMcpResource": _resource,
    "ReadMcpResourceTool": _resource,
    "ReadMcpResourceDir": _resource,
    "ReadMcpResourceDirTool": _resource,
}
"""Every tool but `Bash` and `Monitor`, whose command is judged as shell text, and MCP tools."""

SHELL_TOOLS = frozenset(("Bash", "Monitor"))
