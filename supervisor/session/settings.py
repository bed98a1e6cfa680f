"""What Claude Code is launched with: injected settings, arguments, environment.

The user's own setting sources are not loaded (`--setting-sources ""`), because an allow rule or a hook in
any of them could grant what the gate did not. What tightens (deny rules) and what a login needs is carried
over; everything else is listed as suspended.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.gate.wire import EVENTS

PERMISSION_MODE = "dontAsk"
"""With no allow rules: the hook grants, silence denies."""

REGISTERED = tuple(event for event in EVENTS if event not in ("PostToolUse", "PostToolBatch"))
"""Events that Claude Code is told to report. Each costs it 7 to 10 ms of its own when it fires, waited for
or not (measured on 2.1.330). What became of a call stands in the transcript, which costs it nothing."""

SILENT = frozenset({"PostToolUseFailure", "SubagentStart", "Stop", "Notification"})
"""Events that only report: Claude Code need not wait for their answer."""

_HOOK_TIMEOUT_S = 60.0
_MARGIN_S = 3.0
"""Claude Code gives a hook client up this much later than the client gives up the gate."""


@dataclass(frozen=True)
class Patience:
    """How long Claude Code waits for a hook client before it takes the hook for failed.

    Attributes:
        call_s: for the decision on a call.
        event_s: for the answer to any other event.
    """

    call_s: float = _HOOK_TIMEOUT_S
    event_s: float = _HOOK_TIMEOUT_S


def patience(deadline_s: float, hold_deadline_s: float) -> Patience:
    """How long a hook can take at the most, given the gate's deadlines.

    Args:
        deadline_s: longest silence of the gate that a hook client accepts.
        hold_deadline_s: longest time a call is held; 0 where none ever is.
    """
    silence_s = deadline_s + _MARGIN_S
    return Patience(call_s=hold_deadline_s + silence_s, event_s=silence_s)


_UNDERMINES = ("CLAUDE_CODE_SIMPLE", "CLAUDE_CODE_SAFE_MODE", "CLAUDECODE", "PERL5OPT", "PERL5LIB", "PERL5DB")
"""Variables that switch injected hooks off, or change what the hook client runs."""

_BASH = "/bin/bash"

_CARRIED = ("apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "model", "availableModels")
"""User settings that say who pays and which model answers; they grant nothing."""


@dataclass(frozen=True)
class UserSettings:
    """What the user's and the project's own settings say, as far as a run is concerned.

    Attributes:
        carried: settings taken over into the injected ones.
        deny: deny rules of every source: they tighten, so they stay in force.
        env: variables that the user's settings set.
        suspended: one line for each thing that is not in force during the run.
    """

    carried: dict[str, Any] = field(default_factory=dict)
    deny: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    suspended: tuple[str, ...] = ()


def read_user_settings(home: Path, cwd: Path) -> UserSettings:
    """Read every setting source a bare `claude` would load; a file that is not JSON counts as absent."""
    sources = (
        ("user", home / ".claude" / "settings.json"),
        ("project", cwd / ".claude" / "settings.json"),
        ("local", cwd / ".claude" / "settings.local.json"),
    )
    carried: dict[str, Any] = {}
    env: dict[str, str] = {}
    deny: list[str] = []
    suspended: list[str] = []
    for name, path in sources:
        try:
            data = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if not isinstance(data, dict):
            continue
        permissions = data.get("permissions")
        if isinstance(permissions, dict):
            deny += [rule for rule in _list(permissions.get("deny")) if isinstance(rule, str)]
            suspended += [
                f"{name} settings: {len(rules)} {kind} rule(s): {_some(rules)}"
                for kind in ("allow", "ask")
                if (rules := _list(permissions.get(kind)))
            ]
            if mode := permissions.get("defaultMode"):
                suspended.append(f"{name} settings: permission mode {mode}")
        hooks = data.get("hooks")
        if isinstance(hooks, dict) and hooks:
            suspended.append(f"{name} settings: hooks on {', '.join(map(str, hooks))}")
        plugins = data.get("enabledPlugins")
        if isinstance(plugins, dict) and any(plugins.values()):
            suspended.append(f"{name} settings: plugins {_some([k for k, on in plugins.items() if on])}")
        suspended += [f"{name} settings: {key}" for key in ("statusLine", "outputStyle") if key in data]
        if name == "user":
            carried = {key: data[key] for key in _CARRIED if key in data}
            pairs = data.get("env")
            env = {k: str(v) for k, v in pairs.items()} if isinstance(pairs, dict) else {}
    return UserSettings(carried, tuple(dict.fromkeys(deny)), env, tuple(suspended))


def injected_settings(
    hook: list[str],
    user: UserSettings,
    wait: Patience = Patience(),
) -> dict[str, Any]:
    """The settings of one run: the gate's hooks on every event, the user's deny rules, nothing that allows.

    Args:
        hook: program and arguments of the hook client, absolute.
        user: what is carried over.
        wait: how long Claude Code waits for a hook client.
    """
    return {
        **user.carried,
        "disableAllHooks": False,
        "disableSkillShellExecution": True,
        "permissions": {"deny": list(user.deny), "disableBypassPermissionsMode": "disable"},
        "hooks": {event: [{"matcher": "*", "hooks": [_entry(event, hook, wait)]}] for event in REGISTERED},
    }


def _entry(event: str, hook: list[str], wait: Patience) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "command",
        "command": hook[0],
        "args": hook[1:],
        "timeout": math.ceil(wait.call_s if event == "PreToolUse" else wait.event_s),
        "onFailure": "block",
    }
    if event in SILENT:
        entry["async"] = True
    if event == "PreToolUse":
        entry["statusMessage"] = "Waiting for the supervisor…"
    return entry


def arguments(
    *,
    settings: Mapping[str, Any],
    session_id: str,
    resume: bool,
    mcp_config: Path,
    memory: tuple[Path, ...],
    headless: bool,
) -> list[str]:
    """Arguments of `claude`, without the program itself."""
    words = ["--add-dir", *map(str, memory)] if memory else []
    words += ["--resume", session_id] if resume else ["--session-id", session_id]
    words += ["--setting-sources", "", "--permission-mode", PERMISSION_MODE]
    words += ["--strict-mcp-config", "--mcp-config", str(mcp_config)]
    words += ["--settings", json.dumps(settings)]
    if headless:
        words += ["--print", "--verbose", "--input-format", "stream-json", "--output-format", "stream-json"]
    return words


def mcp_servers(home: Path | None, cwd: Path) -> dict[str, Any]:
    """The MCP servers a bare `claude` would offer here: user's, then project's, then local ones win.

    `home` is None when nothing of the user's may be read.
    """
    mine, here = _mine(home, cwd)
    servers = {
        **_dict(mine.get("mcpServers")),
        **_dict(_object(cwd / ".mcp.json").get("mcpServers")),
        **_dict(here.get("mcpServers")),
    }
    off = {str(name) for name in _list(here.get("disabledMcpServers"))}
    off |= {str(name) for name in _list(here.get("disabledMcpjsonServers"))}
    return {name: server for name, server in servers.items() if name not in off}


def own_servers(home: Path | None, cwd: Path) -> dict[str, Any]:
    """Those that the user's own configuration defines, for everywhere or for this folder."""
    mine, here = _mine(home, cwd)
    return {**_dict(mine.get("mcpServers")), **_dict(here.get("mcpServers"))}


