"""Keys that come faster than a screen deals with them."""

from __future__ import annotations

from textual import events

from supervisor.app import SuperviseApp


def all_at_once(app: SuperviseApp, *keys: str) -> None:
    """Press `keys` as a busy machine hands them over: all are there before the first has been looked at."""
    for key in keys:
        character = key if len(key) == 1 else None
        app.post_message(events.Key(key, character).set_sender(app))
