"""Calls that wait for the operator: the oldest in full, with the answers. Deny has the focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Static

from supervisor.effects.model import EffectKind
from supervisor.views.run import CallView
from supervisor.views.safe import many_lines, one_line
from supervisor.views.titles import tool_name
from widgets import look

GUARD_S = 0.4
"""For so long a call that has just come up takes no answer: the key was meant for something else."""

ALLOW, ALLOW_LIKE, DENY, SIMULATE = "allow", "allow like", "deny", "simulate"


class HeldPanel(Vertical):
    """The oldest held call. Feed it calls; it says what the operator answered."""

    DEFAULT_CSS = f"""
    HeldPanel {{
        display: none; height: auto; max-height: 12; padding: 0 1; background: #26231a;
        border-left: thick {look.YELLOW};
    }}
    HeldPanel.-shown {{ display: block; }}
    HeldPanel #held-what {{ height: auto; max-height: 5; }}
    HeldPanel #held-why {{ height: auto; max-height: 2; color: {look.DIM}; }}
    HeldPanel #held-answers {{ height: 1; }}
    HeldPanel Button {{
        min-width: 8; height: 1; border: none; margin: 0 1 0 0; padding: 0 1; background: {look.LIFTED};
        color: {look.TEXT}; text-style: none;
    }}
    HeldPanel Button:focus {{ text-style: bold reverse; background-tint: $foreground 0%; }}
    HeldPanel #held-deny {{ color: {look.RED}; }}
    HeldPanel #held-allow, HeldPanel #held-like {{ color: {look.GREEN}; }}
    HeldPanel #held-simulate {{ color: {look.CYAN}; }}
    HeldPanel Input {{
        height: 1; border: none; padding: 0 1; background: {look.GROUND}; width: 1fr;
    }}
    HeldPanel Input:focus {{ border: none; background: {look.LIFTED}; }}
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "app.focus_next", "next", show=False),
        Binding("left", "app.focus_previous", "previous", show=False),
    ]

    class LikeWanted(Message):
        """The operator asks what would be like the call on show."""

    class Answered(Message):
        """The operator's verdict on call `n`: `allow`, `allow like`, `deny` or `simulate`, and a sentence."""

        def __init__(self, n: int, verdict: str, sentence: str) -> None:
            super().__init__()
            self.n = n
            self.verdict = verdict
            self.sentence = sentence

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        """Make the panel.

        Args:
            clock: seconds, never going back; for the guard.
            id: its id.
        """
        super().__init__(id=id)
        self._clock = clock
        self._call: CallView | None = None
        self._since = 0.0
        self._answered: set[int] = set()
        self._key: object = None

    def compose(self) -> ComposeResult:
        """What waits, why, and the answers."""
        yield Static(id="held-what", markup=False)
        yield Static(id="held-why", markup=False)
        with Horizontal(id="held-answers"):
            yield Button(Content("✗ Deny"), id="held-deny", compact=True)
            yield Button(Content("● Allow once"), id="held-allow", compact=True)
            yield Button(Content("● Like…"), id="held-like", compact=True)
            yield Button(Content("○ Simulate"), id="held-simulate", compact=True)
            yield Input(placeholder="w: deny, say why", id="held-say", compact=True)

    @property
    def call(self) -> CallView | None:
        """The call it asks about now."""
        return self._call

    def show(self, held: tuple[CallView, ...], now: float) -> None:
        """Show the oldest of `held` not answered yet, as of `now` (seconds since the epoch)."""
        waiting = [call for call in held if call.n not in self._answered]
        call = waiting[0] if waiting else None
        if (call.n if call else 0) != (self._call.n if self._call else 0):
            self._since = self._clock()
            self.query_one("#held-say", Input).value = ""
            self.set_class(call is not None, "-shown")
            self._call = call
            if call is not None:
                self._take_focus()
            elif self.has_focus_within:
                self.screen.focus_next()
        self._call = call
        if call is None:
            return
        key = (call.n, len(waiting), int(now - call.time))
        if key != self._key:
            self._key = key
            self._draw(call, len(waiting), now)

    def _draw(self, call: CallView, waiting: int, now: float) -> None:
        queue = f"   {waiting - 1} more behind it" if waiting > 1 else ""
        agent = f" · subagent {one_line(call.agent_type or call.agent_id, 30)}" if call.agent_id else ""
        head = Content.assemble(
            ("‖ HELD", f"bold {look.YELLOW}"),
            (f"  #{call.n} {tool_name(call.tool)}{agent}", f"bold {look.BRIGHT}"),
            (f" · waits {look.duration(now - call.time)}{queue}", look.DIM),
        )
        self.query_one("#held-what", Static).update(
            Content("\n").join([head, Content.styled(input_text(call, 3), look.TEXT)])
        )
        touched = [e for e in call.effects if e.writes or e.kind is not EffectKind.READ] or list(call.effects)
        where = ", ".join(one_line(e.target, 80) for e in touched[:3])
        more = f" +{len(touched) - 3}" if len(touched) > 3 else ""
        self.query_one("#held-why", Static).update(Content(f"{where}{more} — {one_line(call.why, 200)}"))

    def _take_focus(self) -> None:
        """Deny gets the focus, unless the operator is typing: words must not become a verdict."""

        def take() -> None:
            if not isinstance(self.screen.focused, Input):
                self.screen.set_focus(self.query_one("#held-deny", Button))

        self.call_after_refresh(take)

    @property
    def guarded(self) -> bool:
        """The call has come up a moment ago: answers do not count yet."""
        return self._clock() - self._since < GUARD_S

    def answer(self, verdict: str) -> None:
        """Answer the call on show; nothing happens within the guard time."""
        if self._call is None or self.guarded:
            return
        self._answered.add(self._call.n)
        say = self.query_one("#held-say", Input).value.strip()
        self.post_message(self.Answered(self._call.n, verdict, say))

    def taken_back(self, n: int) -> None:
        """The answer on `n` did not arrive: ask again."""
        self._answered.discard(n)

    def write(self) -> None:
        """Put the cursor where the sentence is written."""
        self.screen.set_focus(self.query_one("#held-say", Input))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button was pressed."""
        event.stop()
        if event.button.id == "held-like":
            self.post_message(self.LikeWanted())
            return
        self.answer({"held-allow": ALLOW, "held-simulate": SIMULATE}.get(event.button.id or "", DENY))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter after the sentence denies: the safe one of the two."""
        event.stop()
        self.answer(DENY)

    def on_key(self, event: events.Key) -> None:
        """Escape leaves the sentence."""
        if event.key == "escape" and self.query_one("#held-say", Input).has_focus:
            event.stop()
            self.query_one("#held-deny", Button).focus()


def input_text(call: CallView, lines: int) -> str:
    """The call's input in a few safe lines: the command, or the arguments one a line."""
    command = call.input.get("command")
    if isinstance(command, str):
        return many_lines(command, lines=lines, line_limit=300)
    shown = [f"{key}: {value}" for key, value in call.input.items()]
    return "\n".join(one_line(line, 160) for line in shown[:lines]) or "no input"
