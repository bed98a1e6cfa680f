"""A unified diff in colour: signs and grounds say what went and what came, syntax colours help to read it."""

from __future__ import annotations

from textual.content import Content
from textual.highlight import HighlightTheme, highlight

from supervisor.views.safe import many_lines
from widgets import look

LINES = 3_000
"""Lines of one diff that are shown."""

_GROUNDS = {"+": "on #14291d", "-": "on #2e181d"}
_SIGNS = {"+": f"bold {look.GREEN}", "-": f"bold {look.RED}"}


_INKS = {
    "Token.Comment": look.FAINT,
    "Token.Keyword": look.VIOLET,
    "Token.Literal.Number": look.ORANGE,
    "Token.Literal.String": look.CYAN,
    "Token.Name.Attribute": look.YELLOW,
    "Token.Name.Builtin": look.BLUE,
    "Token.Name.Class": look.YELLOW,
    "Token.Name.Decorator": look.YELLOW,
    "Token.Name.Function": look.BLUE,
    "Token.Name.Tag": look.BLUE,
    "Token.Operator": look.DIM,
}


class _Theme(HighlightTheme):
    """Colours of code: quiet ones, for the signs speak louder."""

    STYLES = {  # noqa: RUF012 (Textual declares it so)
        token: _INKS[str(token)] for token in HighlightTheme.STYLES if str(token) in _INKS
    }


def diff_content(diff: str, path: str) -> Content:
    """`diff` as content, safe to show.

    Args:
        diff: a unified diff, or words that stand in for one.
        path: the file's name, from which the language is guessed.
    """
    lines = many_lines(diff, lines=LINES, limit=400_000).split("\n")
    if not any(line.startswith("@@") for line in lines):
        return Content.styled("\n".join(lines), look.DIM)
    code = [line[1:] if line[:1] in ("+", "-", " ") else "" for line in lines]
    colored = _highlighted("\n".join(code), path)
    shown: list[Content] = []
    body = False
    for line, text in zip(lines, colored or [Content(each) for each in code], strict=True):
        sign = line[:1]
        body = body or line.startswith("@@")
        if not body:
            continue  # the two lines that name the file
        if sign not in ("+", "-", " "):
            shown.append(Content.styled(line, look.BLUE if line.startswith("@@") else look.FAINT))
            continue
        whole = Content.assemble((f"{sign} ", _SIGNS.get(sign, look.FAINT)), text)
        shown.append(whole.stylize_before(_GROUNDS[sign]) if sign in _GROUNDS else whole)
    return Content("\n").join(shown)


def code_content(code: str, path: str) -> Content:
    """`code` in syntax colours, safe already; in one colour where the language is not known."""
    lines = _highlighted(code, path)
    return Content("\n").join(lines) if lines is not None else Content.styled(code, look.BRIGHT)


def _highlighted(code: str, path: str) -> list[Content] | None:
    """The lines of `code` in syntax colours; None where that changes anything but colours."""
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2]
    if not suffix.isascii() or not suffix.isalnum() or len(code) > 200_000:
        return None
    colored = highlight(code, path=f"file.{suffix}", theme=_Theme)
    spans = [
        span for span in colored.spans if span.style != "$text"
    ]  # a variable: not known outside a widget
    lines = Content(colored.plain, spans=spans).split("\n", allow_blank=True)
    plain = code.split("\n")
    lines += [Content("")] * (len(plain) - len(lines))  # blank lines at the end were cut
    return lines if [line.plain for line in lines] == plain else None
