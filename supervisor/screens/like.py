"""«Allow the like for this run»: the rule is shown, and only then asked for."""

from __future__ import annotations

from textual.content import Content

from supervisor.effects import Judgement, ToolCall
from supervisor.gate.like import LONGEST, Like, like_of
from supervisor.views.run import CallView
from supervisor.views.safe import many_lines, one_line
from widgets import look


def rule_of(call: CallView) -> Like | str:
    """The rule by which later calls would be like this one, or why there is none; as the gate has it."""
    return like_of(ToolCall(call.tool, call.input), Judgement(call.effects), call.cwd)


def question(call: CallView, like: Like) -> Content:
    """What is asked before it is allowed."""
    return Content.assemble(
        (f"Allow #{call.n}, and what is like it?\n", f"bold {look.BRIGHT}"),
        "Real from now on in this run, unless a rule blocks it or the run turns dry:\n",
        (many_lines(like.words, lines=6, line_limit=LONGEST), look.CYAN),
        (f"\nin {one_line(like.folder, 200)}" if like.folder else "", look.CYAN),
        *((f"\n{one_line(each, 400)}", look.TEXT) for each in like.effects),
        "\nAnything else differs, and waits for you again.",
    )
