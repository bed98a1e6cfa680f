"""One item of a plan in full: what exactly would be done, and why it was not done before."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.content import Content

from supervisor.views.changes import FileChange
from supervisor.views.review import DriftView, ItemView
from supervisor.views.safe import many_lines, one_line
from supervisor.views.titles import tool_name
from widgets import look
from widgets.diff_text import code_content, diff_content

_FILES = 40
"""Files of one item whose diffs are shown."""

_DRIFT = 20
"""Lines of one difference that are shown."""

_NAMED = 6
"""Files of one warning that are named."""


def item_content(
    item: ItemView,
    *,
    diffs: Sequence[FileChange] = (),
    drift: Sequence[DriftView] = (),
    over: bool = False,
    missing: Sequence[int] = (),
    for_real: bool = False,
) -> Content:
    """All there is to see of an item, safe to show.

    Args:
        diffs: of its files.
        drift: what is no longer as the rehearsal saw it.
        over: it shall be done all the same.
        missing: numbers of what it uses and is left out.
        for_real: its command shall run, instead of its file changes.
    """
    who = tool_name(item.tool) if item.tool else "a background process"
    lines = [
        Content.assemble(
            (f"#{item.n} {who}", f"bold {look.BRIGHT}"), (f"  {_does(item, for_real)}", look.TEXT)
        )
    ]
    effects = {effect.target: effect.kind.value for effect in item.effects}
    shown = {item.target: effects.get(item.target, "write")} if item.target else {}
    if not item.files:
        shown |= effects
    for target, kind in list(shown.items())[:6]:
        lines.append(Content.assemble((f"{kind:<8}", look.DIM), (one_line(target, 300), look.TEXT)))
    why, rule = one_line(item.why, 400), one_line(item.rule, 120)
    lines.append(Content.assemble(("why     ", look.DIM), (why, look.TEXT), (f"  {rule}", look.FAINT)))
    lines += _warnings(item, missing, for_real)
    lines += [line for each in drift for line in drift_lines(each)]
    if over:
        lines.append(Content.styled("Chosen: all the same, on what is there now (o: not).", look.YELLOW))
    if item.outcome is not None:
        lines += [
            _title(f"at the last apply: {item.outcome.value}"),
            _block(item.result or "it said nothing"),
        ]
    if item.files and not for_real:
        lines += _diffs(item, diffs, drift)
        if item.choice:
            lines.append(_title("the command that made them"))
            lines.append(_command(item))
    elif "command" in item.input:
        lines += [_title("the exact command"), _command(item)]
    elif item.input:
        lines += [_title("the exact input"), _json(item)]
    return Content("\n").join(lines)


def _does(item: ItemView, for_real: bool) -> str:
    if for_real or (item.kind.value == "command"):
        where = f" in {one_line(item.folder, 80)}" if item.folder else ""
        return f"runs{where}, after all files are in place"
    if item.files:
        count = len(item.files)
        return f"puts {count:,} {'file' if count == 1 else 'files'} in place"
    if item.optional:
        return "does nothing, unless it is run for real"
    if item.kind.value == "mcp":
        return "is called, after all files are in place"
    return "cannot be applied: only Claude Code itself can make this call"


def drift_lines(drift: DriftView) -> list[Content]:
    """What has changed, safe to show: as a diff of what was seen then and is there now."""
    lines = [Content.styled(f"Δ DRIFT: {one_line(drift.what, 200)}", look.RED)]
    shown = list(drift.lines[:_DRIFT])
    if len(drift.lines) > _DRIFT:
        shown.append(f"   and {len(drift.lines) - _DRIFT:,} more")
    inks = {"+": look.GREEN, "-": look.RED}
    lines += [Content.styled(f"  {one_line(line, 300)}", inks.get(line[:1], look.DIM)) for line in shown]
    if drift.in_the_way:
        lines.append(Content.styled("  It is in the way: move it away, or leave the item out.", look.RED))
    return lines


def _warnings(item: ItemView, missing: Sequence[int], for_real: bool) -> list[Content]:
    lines = []
    for n, name in item.used:
        out = n in missing
        words = f"uses {one_line(name, 200)}, created by #{n}" + (", which is LEFT OUT" if out else "")
        lines.append(Content.styled(f"└ {words}", look.RED if out else look.CYAN))
    if for_real or not item.files:
        lines += [
            Content.styled(
                f"↷ takes {one_line(path, 200)}, which #{n} changes later: it finds it as #{n} leaves it",
                look.ORANGE,
            )
            for n, path in item.overtaken[:_NAMED]
        ]
        if len(item.overtaken) > _NAMED:
            lines.append(Content.styled(f"↷ and {len(item.overtaken) - _NAMED:,} more", look.ORANGE))
    if item.unseen:
        words = f"? NOT KNOWN whether its target is as it was: {one_line(item.unseen, 200)}"
        lines.append(Content.styled(words, look.DIM))
    if item.guess:
        words = "≠ A guess: the agent had seen what live would not show."
        lines.append(Content.styled(words, look.ORANGE))
    if item.choice:
        lines.append(Content.styled(f"✂ {_choice(item, for_real)}", look.ORANGE))
    return lines


def _choice(item: ItemView, for_real: bool) -> str:
    if for_real:
        chosen = f"Chosen: run it for real (c: {'its file changes' if item.files else 'leave it out'})."
    elif item.files:
        chosen = "Chosen: its file changes (c: run it for real)."
    else:
        chosen = "It changed no file (c: run it for real)."
    return f"It ran without network and may have wanted more.\n  {chosen}"


def _diffs(item: ItemView, diffs: Sequence[FileChange], drift: Sequence[DriftView]) -> list[Content]:
    lines = []
    if drift:
        lines.append(Content.styled("The diff is against what is there now.", look.DIM))
    if not diffs:
        lines.append(Content.styled("Reading the diff…", look.DIM))
    for change in diffs[:_FILES]:
        aspects = " ".join(each for each in change.aspects if each != "content")
        moved = f"{one_line(change.source, 200)} → " if change.source else ""
        lines.append(
            _title(f"{one_line(f'{change.kind} {aspects}'.strip(), 60)}  {moved}{one_line(change.path)}")
        )
        lines.append(diff_content(change.diff, change.path))
    if len(item.files) > _FILES:
        rest = len(item.files) - _FILES
        lines.append(Content.styled(f"and {rest:,} more files: `supervise plan` shows them", look.DIM))
    return lines


def _command(item: ItemView) -> Content:
    command = item.input.get("command")
    text = command if isinstance(command, str) else ""
    return code_content(many_lines(text, lines=400), "command.sh")


def _json(item: ItemView) -> Content:
    try:
        text = msgspec.json.format(msgspec.json.encode(item.input)).decode()
    except (TypeError, UnicodeEncodeError):
        text = repr(item.input)
    return code_content(many_lines(text, lines=400), "input.json")


def _title(words: str) -> Content:
    return Content.styled(words, f"bold {look.BLUE}")


def _block(text: str) -> Content:
    return Content.styled(many_lines(text, lines=200, limit=16_000), look.TEXT)