def _mine(home: Path | None, cwd: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The user's Claude configuration, and what it says of the folder."""
    mine = _object(home / ".claude.json") if home is not None else {}
    return mine, _dict(_dict(mine.get("projects")).get(str(cwd)))


def environment(base: Mapping[str, str], user: UserSettings) -> tuple[dict[str, str], tuple[str, ...]]:
    """Claude Code's environment from the caller's, and what was taken out of it, one line each."""
    env = {**base, **user.env}
    shell = Path(env.get("SHELL", "")).name
    if shell not in ("", "bash") and Path(_BASH).exists():
        env["SHELL"] = _BASH  # commands are judged as bash reads them
    dropped = tuple(f"environment: {name}" for name in _UNDERMINES if env.pop(name, None) is not None)
    if shell not in ("", "bash"):
        dropped = (*dropped, f"environment: SHELL={shell}: the agent's commands run in bash")
    return env, dropped


ALWAYS = {
    "DISABLE_AUTOUPDATER": "1",  # the program that was checked is the program that runs
    "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1",
}
"""Variables every launch sets."""


def private_environment(home: Path, base_url: str) -> dict[str, str]:
    """The explicit, minimal environment of a run whose model is scripted: nothing of the caller's."""
    env = {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "HOME": str(home),
        "CLAUDE_CODE_TMPDIR": str(home / "tmp"),
        "TERM": os.environ.get("TERM") or "xterm-256color",
        "LANG": "C.UTF-8",
        "ANTHROPIC_BASE_URL": base_url,
        "ANTHROPIC_API_KEY": FAKE_KEY,
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
    }
    if os.getuid() == 0:
        env["IS_SANDBOX"] = "1"
    return env


FAKE_KEY = "sk-ant-scripted-model-needs-no-account"


def prepare_private_home(home: Path, cwd: Path) -> None:
    """Make `home` one in which Claude Code starts without asking: onboarded, and `cwd` trusted."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "tmp").mkdir(exist_ok=True, mode=0o700)
    known = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": [FAKE_KEY[-20:]], "rejected": []},
        "projects": {str(cwd): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
    }
    write_private(home / ".claude.json", json.dumps(known))


def memory_folders(home: Path | None, cwd: Path, keep: Path) -> tuple[Path, ...]:
    """Folders whose CLAUDE.md Claude Code shall read although no setting source is loaded.

    The project's own folder, and one under `keep` that holds a copy of the user's CLAUDE.md.
    """
    folders = [cwd]
    try:
        text = (home / ".claude" / "CLAUDE.md").read_text() if home is not None else ""
    except OSError:
        text = ""
    if text:
        copy = keep / "user-memory"
        copy.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(copy / "CLAUDE.md", text)
        folders.append(copy)
    return tuple(folders)


def write_private(path: Path, text: str) -> None:
    """Write `path` whole or not at all, readable by its owner only."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(temporary).rename(path)


def _object(path: Path) -> dict[str, Any]:
    try:
        return _dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _some(things: list[Any]) -> str:
    shown = ", ".join(str(thing) for thing in things[:3])
    return shown + (f" and {len(things) - 3} more" if len(things) > 3 else "")
