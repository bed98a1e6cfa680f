"""No respelling of a write is a read; and the weaker mirror: how many respellings of reads stay reads.

`EFFECTS_EXAMPLES=20000 pytest tests/effects/test_respelling.py` tries that many (default: a few hundred).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from respellings import LOOKALIKES, Words, plain, quoted_words, respelled
from shipped_rules import is_read, judge

EXAMPLES = int(os.environ.get("EFFECTS_EXAMPLES", "250"))
MANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="EFFECTS_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WRITES: tuple[Words, ...] = (
    ("rm", "notes.txt"),
    ("touch", "new.txt"),
    ("mkdir", "made"),
    ("chmod", "777", "notes.txt"),
    ("cp", "notes.txt", "copy.txt"),
    ("mv", "notes.txt", "moved.txt"),
    ("ln", "-s", "notes.txt", "a-link"),
    ("tee", "out.txt"),
    ("sort", "-o", "sorted.txt", "notes.txt"),
    ("sed", "-i", "s/line/row/", "notes.txt"),
    ("sed", "-n", "w out.txt", "notes.txt"),
    ("find", ".", "-name", "notes.txt", "-delete"),
    ("dd", "if=notes.txt", "of=out.bin"),
    ("truncate", "-s", "0", "notes.txt"),
    ("git", "init", "fresh"),
    ("git", "-C", "repo", "tag", "v9"),
    ("awk", 'BEGIN { print "x" > "out.txt" }'),
    ("python3", "-c", "open('out.txt', 'w')"),
    ("sqlite3", "shop.db", "delete from t"),
    ("git", "-C", "repo", "diff", "--output=out.txt"),
)

READS: tuple[Words, ...] = (
    ("ls", "-l"),
    ("cat", "notes.txt"),
    ("grep", "-n", "line", "notes.txt"),
    ("git", "-C", "repo", "log", "--oneline"),
    ("find", ".", "-name", "notes.txt"),
    ("wc", "-l", "notes.txt"),
)

SHADOWED = (
    "ls",
    "cat",
    "echo",
    "git",
    "[",
    "test",
    "cd",
    "true",
    ":",
    "printf",
    "grep",
    "read",
    "export",
    "sed",
)


@MANY
@given(words=st.sampled_from(WRITES), data=st.data())
def test_no_respelling_of_a_write_is_a_read(words: Words, data: st.DataObject) -> None:
    """Quoting, variables, arrays, functions, wrappers, code in code and odd places: it stays no read."""
    text = data.draw(respelled(words))
    note(text)
    assert not is_read(judge(text)), text


@MANY
@given(
    redirect=st.sampled_from(
        ("> out.txt", ">> out.txt", ">| out.txt", "&> out.txt", "2> out.txt", "<> out.txt")
    ),
    words=st.sampled_from(READS),
    data=st.data(),
)
def test_no_respelling_of_a_read_with_a_redirection_is_a_read(
    redirect: str, words: Words, data: st.DataObject
) -> None:
    """Wherever a redirection to a file stands, and however the command before it is spelled."""
    text = data.draw(quoted_words(words))
    shape = data.draw(
        st.sampled_from(
            (
                *("{0} {1}", "{1} {0}", "{{ {0}; }} {1}", "( {0} ) {1}", "{0} | cat {1}"),
                *("if {0}; then :; fi {1}", "while {0}; do break; done {1}", "f() {{ {0}; }}; f {1}"),
                *("f() {{ {0}; }} {1}\nf", "exec {1}; {0}", "{0} 3>&1 {1}", "eval '{1}'"),
                *("bash -c 'ls {1}'", "x=$({0} {1})", "cat <<END {1}\nx\nEND\n"),
                *("for i in 1; do {0}; done {1}", "case x in *) {0};; esac {1}", "[[ -n x ]] {1}"),
                *("! {0} {1}", "{0} {1} &"),
            )
        )
    )  # fmt: skip
    assert not is_read(judge(shape.format(text, redirect)))


@pytest.mark.parametrize("name", SHADOWED)
def test_a_shadowed_name_is_not_the_program_of_that_name(name: str) -> None:
    """A function of that name runs instead of the program or built-in, however it came to be defined."""
    definitions = (
        f"{name}() {{ touch z; }}",
        f"function {name} {{ touch z; }}",
        f"{name}() (touch z)",
        f"{name}() {{ :; }}; {name}() {{ touch z; }}",
        f"if [[ -f notes.txt ]]; then {name}() {{ touch z; }}; fi",
        f"eval '{name}() {{ touch z; }}'",
        f"f() {{ {name}() {{ touch z; }}; }}; f",
        f"source /dev/stdin <<< '{name}() {{ touch z; }}'",
    )
    reads = [
        text for d in definitions for text in (f"{d}; {name} x ]", f"{d}\n{name} x ]") if is_read(judge(text))
    ]
    assert reads == []


@MANY
@given(words=st.sampled_from(WRITES), swap=st.sampled_from(LOOKALIKES), data=st.data())
def test_look_alike_characters_do_not_hide_a_write(
    words: Words, swap: tuple[str, str], data: st.DataObject
) -> None:
    """A letter that looks like a blank, a dash or a quote is a letter: what stands after it is still seen."""
    before = data.draw(
        st.sampled_from(("ls {0}; ", "echo a{0}b; ", "cat '{0}' ; ", "ls #{0}\n", "echo {0}{0} && "))
    )
    assert not is_read(judge(before.format(swap[1]) + plain(words)))


def test_a_link_in_the_workspace_is_not_the_program_it_is_named_after() -> None:
    """A program called by a path of the workspace is unknown, whatever its name."""
    spellings = (
        "./ls",
        "bin/ls",
        "$PWD/ls",
        "~/work/ls",
        "../work/ls",
        "/home/user/work/ls",
        "./bin/../ls",
        "'./ls'",
    )
    assert [text for text in spellings if is_read(judge(f"{text} -l"))] == []


def test_a_changed_path_is_no_path_to_known_programs() -> None:
    """After PATH was changed in any way no name is the program it was."""
    changes = (
        *("PATH=.:$PATH", "PATH=. ", "export PATH=$PWD/bin:$PATH", "PATH+=:.", "declare -x PATH=."),
        *("read PATH <<< .", "printf -v PATH %s .", "for PATH in .; do :; done", ": ${PATH:=.}"),
        *("unset PATH", "eval PATH=.", "let PATH=1", "typeset PATH=.", "readonly PATH=."),
        *("f() { PATH=.; }; f", "x=PATH; export $x=.", "mapfile PATH <<< .", "export PATH; PATH=."),
        *("getopts a PATH -a", "PATH[0]=.", "PATH=(.)", "local PATH=.", "declare -n r=PATH; r=."),
    )  # fmt: skip
    assert [text for text in changes if is_read(judge(f"{text}; ls"))] == []
    assert [
        t for t in ("env PATH=. ls", "PATH=. ls", "env -i PATH=. ls", "sudo PATH=. ls") if is_read(judge(t))
    ] == []


def test_simple_respellings_of_reads_mostly_stay_reads() -> None:
    """The mirror, loosely: quoting alone does not turn most reads into writes."""
    spelled: list[str] = []

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(words=st.sampled_from(READS), data=st.data())
    def collect(words: Words, data: st.DataObject) -> None:
        spelled.append(data.draw(quoted_words(words)))

    collect()
    stay = sum(is_read(judge(text)) for text in spelled)
    print(f"{stay} of {len(spelled)} respelled reads are judged reads")
    assert stay > len(spelled) * 0.1
