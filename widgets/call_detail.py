"""Everything about one call: input, effects, rule, why, the words the agent got, outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from textual.content import Content

from supervisor.policy import DecisionKind, Execution
from supervisor.views.run import CallView, Counts, UndecidedCall
from supervisor.views.safe import many_lines, one_line
from supervisor.views.titles import tool_name
from widgets import look
from widgets.text_pane import TextPane

_HAPPENS = {
    Execution.AS_IS: "ran as it is",
    Execution.SHADOW: "ran in the shadow",
    Execution.NOT_EXECUTED: "was not executed",
    Execution.WAITS: "waits for you",
}
_BODIES = ("content", "new_source", "prompt", "old_string", "new_string", "command")


class CallDetail(TextPane):
    """One call in full. Feed it calls."""

    def __init__(self, zone: tzinfo | None = None, *, id: str | None = None) -> None:
        """Make the pane; times are shown in `zone`, None: the local one."""
        super().__init__(Content.styled("Nothing to look at yet.", look.DIM), id=id)
        self._zone = zone
        self._shown: object = None

    def show_call(self, call: CallView) -> None:
        """Show a call as it stands now."""
        self._show(("call", call.n), call, lambda: self._call(call))

    def show_undecided(self, call: UndecidedCall) -> None:
        """Show a call that the gate never decided."""
        self._show(("undecided", call.tool_use_id), call, lambda: _undecided(call))

    def show_group(self, name: str, counts: Counts) -> None:
        """Show what there is to say about a group."""
        self._show(
            ("group", name),
            (name, counts),
            lambda: Content("\n").join(
                [
                    Content.styled(one_line(name), f"bold {look.BRIGHT}"),
                    look.counts_content(counts),
                    Content.styled("Enter opens and closes it; move down to look at a call.", look.DIM),
                ]
            ),
        )

    def _show(self, identity: object, data: object, draw: Callable[[], Content]) -> None:
        if self._shown == (identity, data):
            return
        same = isinstance(self._shown, tuple) and self._shown[0] == identity
        self._shown = (identity, data)
        self.set_text(draw(), home=not same)

    def _time(self, seconds: float) -> str:
        return datetime.fromtimestamp(seconds, self._zone).strftime("%H:%M:%S")

    def _call(self, call: CallView) -> Content:
        sort = look.DECISIONS[call.decision]
        who = "main agent"
        if call.agent_id:
            who = f"subagent {one_line(call.agent_type, 30)} {one_line(call.agent_id, 20)}"
        outcome = call.outcome.value if call.outcome else "not known yet"
        happens = _HAPPENS[call.execution]
        if call.decision is DecisionKind.BLOCKED:
            happens = "was not let through"
        lines = [
            Content.assemble(
                (f"#{call.n} {tool_name(call.tool)}", f"bold {look.BRIGHT}"),
                (f"  {who} · {self._time(call.time)}", look.DIM),
            ),
            Content.assemble(
                (f"{sort.icon} {sort.word}", sort.style),
                (f"  {happens}  ", look.TEXT),
                ("outcome ", look.DIM),
                (outcome, look.TEXT if call.outcome else look.DIM),
                (f" · {call.duration_ms:,} ms" if call.duration_ms else "", look.DIM),
            ),
            Content.assemble(
                (one_line(call.why, 400), look.TEXT), (f"  {one_line(call.rule, 80)}", look.FAINT)
            ),
        ]
        if call.was_held:
            by = one_line(call.settled_by, 80)
            said = f": “{one_line(call.sentence, 300)}”" if call.sentence else ""
            text = f"Held, then {sort.word} by {by}{said}" if by else "Held: it waits for the operator."
            lines.append(Content.styled(text, look.YELLOW))
            if call.like:
                words = f"So is what is like it, in this run: {one_line(call.like, 600)}"
                lines.append(Content.styled(words, look.YELLOW))
        if call.diverged:
            lines.append(Content.styled("≠ The agent was not shown what live would have shown.", look.ORANGE))
        lines += [_title("input"), *_input(call.input)]
        lines.append(_title("effects"))
        for effect in call.effects[:40]:
            kind = "write (a read that consumes)" if effect.consumes else effect.kind.value
            ink = look.BRIGHT if effect.writes else look.TEXT
            lines.append(
                Content.assemble(
                    (f"{kind} ", f"bold {ink}"),
                    (one_line(effect.target, 300), ink),
                    (f"  {effect.scope.value}", look.DIM),
                )
            )
            part = f"  in: {one_line(effect.part, 160)}" if effect.part else ""
            lines.append(
                Content.styled(f"  {one_line(effect.why, 300)} ({one_line(effect.rule, 80)}){part}", look.DIM)
            )
        if len(call.effects) > 40:
            lines.append(Content.styled(f"  and {len(call.effects) - 40:,} more", look.DIM))
        if call.touched:
            lines.append(_title("files that changed while it ran"))
            lines += [Content.styled(one_line(path, 300), look.TEXT) for path in call.touched[:60]]
            if len(call.touched) > 60:
                lines.append(Content.styled(f"and {len(call.touched) - 60:,} more", look.DIM))
        if call.notice:
            lines += [_title("what the agent was told"), _block(call.notice, look.CYAN)]
        if call.result and call.result != call.notice:
            lines += [_title("what the agent read"), _block(call.result)]
        if call.source:
            lines.append(Content.styled(f"granted or refused by: {one_line(call.source, 80)}", look.FAINT))
        return Content("\n").join(lines)


def _undecided(call: UndecidedCall) -> Content:
    return Content("\n").join(
        [
            Content.styled(
                f"! {tool_name(call.tool)}: the gate never decided this call", look.UNDECIDED.style
            ),
            Content.assemble(("outcome ", look.DIM), call.outcome.value),
            Content.assemble(("granted by ", look.DIM), one_line(call.source, 80) or "nobody knows"),
            Content.styled(one_line(call.tool_use_id, 80), look.FAINT),
            _title("what the agent read"),
            _block(call.result or "nothing"),
        ]
    )


def _title(words: str) -> Content:
    return Content.styled(f"\n{words}", f"bold {look.BLUE}")


def _block(text: str, style: str = look.TEXT) -> Content:
    return Content.styled(many_lines(text, lines=200, limit=16_000), style)


def _input(given: Mapping[str, Any]) -> list[Content]:
    """The tool input, one field a line; long texts as blocks of their own; an edit as minus and plus."""
    lines: list[Content] = []
    for key, value in given.items():
        name = one_line(str(key), 60)
        if isinstance(value, str) and (key in _BODIES or "\n" in value):
            if key == "command":
                lines.append(_block(value, look.BRIGHT))
                continue
            sign, ink = {"old_string": ("- ", look.RED), "new_string": ("+ ", look.GREEN)}.get(
                str(key), ("  ", look.TEXT)
            )
            text = many_lines(value, lines=120, limit=12_000)
            lines.append(Content.styled(f"{name}:", look.DIM))
            lines.append(Content.styled("\n".join(sign + line for line in text.split("\n")), ink))
            continue
        text = value if isinstance(value, str) else _json(value)
        lines.append(Content.assemble((f"{name}: ", look.DIM), (one_line(text, 600), look.TEXT)))
    return lines or [Content.styled("none", look.DIM)]


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, UnicodeEncodeError):
        return repr(value)
