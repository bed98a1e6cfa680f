"""Endless inputs nobody would type: commands cut, crossed and respelled, grammar gone wrong, and garbage."""

from __future__ import annotations

import random
from collections.abc import Iterator

from everyday_commands import COMMANDS
from tricky_code import TRICKY

SEEDS = (*COMMANDS, *TRICKY)
MOST_CHARS = 20_000
PIECES = (
    *("'", '"', "\\", "$(", ")", "`", "{ ", "}", "<<E\n", "<<'E'\n", "<<-E\n", "\nE\n", "\n\tE\n", ";"),
    *("\n", "ls", "rm y", "echo ", "cat ", "#", "$'", "${x:-", "${x#", "${x/", "${#x}", "$#", "((", "))"),
    *("[[ ", " ]]", "case a in ", "a) ", ";; ", " esac", "&", "|", "&&", "||", " ", "\t", "\\\n", "$(("),
    *("$[", "]", "x=", "if ", ";then ", ";fi", ";else ", ";done", "for i in a;do ", "while ", "f(){ "),
    *(";};f", "f()(", "function f { ", "!", "<(", ">(", "<<<", " 2>&1", ">/dev/null", "{a,b}", "{1..9}"),
    *("*", "?", "[a]", "~", "$x", "$@", "$1", "eval ", "bash -c ", "sh <<E\n", '$"', "coproc ", "time "),
    *("select i in a;do ", "until ", "=~ ", "-eq ", "@(", "+(", "!(", "\\'", '\\"', "\\`", "\r", "\xa0"),
    *("\u2028", "\x0b", "..", "<&3", "%%", "##", "^^", "@P}", "!x}", "[0]", "+=", "local "),
    *("declare -n ", "export ", "let ", "read x", "shift", "set -- ", "unset x", "trap ", " EXIT", "in "),
    *("do ", "done", "then ", "fi", "esac", "exec ", "command ", "alias l=", "printf -v x ", "IFS="),
    *("xargs ", "env ", "find . -exec ", " {} \\;", "sort ", "-o", "sed ", "awk ", "jq ", "sqlite3 x "),
    *("python3 -c ", "perl -e ", "curl ", "http://x", "git ", "select * from t", "delete from t;"),
    *("{print > ", "w z", "\x00", "\x1b[31m", "\ud800", "é", "\u202e", "😀", "\u200b", "-", "--", "="),
    *("%", "^", ",", "/", "0", "1e9999"),
)  # fmt: skip


def inputs(seed: int) -> Iterator[str]:
    """Texts without end, the same for the same seed."""
    chance = random.Random(seed)
    while True:
        yield chance.choice(_KINDS)(chance)[:MOST_CHARS]


def _soup(chance: random.Random) -> str:
    return "".join(chance.choices(PIECES, k=chance.randint(1, 24)))


def _edited(chance: random.Random) -> str:
    text = chance.choice(SEEDS)
    for _ in range(chance.randint(1, 5)):
        at = chance.randint(0, len(text))
        end = min(len(text), at + chance.choice((0, 0, 0, 1, 2, 5, 20)))
        new = chance.choice((chance.choice(PIECES), "", chr(chance.randint(1, 0x2FF)), text[at:end] * 2))
        text = text[:at] + new + text[end:]
    return text


def _crossed(chance: random.Random) -> str:
    one, other = chance.choice(SEEDS), chance.choice(SEEDS)
    glue = chance.choice((" ", "; ", " | ", " && ", "\n", " $(", " <(", " > ", " -exec ", " <<E\n", ""))
    return one[: chance.randint(0, len(one))] + glue + other[chance.randint(0, len(other)) :]


def _nested(chance: random.Random) -> str:
    opening, closing = chance.choice(
        (
            *(("$(", ")"), ("(", ")"), ("{ ", "; }"), ("`", "`"), ("${x:-", "}"), ("$((", "))"), ("<(", ")")),
            *(("bash -c '", "'"), ("eval ", ""), ("if ", ";then :;fi"), ("[[ ( ", " ) ]]"), ('"$(', ')"')),
            *(
                ("{a,", "}"),
                ("while ", ";do :;done"),
                ("f() { ", "; }"),
                ("x=(", ")"),
                ("a[", "]"),
                ("! ", ""),
            ),
        )
    )
    depth = chance.choice((2, 5, 20, 100, 1000))
    return opening * depth + chance.choice(SEEDS) + closing * chance.choice((depth, depth - 1))


def _repeated(chance: random.Random) -> str:
    piece = chance.choice((*PIECES, chance.choice(SEEDS)))
    glue = chance.choice(("", " ", ";", "\n", "|", "&&", "{a,b}"))
    return glue.join([piece] * chance.choice((3, 30, 300, 3000)))


def _garbage(chance: random.Random) -> str:
    raw = chance.randbytes(chance.randint(1, 200))
    return raw.decode(chance.choice(("latin-1", "utf-8", "utf-16-le")), "replace")


_KINDS = (*(_soup,) * 25, *(_edited,) * 40, *(_crossed,) * 20, *(_garbage,) * 13, _nested, _repeated)
"""The costly ones are rare: one in a hundred each."""
