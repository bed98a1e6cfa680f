"""Text that a terminal or a widget could be fooled or broken by, and how to see what reached the screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from textual.app import App
from textual.widget import Widget

HOSTILE = {
    "escape": "\x1b[2J\x1b[31mred",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "c1": "\x9b31m\x9d52;c;aGk=\x9c",
    "bidi": "safe\u202e\u2066 txt.exe\u2069",
    "zero width": "pass\u200bword\ufeff\u200d",
    "markup": "[bold red]x[/] [@click=app.quit]y[/] [/nope] [",
    "markup broken": "[red]unclosed [[ ]] \\[ [/]",
    "long line": "x" * 1_000_000,
    "many lines": "line\n" * 50_000,
    "nul": "a\x00b\x00",
    "surrogates": "bad\udcff\udc80\ud800",
    "carriage": "rm -rf /\rls       \x08\x08",
    "tags": "a\U000e0041\U000e0042b",
    "marks": "Z" + "\u0336\u0489" * 400,
    "wide": "日本語" * 60 + "👩‍👩‍👧",
    "empty": "",
    "blank lines": "\n\n\n",
}

_FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def offences(app: App[Any]) -> list[str]:
    """Characters on the screen that no terminal should get, named with the widget they come from."""
    return [
        f"{widget!r}: {char!r}"
        for widget in app.screen.walk_children(Widget)
        for char in _forbidden(_text(widget))
    ] + [f"screen: {char!r}" for char in _forbidden(screen_text(app))]


def screen_text(app: App[Any]) -> str:
    """What the compositor would write to the terminal, styles left out."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def _text(widget: Widget) -> str:
    if not widget.display or not widget.size.area:
        return ""
    return "".join(widget.render_line(y).text for y in range(widget.size.height))


def _forbidden(text: str) -> Iterator[str]:
    return (char for char in set(text) if char != "\n" and unicodedata.category(char) in _FORBIDDEN)
