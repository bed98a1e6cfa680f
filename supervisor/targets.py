"""How targets relate to each other: globs, containment, and the local path a target names. Pure text work.

A target is a URI such as `s3://bucket/key`, `d1://db/table`, `git+origin#main` or `file:///abs/path`.
`/`, `#` and `?` separate its levels, so `s3://bucket` contains `s3://bucket/key`, but `s3://buck` does not.

Globs know `*` (any characters, `/` included), `?` (one character) and `[...]`.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import unquote

_LEVELS = "/#?"
_WILD = re.compile(r"[*?\[]")
_LOCAL = re.compile(r"(?:file://localhost|[a-z][a-z0-9+.-]*://|//)(/.*)", re.IGNORECASE | re.DOTALL)
_LOCAL_REPOSITORY = re.compile(r"git\+(?:file://)?(/[^#]*)", re.IGNORECASE)


def matches(target: str, glob: str) -> bool:
    """Whether the glob matches the whole target, in its normal form."""
    return fnmatchcase(normal(target), glob)


def climbs(target: str) -> bool:
    """Whether a `..` is left in the target's normal form, so that where it leads is for its system to say."""
    return ".." in re.split(r"[/\\#?]", unquote(normal(target)))


def covers(target: str, glob: str) -> bool:
    """Whether a strict rule for `glob` concerns `target`.

    True if the glob matches the target, or something the target lies in, or if the target is a container of
    what the glob is about (`s3://bucket` for the glob `s3://bucket/prod/*`): who writes there may write that.
    """
    globs = (glob, *(glob.rstrip("/") + level + "*" for level in _LEVELS))
    if any(fnmatchcase(reading, each) for reading in (target, normal(target)) for each in globs):
        return True
    wild = _WILD.search(glob)
    return contains(target, glob[: wild.start()] if wild else glob)


def contains(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies in it, level by level. A `*` in `outer` means any ending."""
    outer, inner = normal(outer), normal(inner)
    wild = outer.find("*")
    if wild > 0 and inner.startswith(outer[:wild]):
        return True
    if inner == outer:
        return True
    if not inner.startswith(outer):
        return False
    return outer.endswith(("://", "/")) or inner[len(outer)] in _LEVELS


def related(left: str, right: str) -> bool:
    """Whether a change of one target may show in the other: one lies in the other, or the same MCP server."""
    server = mcp_server(left)
    if server and server == mcp_server(right):
        return True
    return contains(left, right) or contains(right, left)


def mcp_server(target: str) -> str:
    """The server's name in `mcp://server/tool`; empty for every other target."""
    scheme, _, rest = target.partition("://")
    return rest.partition("/")[0] if scheme.lower() == "mcp" else ""


@lru_cache(maxsize=4096)
def normal(target: str) -> str:
    """The target with a lower-case scheme, no `/` at its end, and a local path decoded and free of `..`."""
    scheme, mark, rest = target.partition("://")
    if not mark:
        return target
    scheme = scheme.lower()
    if scheme == "file" and rest.startswith("/"):
        return "file://" + normal_path(unquote(rest))
    stripped = rest.rstrip("/")
    return f"{scheme}://{stripped}"


def normal_path(path: str) -> str:
    """An absolute path with `.`, `..` and doubled slashes resolved as text, in one Unicode form (NFC)."""
    return "/" + posixpath.normpath(unicodedata.normalize("NFC", path)).lstrip("/")


@lru_cache(maxsize=4096)
def local_paths(target: str) -> tuple[str, ...]:
    """Every absolute path on this machine that the target may name; empty for what lies elsewhere.

    The path is taken as written and percent-decoded, with and without what follows `#` or `?`: a rule that
    protects a path must hold for each reading. Letter case is folded, as some file systems do.
    """
    found = _LOCAL.fullmatch(target)
    if found is None:
        repository = _LOCAL_REPOSITORY.match(target)
        if repository is None:
            return (folded(target),) if target.startswith("/") else ()
        path = repository[1]
    else:
        path = found[1]
    readings = {path, unquote(path)}
    readings |= {re.split(r"[#?]", reading, maxsplit=1)[0] for reading in readings}
    return tuple(sorted({folded(reading) for reading in readings if reading}))


@lru_cache(maxsize=4096)
def folded(path: str) -> str:
    """An absolute path in the form in which `local_paths` gives paths."""
    return normal_path(path).casefold()


def under(path: str, prefix: str) -> bool:
    """Whether a folded absolute path is, or lies below, `prefix` (folded as well).

    A path may be a pattern as shells know them: then whether something that it matches may.
    """
    if not _is_glob(path):
        return inside(path, prefix)
    steps, wanted = path.rstrip("/").split("/"), prefix.rstrip("/").split("/")
    return len(steps) >= len(wanted) and _meet(steps, wanted)


def inside(path: str, prefix: str) -> bool:
    """Whether all that a folded absolute path stands for, also as a pattern, lies in `prefix` (folded)."""
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


def holds(path: str, prefix: str) -> bool:
    """Whether a folded absolute path, or what it matches as a pattern, is `prefix` or a folder above it."""
    if not _is_glob(path):
        return inside(prefix, path)
    steps, wanted = path.rstrip("/").split("/"), prefix.rstrip("/").split("/")
    return len(steps) <= len(wanted) and _meet(steps, wanted)


def _meet(pattern: list[str], names: list[str]) -> bool:
    pairs = zip(names, pattern, strict=False)
    return all(name == step or (_is_glob(step) and fnmatchcase(name, step)) for name, step in pairs)


def _is_glob(step: str) -> bool:
    """Others match themselves alone; each that is tried anyway is a regular expression to compile."""
    return "*" in step or "?" in step or "[" in step
