"""What an awk program would do: a lexer that finds redirections, pipes and `system`; the rest is a doubt."""

from __future__ import annotations

import re

import msgspec

from supervisor.effects.brackets import may_be_open
from supervisor.effects.vocabulary import names

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+|\\\n)|(?P<newline>\n)|(?P<comment>\#[^\n]*)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<string>"(?:[^"\\\n]|\\.|\\\n)*")
    |(?P<op>\*\*=|\|&|\|\||&&|>>|\+\+|--|\+=|-=|\*=|/=|%=|\^=|\*\*|==|<=|>=|!=|!~|[-+*/%^!<>|?:~$=,;(){}\[\]@])""",
    re.VERBOSE,
)
_REGEX = re.compile(r"/(?:[^/\\\n]|\\.)*/")
_BUILTINS = names(
    """
    length substr index split sub gsub gensub match sprintf sin cos atan2 exp log sqrt int rand
    srand tolower toupper strftime systime mktime close fflush and or xor lshift rshift compl
    strtonum asort asorti isarray typeof patsplit bindtextdomain dcgettext dcngettext
    """
)
_KEYWORDS = names(
    """
    BEGIN END BEGINFILE ENDFILE function func if else while for do break continue next nextfile exit
    return delete in getline print printf switch case default
    """
)
_STATEMENT_ENDS = frozenset((";", "\n", "}", ""))
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/", "\n": ""}


class AwkUse(msgspec.Struct, frozen=True):
    """Files a program writes, commands it runs (None: one that is not known); or why it is not understood."""

    writes: tuple[str | None, ...] = ()
    runs: tuple[str | None, ...] = ()
    problem: str = ""


class _Problem(Exception):
    pass


def use_of(program: str) -> AwkUse:
    """What `program` uses beyond reading its input and printing."""
    try:
        return _scan(_tokens(program))
    except _Problem as problem:
        return AwkUse(problem=str(problem))


def _tokens(program: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(program):
        if program[at] == "/" and not _operand(tokens):
            match = _REGEX.match(program, at)
            if match is None or _bracketed_slash(match[0]):
                raise _Problem("a regular expression is not understood")
            tokens.append(("regex", match[0]))
            at = match.end()
            continue
        match = _TOKEN.match(program, at)
        if match is None:
            raise _Problem(f"awk text is not understood: {program[at : at + 20]}")
        kind = str(match.lastgroup)
        if kind not in ("blank", "comment"):
            tokens.append((kind, match[0]))
        at = match.end()
    return tokens


def _operand(tokens: list[tuple[str, str]]) -> bool:
    """Whether a `/` now divides. Where awks differ the program is not understood."""
    if not tokens:
        return False
    kind, text = tokens[-1]
    if text in ("++", "--", "getline", "length", "$"):
        raise _Problem("a slash may divide or begin a regular expression")
    if kind == "name":
        return text not in _KEYWORDS
    if text == ")" and _before_pair(tokens) in ("if", "while", "for", "switch"):
        raise _Problem("a slash after a condition may divide or begin a regular expression")
    return kind in ("number", "string", "regex") or text in (")", "]")


def _before_pair(tokens: list[tuple[str, str]]) -> str:
    """The token before the parenthesis that the last one closes."""
    depth = 0
    for index in range(len(tokens) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(tokens[index][1], 0)
        if depth == 0:
            return tokens[index - 1][1]
    return ""


def _bracketed_slash(regex: str) -> bool:
    """Whether the slash at the end may stand in a bracket, and end nothing."""
    inner = _ESCAPE.sub("", regex[1:-1])
    if inner.count("[") != inner.count("]") or "[]" in inner or "[^]" in inner:
        return True
    return may_be_open(regex[1:-1])


def _scan(tokens: list[tuple[str, str]]) -> AwkUse:
    writes: list[str | None] = []
    runs: list[str | None] = []
    defined = {
        tokens[i + 1][1]
        for i in range(len(tokens) - 1)
        if tokens[i] in (("name", "function"), ("name", "func"))
    }
    depth = 0
    print_depth = -1
    goes_on = False  # a line feed after a comma does not end the statement
    for index, (kind, text) in enumerate(tokens):
        before = tokens[index - 1] if index else ("", "")
        after = tokens[index + 1] if index + 1 < len(tokens) else ("", "")
        goes_on = before[1] in (",", "&&", "||", "?", ":") or (goes_on and before[1] == "\n")
        end = tokens[index + 2][1] if index + 2 < len(tokens) else ""
        if kind == "name":
            if text in ("print", "printf"):
                print_depth = depth
            elif text == "system":
                closing = tokens[index + 3][1] if index + 3 < len(tokens) else ""
                literal = (
                    after[1] == "(" and tokens[index + 2][0] == "string" if index + 3 < len(tokens) else False
                )
                runs.append(_string(tokens[index + 2][1]) if literal and closing == ")" else None)
            elif (
                after[1] == "("
                and text not in _BUILTINS | _KEYWORDS | defined
                and before[1] not in ("function", "func")
            ):
                if text.islower() or text.isupper():
                    raise _Problem(f"the awk function {text} is not known")
                raise _Problem(f"the awk function {text} is not known")
        elif kind == "op" or kind == "newline":
            if text in "([" and text:
                depth += 1
            elif text in (")", "]"):
                depth -= 1
            elif text == "@" or text == "|&":
                raise _Problem(f"awk's {text} is not followed")
            elif text in (";", "\n", "}"):
                if text != "\n" or not goes_on:
                    print_depth = -1
            elif text == "|":
                runs.append(_piped(tokens, index, before, after, end))
            elif text == ">>" or (text == ">" and print_depth == depth):
                writes.append(_string(after[1]) if after[0] == "string" and end in _STATEMENT_ENDS else None)
    if runs and not {"ENVIRON", "SYMTAB"}.isdisjoint(text for kind, text in tokens if kind == "name"):
        raise _Problem("what it runs may find another environment")
    return AwkUse(tuple(writes), tuple(runs))


def _piped(
    tokens: list[tuple[str, str]], index: int, before: tuple[str, str], after: tuple[str, str], end: str
) -> str | None:
    if after[1] == "getline":
        start = tokens[index - 2][1] if index > 1 else "{"
        return _string(before[1]) if before[0] == "string" and start in ("{", ";", "(", "\n", "!") else None
    return _string(after[1]) if after[0] == "string" and end in _STATEMENT_ENDS else None


def _string(literal: str) -> str | None:
    inner = literal[1:-1]
    if any(match[1] not in _NAMED for match in _ESCAPE.finditer(inner)):
        return None
    return _ESCAPE.sub(lambda match: _NAMED[match[1]], inner)
