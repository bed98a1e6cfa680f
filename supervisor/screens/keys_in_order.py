"""Keys typed ahead, dealt with one after the other."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.widget import Widget

_LOOK_S = 0.05
_LOOKS = 40
"""After `_LOOKS` looks, each `_LOOK_S` apart, a key is taken to be dealt with: a screen must not go deaf."""

_ROUNDS = 2
"""A key, and then what the widget that took it posts about it: a line to write in that it was submitted."""


class KeysInOrder(App[int]):
    """Passes a key on only when the one before has been dealt with, by whoever had the focus for it.

    Textual passes each key at once to what has the focus at that moment. On a busy machine the keys of half
    a second come together: those behind an Enter would go to the line that Enter closes, those behind an
    arrow would act on the row above. Here each waits for its turn. A paste is one key.
    """

    class Passed(Message):
        """Follows a key on the way it takes; back at the app, that key has been dealt with."""

        verbose: ClassVar[bool] = True

        def __init__(self, place: DOMNode) -> None:
            super().__init__()
            self.place = place

    def __init__(self) -> None:
        """Make the app."""
        super().__init__()
        self._typed: deque[events.Key | events.Paste] = deque()
        self._passed: KeysInOrder.Passed | None = None
        self._rounds = 0

    async def on_event(self, event: events.Event) -> None:
        """Hold keys back while another one is on its way."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if self._passed is None:
            await self._next()

    async def _next(self) -> None:
        """Pass the next key on, if there is one."""
        self._passed = None
        if self._typed:
            place = self._place
            self._rounds = 0
            await super().on_event(self._typed.popleft())
            self._follow(place)

    def _follow(self, place: DOMNode) -> None:
        self._rounds += 1
        self._passed = self.Passed(place)
        place.post_message(self._passed)
        self._wait(self._passed, _LOOKS)

    def _wait(self, passed: Passed, looks: int) -> None:
        self.set_timer(_LOOK_S, lambda: self._look(passed, looks))

    async def _look(self, passed: Passed, looks: int) -> None:
        """What has left the screen sends nothing back."""
        if passed is not self._passed:
            return
        if looks and passed.place.is_attached:
            self._wait(passed, looks - 1)
        else:
            await self._arrived(passed)

    async def on_keys_in_order_passed(self, passed: Passed) -> None:
        """A key has gone its way."""
        await self._arrived(passed)

    async def _arrived(self, passed: Passed) -> None:
        if passed is not self._passed:
            return
        if self._rounds < _ROUNDS:
            self._follow(self._place)
        else:
            await self._next()

    @property
    def _place(self) -> Widget:
        return self.focused or self.screen
