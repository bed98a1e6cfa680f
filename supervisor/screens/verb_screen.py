"""A screen driven by a verb table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from supervisor.errors import SuperviseError
from supervisor.screens.help import DECISIONS, HelpScreen, Signs
from supervisor.screens.verbs import Situation, Verb, verb
from supervisor.views.safe import one_line
from widgets.keys_bar import KeyHint, KeysBar


def bindings(table: tuple[Verb, ...]) -> list[BindingType]:
    """Textual's bindings for a verb table."""
    return [
        Binding(key, f"verb('{each.id}')", each.word, show=False, id=f"verb.{each.id}")
        for each in table
        for key in each.keys.split(",")
    ]


class VerbScreen(Screen[None]):
    """Every key, palette entry and click goes through `action_verb`; a disabled verb says why."""

    TABLE: ClassVar[tuple[Verb, ...]] = ()
    SIGNS: ClassVar[Signs] = DECISIONS

    def situation(self) -> Situation:
        """What decides which verbs can be used now."""
        return Situation()

    def perform(self, id: str) -> None:
        """Do what the verb `id` says; it is known to be possible now."""
        raise NotImplementedError

    def action_verb(self, id: str) -> None:
        """Do it, or say why not."""
        why_not = verb(self.TABLE, id).why_not(self.situation())
        if why_not:
            self.notify(why_not, severity="warning", timeout=4, markup=False)
        elif id == "help":
            self.app.push_screen(HelpScreen(self.TABLE, self.situation(), self.SIGNS))
        elif id == "palette":
            self.app.action_command_palette()
        else:
            self.perform(id)

    def hints(self) -> list[KeyHint]:
        """The footer, as things are now."""
        now = self.situation()
        return [
            KeyHint(each.id, each.shown, each.word, each.why_not(now) is None, each.urgent(now))
            for each in self.TABLE
            if each.footer or each.urgent(now)
        ]

    def commands(self) -> Iterator[SystemCommand]:
        """The palette's entries; those that cannot be used now say why."""
        now = self.situation()
        for each in self.TABLE:
            if each.id == "palette":
                continue
            why_not = each.why_not(now)
            text = f"{each.sentence} (not now: {why_not})" if why_not else each.sentence
            yield SystemCommand(
                f"{each.word.capitalize()}  [{each.shown}]".replace("[", "(").replace("]", ")"),
                text,
                lambda id=each.id: self.action_verb(id),
            )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A part of the screen that has failed must never look like a run in which nothing happens."""
        if event.state is WorkerState.ERROR:
            self.broken(event.worker.name, event.worker.error)

    def broken(self, part: str, error: BaseException | None) -> None:
        """Tell that `part` of the screen has stopped."""
        cure = error.cure if isinstance(error, SuperviseError) else ""
        what = f"{type(error).__name__}: {error}" if not isinstance(error, SuperviseError) else str(error)
        text = one_line(f"{part}: {what} {cure}".strip(), 400)
        self.notify(text, title="this screen has a problem", severity="error", timeout=15, markup=False)

    def on_keys_bar_clicked(self, event: KeysBar.Clicked) -> None:
        """A click in the footer is its key."""
        self.action_verb(event.verb)
