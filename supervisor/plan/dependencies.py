"""How the items of a plan hang together: what uses what, and what finds another state than it saw. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import msgspec

from supervisor.plan.model import Item, ItemKind

_CREATES = re.compile(
    r"(^|_)(id|key|name|path|file|filename|slug|uuid|url|uri|ref|branch|tag|bucket|object)$"
)
"""Arguments whose value names what a call makes."""

_SHORTEST = 3
"""Shorter values name too much to tell anything."""

_BEFORE = re.compile(r"[^\w.-]")
_ENDS = re.compile(r"(?![\w-])")
"""What a name can stand behind, if it does not begin the text, and what may not follow it."""

_NOT_NAMES = frozenset({"true", "false", "null", "none", "main", "master", "index", "default", "public"})

_ABOUT = frozenset({"description"})
"""Arguments of a shell that say what it is for: naming something there uses nothing."""

_PATHS = re.compile(r"[\w./+@~-]+")
_GIT = ".git"
_HISTORY = frozenset({"objects", "refs", "HEAD", "packed-refs"})
"""What in a repository later commits and pushes build on."""


def hung_together(items: Sequence[Item], numbers: Mapping[str, int]) -> tuple[Item, ...]:
    """Each item with the earlier ones that would create what it names, or the history that it builds on, and
    with the later ones that change a file which it names or had made.

    Args:
        items: by number.
        numbers: per `tool_use_id` the number of the call.
    """
    names = _Names()
    changed: set[tuple[int, str]] = set()
    again: dict[int, set[tuple[int, str]]] = {}
    texts = {item.n: tuple(_values(item.input)) for item in items if item.input}
    for item in items:
        names.add(item.n, _created(item, texts.get(item.n, ())))
        for change in item.changes:
            changed.add((item.n, change.path))
            for call in change.calls[:-1]:
                again.setdefault(numbers.get(call, 0), set()).add((item.n, change.path))
    names.add_gone(changed)
    histories: dict[str, int] = {}
    found: list[Item] = []
    for item in items:
        depends: dict[int, str] = {}
        overtaken = again.get(item.n, set()) if item.input else set()
        for n, name, created in names.named_by(item, texts.get(item.n, ())):
            if n > item.n and (n, name) in changed:
                overtaken.add((n, name))
            elif n < item.n and created and len(name) > len(depends.get(n, "")):
                depends[n] = name
        _build_on(item, histories, depends)
        if depends or overtaken:
            ordered = dict(sorted(depends.items()))
            item = msgspec.structs.replace(
                item,
                depends_on=tuple(ordered),
                because=tuple(ordered.values()),
                overtaken=tuple(sorted(overtaken)),
            )
        found.append(item)
    return tuple(found)


def _build_on(item: Item, histories: dict[str, int], depends: dict[int, str]) -> None:
    """A commit builds on the ones before it, and a push takes them along.

    Args:
        histories: per folder of a repository the item that changed its history last; brought up to date.
    """
    repositories = _repositories(item)
    for folder in repositories or _pushed_from(item, histories):
        if folder in histories:
            depends.setdefault(histories[folder], posixpath.join(folder, _GIT))
    histories |= dict.fromkeys(repositories, item.n)


def _repositories(item: Item) -> tuple[str, ...]:
    """Folders of the repositories whose history the item changes."""
    folders: dict[str, None] = {}
    for change in item.changes:
        parts = change.path.split("/")
        at = parts.index(_GIT) if _GIT in parts else len(parts)
        if _HISTORY.intersection(parts[at + 1 : at + 2]):
            folders["/".join(parts[:at])] = None
    return tuple(folders)


def _pushed_from(item: Item, histories: Iterable[str]) -> tuple[str, ...]:
    """The innermost repository around the folder of a command that pushes."""
    if item.kind is not ItemKind.COMMAND or not item.target.startswith("git+"):
        return ()
    around = [each for each in histories if not each or f"{item.folder}/".startswith(f"{each}/")]
    return (max(around, key=len),) if around else ()


class _Names:
    """Names by the item that would make them. Finding those in a text costs by the text, not by the names."""

    def __init__(self) -> None:
        self._makers: dict[str, dict[int, bool]] = {}
        self._lengths: dict[str, set[int]] = {}
        self._short: set[int] = set()

    def add(self, n: int, names: Iterable[str]) -> None:
        """Item `n` would make `names`."""
        for name in names:
            self._makers.setdefault(name, {})[n] = True
            self._note(name)

    def add_gone(self, names: Iterable[tuple[int, str]]) -> None:
        """Items that change these without making them, where they are not known to make them."""
        for n, name in names:
            self._makers.setdefault(name, {}).setdefault(n, False)
            self._note(name)

    def _note(self, name: str) -> None:
        if len(name) < _SHORTEST:
            self._short.add(len(name))
        else:
            self._lengths.setdefault(name[:_SHORTEST], set()).add(len(name))

    def named_by(self, item: Item, texts: Iterable[tuple[str, str]]) -> Iterator[tuple[int, str, bool]]:
        """Items, the names of theirs that the input of `item` has, and whether they make them."""
        shell = "command" in item.input
        for key, text in texts:
            if shell and key in _ABOUT:
                continue
            found = self._named_in(text)
            if item.folder:
                found += self._named_from(item.folder, text)
            for name in found:
                for n, created in self._makers[name].items():
                    yield n, name, created

    def _named_from(self, folder: str, text: str) -> Iterator[str]:
        """Paths that a command gives from the folder it stands in."""
        for found in _PATHS.finditer(text):
            name = posixpath.normpath(posixpath.join(folder, found.group()))
            if name in self._makers:
                yield name

    def _named_in(self, text: str) -> list[str]:
        """Names that `text` has as a whole: not as a part of a longer name."""
        makers, lengths, short = self._makers, self._lengths, self._short
        found = []
        for at in (0, *(before.end() for before in _BEFORE.finditer(text))):
            for length in (*short, *lengths.get(text[at : at + _SHORTEST], ())):
                name = text[at : at + length]
                if name in makers and _ENDS.match(text, at + length):
                    found.append(name)
        return found


def _created(item: Item, texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names of what an item would make."""
    for change in item.changes:
        if change.after is not None:
            yield change.path
    for key, value in texts:
        if _creates(key) and _telling(value):
            yield value
    tail = unquote(item.target.rstrip("/").rpartition("/")[2])
    if item.kind is ItemKind.COMMAND and _telling(tail) and "://" in item.target:
        yield tail


@lru_cache(maxsize=1024)
def _creates(key: str) -> bool:
    return _CREATES.search(key.lower()) is not None


def _telling(value: str) -> bool:
    plain = value.strip()
    return len(plain) >= _SHORTEST and plain.split() == [plain] and plain.lower() not in _NOT_NAMES


def _values(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from _values(value, str(name))
    elif isinstance(data, list):
        for value in data:
            yield from _values(value, key)
