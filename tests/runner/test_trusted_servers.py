"""Whom `[mcp] trusted` means: a definition that the operator knows, never whoever takes its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.plan.servers import server_digest
from supervisor.runner.trust import Trust, trust
from supervisor.session.settings import mcp_servers, own_servers

MINE = {"command": "/usr/bin/store", "args": ["--mine"]}
THEIRS = {"command": "./store.sh"}


def trusted(
    root: Path,
    *words: str,
    user: dict[str, Any] | None = None,
    local: dict[str, Any] | None = None,
    folder: dict[str, Any] | None = None,
) -> Trust:
    """Who is trusted by `words` with these servers in the user's configuration, for everywhere and for the
    folder, and in the folder's own `.mcp.json`."""
    home, cwd = root / "home", root / "folder"
    home.mkdir()
    cwd.mkdir()
    projects = {str(cwd): {"mcpServers": local or {}}}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": user or {}, "projects": projects}))
    (cwd / ".mcp.json").write_text(json.dumps({"mcpServers": folder or {}}))
    return trust(words, mcp_servers(home, cwd), own_servers(home, cwd))


@pytest.mark.parametrize("where", ["user", "local"])
def test_a_name_is_the_server_of_the_users_own_configuration(tmp_path: Path, where: str) -> None:
    """Whether it is defined for everywhere or for this folder only."""
    assert trusted(tmp_path, "store", **{where: {"store": MINE}}) == Trust(("store",))


@pytest.mark.parametrize("user", [{}, {"store": MINE}], ids=["alone", "over the user's"])
def test_a_folder_cannot_take_a_trusted_name(tmp_path: Path, user: dict[str, Any]) -> None:
    """Its definition is the one in force, and not trusted; the words that would trust it are said."""
    found = trusted(tmp_path, "store", user=user, folder={"store": THEIRS})
    assert found.servers == ()
    (note,) = found.notes
    assert note.endswith(f" store@{server_digest(THEIRS)}")


def test_a_folders_server_is_trusted_as_it_was_shown_and_no_other(tmp_path: Path) -> None:
    """The digest is of that one definition: a changed one is not trusted, and that is said."""
    words = f"store@{server_digest(THEIRS)}"
    (one, other) = (tmp_path / "one", tmp_path / "other")
    one.mkdir()
    other.mkdir()
    assert trusted(one, words, folder={"store": THEIRS}) == Trust(("store",))
    changed = trusted(other, words, folder={"store": {**THEIRS, "env": {"A": "1"}}})
    assert changed.servers == ()
    assert len(changed.notes) == 1


def test_what_the_user_defines_for_the_folder_outweighs_the_folder(tmp_path: Path) -> None:
    """It is what Claude Code starts, so the name stands for it."""
    assert trusted(tmp_path, "store", local={"store": MINE}, folder={"store": THEIRS}).servers == ("store",)


def test_a_name_that_claude_code_spells_alike_takes_the_trust_away(tmp_path: Path) -> None:
    """The tools of `my.store` and of `my_store` have the same names: whose call it is cannot be told."""
    found = trusted(tmp_path, "my_store", user={"my_store": MINE}, folder={"my.store": THEIRS})
    assert found.servers == ()
    assert len(found.notes) == 1
