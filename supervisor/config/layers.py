"""The configuration in force: built-in default < the operator's < the folder's < the command line.

The operator's file lies in the configuration folder of the user. A file in the run's folder is the
repository's word: what tightens counts at once, what loosens only once the operator has allowed that exact
file by its hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from supervisor.config.allow import AllowStore
from supervisor.config.fields import Config
from supervisor.config.merge import Loosening, fields_of, looseness, merge
from supervisor.config.source import Source, read_source
from supervisor.places import Places
from supervisor.policy import Mode

FILE_NAME = "supervisor.toml"


class Layer(StrEnum):
    """Who gave a value."""

    DEFAULT = "built-in default"
    USER = "your configuration"
    FOLDER = "the folder's supervisor.toml"
    COMMAND_LINE = "command line"


class InForce(msgspec.Struct, frozen=True):
    """The configuration in force, and where it comes from.

    Attributes:
        config: the values.
        origin: per value the layer that gave it. Lists have one entry an element (`policy.block[0]`),
        tables of
            names one a name (`targets."d1://*"`), everything else one a field.
        ignored: what the folder's file would loosen, as long as the operator has not allowed it.
        user: the operator's file, if there is one.
        folder: the folder's file, if there is one.
        allowed: the operator has allowed the folder's file as it is.
    """

    config: Config
    origin: dict[str, Layer]
    ignored: tuple[Loosening, ...] = ()
    user: Source | None = None
    folder: Source | None = None
    allowed: bool = False

    def to_data(self) -> dict[str, Any]:
        """The configuration in force as plain data, for the journal: values, origins, files, what was
        ignored."""
        files = [source for source in (self.user, self.folder) if source is not None]
        return {
            "values": self.config.to_data(),
            "origin": {name: layer.value for name, layer in self.origin.items()},
            "files": {source.file: source.sha256 for source in files},
            "ignored": [f"line {each.line}: {each.field}: {each.sentence}" for each in self.ignored],
        }


class Pending(msgspec.Struct, frozen=True):
    """What waits for the operator's word in one folder.

    Attributes:
        path: the folder's file.
        sha256: hash of exactly the bytes that were judged; allow this one.
        text: the whole file, to show it.
        loosens: what it would loosen; empty if there is nothing to allow.
        allowed: this content is allowed already.
    """

    path: Path
    sha256: str
    text: str
    loosens: tuple[Loosening, ...]
    allowed: bool


def load(
    places: Places, folder: Path, *, mode: Mode | None = None, profiles: tuple[str, ...] = ()
) -> InForce:
    """The configuration of a run in `folder`.

    Args:
        places: the operator's folders.
        folder: the run's folder.
        mode: the command line's mode, if it gives one.
        profiles: the command line's rule packs, if it names any.

    Raises:
        ConfigError: a file cannot be read or is wrong; the message names file, line and field.
    """
    config = Config()
    origin = dict.fromkeys(_parts(config), Layer.DEFAULT)
    user, project = _sources(places, folder)
    if user is not None:
        merged, _ = merge(config, user, whole=True)
        config, origin = merged, _origins(config, origin, merged, user, Layer.USER)
    allowed = False
    ignored: tuple[Loosening, ...] = ()
    if project is not None:
        allowed = AllowStore(places.allowed).is_allowed(Path(project.file), project.sha256)
        merged, loosens = merge(config, project, whole=allowed)
        config, origin = merged, _origins(config, origin, merged, project, Layer.FOLDER)
        ignored = () if allowed else loosens
    if mode is not None:
        config = msgspec.structs.replace(config, mode=mode)
        origin["mode"] = Layer.COMMAND_LINE
    if profiles:
        config = msgspec.structs.replace(config, profiles=profiles)
        origin = {name: layer for name, layer in origin.items() if not name.startswith("profiles")}
        origin |= {f"profiles[{at}]": Layer.COMMAND_LINE for at in range(len(profiles))}
    return InForce(config, origin, ignored, user, project, allowed)


def pending(places: Places, folder: Path) -> Pending | None:
    """What the folder's file would loosen; None if the folder has no file.

    Raises:
        ConfigError: as `load`.
    """
    user, project = _sources(places, folder)
    if project is None:
        return None
    base = merge(Config(), user, whole=True)[0] if user is not None else Config()
    path = Path(project.file)
    allowed = AllowStore(places.allowed).is_allowed(path, project.sha256)
    return Pending(path, project.sha256, project.text, looseness(base, project), allowed)


def _sources(places: Places, folder: Path) -> tuple[Source | None, Source | None]:
    """The operator's file and the folder's. A run in the configuration folder itself has only the former."""
    user = read_source(places.user_config)
    path = folder.absolute() / FILE_NAME
    if user is not None and path.exists() and path.samefile(places.user_config):
        return user, None
    return user, read_source(path)


def _origins(
    before: Config, origin: Mapping[str, Layer], after: Config, source: Source, layer: Layer
) -> dict[str, Layer]:
    """The origin of each value after one layer was put on top."""
    old, new = _parts(before), _parts(after)
    given, said = {".".join(path) for path in source.given}, _by_name(source.config)
    origins: dict[str, Layer] = {}
    by_value = {(field, _key(value)): name for name, (field, value) in old.items()}
    for name, (field, value) in new.items():
        known = by_value.get((field, _key(value))) if name not in old or old[name][1] != value else name
        # A value that a layer repeats is that layer's; an element of a list stays with whom it came from.
        repeats = name == field and field in given and value == said[field]
        origins[name] = layer if known is None or repeats else origin[known]
    return origins


def _by_name(config: Config) -> dict[str, Any]:
    """Every field and its value, by dotted name."""
    return {".".join(path): value for path, value in fields_of(config).items()}


def _parts(config: Config) -> dict[str, tuple[str, Any]]:
    """Every single value: its name, and its field with the value itself."""
    parts: dict[str, tuple[str, Any]] = {}
    for field, value in _by_name(config).items():
        if isinstance(value, tuple) and value:
            parts |= {f"{field}[{at}]": (field, element) for at, element in enumerate(value)}
        elif isinstance(value, dict) and value:
            parts |= {f'{field}."{name}"': (field, (name, element)) for name, element in value.items()}
        else:
            parts[field] = (field, value)
    return parts


def _key(value: object) -> str:
    """Equal for equal values of one field, and hashable."""
    return repr(value)
