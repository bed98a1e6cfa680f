"""Services of this machine, and services of the run itself: both are `localhost` to a command."""

from __future__ import annotations

from collections.abc import Callable, Collection
from urllib.parse import urlsplit

import msgspec

from supervisor.effects import Effect, Judgement, Scope

_PORTS = {"http": 80, "https": 443}


def within_own_network(judgement: Judgement, served: Callable[[], Collection[int]]) -> Judgement:
    """The judgement of a command that speaks to a service which another command of the run serves.

    That one lives in the run's own network, as the command does if it is not let out of it: what is asked of
    it stays in the run. A port that nothing of the run serves is this machine's; and so is every port to a
    command that may be let out for something else it does.

    Args:
        served: ports that are served in the run's own network; asked only if a command speaks to localhost.
    """
    ports = [_port(effect) for effect in judgement.effects]
    if not any(ports):
        return judgement
    own = served()
    effects = tuple(
        msgspec.structs.replace(effect, scope=Scope.WORKSPACE, target=f"run+{effect.target}")
        if port in own
        else effect
        for effect, port in zip(judgement.effects, ports, strict=True)
    )
    if any(effect.connects or (effect.writes and effect.scope is Scope.HOST) for effect in effects):
        return judgement
    return msgspec.structs.replace(judgement, effects=effects)


def _port(effect: Effect) -> int:
    """The port of a service on this machine; 0 if the effect is about anything else."""
    if effect.scope is not Scope.HOST or not effect.target.startswith(("http://", "https://")):
        return 0
    try:
        url = urlsplit(effect.target)
        return url.port or _PORTS[url.scheme]
    except ValueError:
        return 0
