"""Targets: file paths, URLs and `host:path` arguments as URIs with their scope."""

from __future__ import annotations

import os.path
import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

import msgspec

from supervisor.effects.model import Scope, Surroundings
from supervisor.effects.words import Word

PROCESS = "/dev/fd/process"
"""Stands for what `<(…)` and `>(…)` become: a pipe."""
_HARMLESS_FILES = frozenset(("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", PROCESS))
_DESCRIPTORS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_FD = re.compile(r"/dev/fd/([0-9]{1,9})")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_HOST_PATH = re.compile(r"(?:[\w.%+~-]+@)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):")
_FETCHING = frozenset(("http://", "https://", "ftp://", "ftps://", "sftp://", "scp://", "file://"))
_GUESSED = ("dict.", "ldap.", "imap.", "smtp.", "pop3.", "{", "[")
_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "::1", "0.0.0.0", "ip6-localhost"))


class Target(msgspec.Struct, frozen=True):
    """A URI and where it lies; an empty `uri` means nothing is there (`/dev/null`).

    Attributes:
        loose: as in `Effect`.
        descriptor: the number of the open file that the name stands for; -1 for other names.
    """

    uri: str
    scope: Scope
    loose: bool = False
    descriptor: int = -1


NOTHING = Target("", Scope.WORKSPACE)


def file_targets(word: Word, cwds: tuple[str, ...], around: Surroundings, on: str = "") -> list[Target]:
    """The file that `word` names, once for each folder the shell may be in.

    `on` is the URI prefix of another system; its files are remote.
    """
    text = word.text
    if on:
        return [Target(f"{on}/{quote(text.lstrip('/'), safe='/*~')}", Scope.REMOTE)]
    if word.exact and text.startswith("/dev/"):
        number = _FD.fullmatch(text)
        if number or text in _DESCRIPTORS:
            return [Target("", Scope.WORKSPACE, descriptor=int(number[1]) if number else _DESCRIPTORS[text])]
        if text in _HARMLESS_FILES:
            return [NOTHING]
    if word.exact and text.startswith("/dev/") and text.startswith(("/dev/tcp/", "/dev/udp/")):
        return [Target(f"{text[5:8]}://{text[9:].replace('/', ':')}", Scope.REMOTE)]
    relative = not word.exact and not word.prefix.startswith("/") and not word.glob
    if relative and (not word.prefix or ".." in text):
        return [Target("unknown:file", Scope.HOST, loose=".." not in text)]
    if text.startswith("/"):
        return [_file(word, text, around)]
    if not cwds:
        return [Target(f"unknown:file/{quote(text, safe='/*')}", Scope.HOST, loose=True)]
    return [_file(word, f"{cwd}/{text}", around) for cwd in cwds]


def may_connect(word: Word) -> bool:
    """Whether a file that is known in part only may be /dev/tcp/host/port, which connects: `< $x`."""
    known = word.prefix
    return (
        not word.exact
        and not word.glob
        and any(net.startswith(known) or known.startswith(net) for net in ("/dev/tcp/", "/dev/udp/"))
    )


def _file(word: Word, path: str, around: Surroundings) -> Target:
    if word.exact:
        real = around.files.real(path) if around.files is not None else os.path.normpath(path)
        return Target("file://" + quote(real, safe="/"), _scope(real, around))
    known = path[: len(path) - len(word.text) + word.lead]
    folder = known.rpartition("/")[0] or "/"
    folder = around.files.real(folder) if around.files is not None else os.path.normpath(folder)
    rest = path[len(known.rpartition("/")[0]) + 1 :]
    # A glob stays below its folder unless `.*` may match `..`; other unknown text may hold `..`.
    stays = word.glob and ".." not in rest and not any(p.startswith(".") for p in rest.split("/"))
    nearest = _scope(folder, around)
    uri = "file://" + quote(folder.rstrip("/") + "/" + rest, safe="/*?[]")
    loose = nearest is Scope.WORKSPACE and ".." not in rest
    return Target(uri, nearest) if stays else Target(uri, Scope.HOST, loose=loose)


def _scope(path: str, around: Surroundings) -> Scope:
    inside = path == around.workspace or path.startswith(around.workspace.rstrip("/") + "/")
    return Scope.WORKSPACE if inside else Scope.HOST


def url_target(word: Word, scheme: str = "https") -> Target:
    """The URL that `word` is, without user, query and fragment. Loopback lies on the host."""
    # The `?` of a query is a glob to the shell; which file it might match does not matter to the URL.
    whole = word.exact or (word.glob and word.prefix.count("/") > 2)
    return _url(word.text if whole else word.prefix + "*", scheme)


def fetches(word: Word) -> bool:
    """Whether a plain request for this URL only fetches: other schemes can carry commands."""
    known = word.prefix.lower()
    scheme = _SCHEME.match(known)
    if scheme:
        return scheme[0] in _FETCHING
    # Without a scheme some clients guess it from the beginning of the host name.
    return bool(known) and not known.startswith(_GUESSED) and (word.exact or "/" in known)


@lru_cache(maxsize=1024)
def _url(text: str, scheme: str) -> Target:
    if not _SCHEME.match(text):
        text = f"{scheme}://{text}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return Target(f"unknown:url/{quote(text, safe='/:*')}", Scope.REMOTE)
    if parts.scheme.lower() == "file":
        return Target("file://" + quote(os.path.normpath(parts.path or "/"), safe="/*"), Scope.HOST)
    scope = Scope.HOST if host in _LOCAL_HOSTS else Scope.REMOTE
    path = quote(parts.path or "/", safe="/*%:@~+,;=!$&'()")
    return Target(f"{parts.scheme.lower()}://{host or '*'}{port}{path}", scope)


def copy_target(
    word: Word, cwds: tuple[str, ...], around: Surroundings, on: str = "", scheme: str = "ssh"
) -> list[Target]:
    """What a copying program's argument names: `scheme://…`, `host:path`, or a file."""
    known = word.prefix
    if _SCHEME.match(known):
        if known.lower().startswith("file://"):
            return file_targets(word.tail(7), cwds, around, on)
        return [Target(quote(word.text, safe="/:@*%+,=~"), Scope.REMOTE)]
    match = _HOST_PATH.match(known)
    if match and "/" not in match[0]:
        host = match[0][:-1]
        path = word.text[match.end() :].lstrip(":")
        return [Target(f"{scheme}://{host}/{quote(path.lstrip('/'), safe='/*~')}", Scope.REMOTE)]
    if not word.exact and ("/" not in known or word.may_be_option):
        local = file_targets(word, cwds, around, on) if word.glob else []
        return local or [Target(f"unknown:{quote(word.text, safe='/:*')}", Scope.REMOTE)]
    return file_targets(word, cwds, around, on)
