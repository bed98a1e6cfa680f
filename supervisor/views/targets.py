"""Where a target belongs on the screen: the group it is counted under, and its name within that group."""

from __future__ import annotations

import posixpath

from supervisor.effects.model import Scope

UNDERSTOOD_BY_NOBODY = "not understood"


def place_target(target: str, scope: Scope, cwd: str) -> tuple[str, str]:
    """Split a target URI into group and leaf.

    Args:
        target: a URI as the effects name it.
        scope: where it lies.
        cwd: the run's folder; files in it are named relative to it.

    Returns:
        (group, leaf), e.g. (`src/`, `a.py`), (`git+origin`, `main`), (`mcp://store`, `upload`). The leaf is
        empty where the target is the group itself.
    """
    if target.startswith("file://"):
        return _place_file(target.removeprefix("file://"), scope, cwd)
    if target.startswith("git+"):
        remote, _, ref = target.partition("#")
        return remote, ref
    scheme, found, rest = target.partition("://")
    if found:
        host, _, path = rest.partition("/")
        return f"{scheme}://{host}", path
    kind, _, what = target.partition(":")
    if kind == "unknown":
        return UNDERSTOOD_BY_NOBODY, what
    return kind, what


def _place_file(path: str, scope: Scope, cwd: str) -> tuple[str, str]:
    if cwd and path.rstrip("/") == cwd.rstrip("/"):
        return "./", ""
    if scope is Scope.WORKSPACE and cwd and path.startswith(cwd.rstrip("/") + "/"):
        path = path[len(cwd.rstrip("/")) + 1 :]
    folder, leaf = posixpath.split(path)
    return ("./" if not folder else folder.rstrip("/") + "/"), leaf
