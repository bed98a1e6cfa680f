"""What a run stands on: its floors, what of the user's own settings is suspended, where it works."""

from __future__ import annotations

from textual.content import Content

from supervisor.screens.paper import PaperScreen
from supervisor.views.run import RunView
from supervisor.views.safe import one_line
from widgets import look


class FactsScreen(PaperScreen):
    """The facts of one run."""

    def __init__(self, view: RunView) -> None:
        super().__init__("settings of this run", Content("\n").join(_lines(view)))


def _lines(view: RunView) -> list[Content]:
    lines = [_title("floors: what holds the run")]
    for n, words in sorted(view.floors.items()):
        missing = words.startswith("missing")
        mark, ink = ("▒", look.ORANGE) if missing else ("✓", look.GREEN)
        lines.append(Content.assemble((f"{mark} {n}  ", f"bold {ink}"), (one_line(words, 300), look.TEXT)))
    lines += _list("of your own settings, not in force in this run", view.suspended, "nothing is suspended")
    if view.notes:
        lines += _list("to know", view.notes, "")
    lines.append(_title("the rest"))
    for name, value in (
        ("folder", view.cwd),
        ("shadow", "writes in the folder go to a shadow of it" if view.shadow else "none"),
        ("Claude Code", view.claude_version),
        ("model", view.model),
        ("session", view.session_id),
        ("transcript", view.transcript),
        ("rules", view.profile),
        ("run", view.run_id),
        ("tokens", f"{view.input_tokens:,} in, {view.output_tokens:,} out"),
    ):
        if value:
            lines.append(Content.assemble((f"{name:<12}", look.DIM), (one_line(value, 300), look.TEXT)))
    return lines


def _list(title: str, items: tuple[str, ...], none: str) -> list[Content]:
    shown = [Content.styled(f"- {one_line(item, 300)}", look.TEXT) for item in items[:100]]
    return [_title(title), *(shown or [Content.styled(none, look.DIM)])]


def _title(words: str) -> Content:
    return Content.styled(f"\n{words}", f"bold {look.BLUE}")
