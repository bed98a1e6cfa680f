"""Ways to spell one command so that bash still does the same: as hypothesis strategies.

Some respell a simple command that is given as words, others put any shell text into another; `respelled`
composes them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

Draw = st.DrawFn
Words = tuple[str, ...]


def single_quoted(text: str) -> str:
    """`text` as one word in single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


def ansi_quoted(text: str) -> str:
    """`text` as one word in `$'…'`, every byte as an escape."""
    return "$'" + "".join(f"\\x{byte:02x}" for byte in text.encode()) + "'"


def octal_quoted(text: str) -> str:
    """`text` as one word in `$'…'`, every byte as three octal digits."""
    return "$'" + "".join(f"\\{byte:03o}" for byte in text.encode()) + "'"


def plain(words: Words) -> str:
    """The command as anybody would write it; words are quoted where they must be."""
    return " ".join(
        word if word.replace("-", "").replace(".", "").isalnum() else single_quoted(word) for word in words
    )


# -- one word


@st.composite
def spelled_word(draw: Draw, word: str) -> str:
    """One word in some spelling that quote removal undoes."""
    cut = draw(st.integers(0, len(word)))
    head, tail = word[:cut], word[cut:]
    return draw(
        st.sampled_from(
            (
                single_quoted(word),
                ansi_quoted(word),
                octal_quoted(word),
                f"{single_quoted(head)}{single_quoted(tail)}",
                f"{single_quoted(head)}''{ansi_quoted(tail)}",
                "".join(f"\\{char}" for char in word),
                "".join(f"{single_quoted(char)}\\\n" for char in word) + "''",
                f'"{_in_double(head)}""{_in_double(tail)}"',
                f'$"{_in_double(word)}"',
                f"{ansi_quoted(head)}{octal_quoted(tail)}" if head and tail else ansi_quoted(word),
                f"${{nothing_here-{single_quoted(word)}}}",
                f"${{nothing_here:-{_in_double(word)}}}" if " " not in word else single_quoted(word),
                f'"$(printf %s {single_quoted(word)})"',
                f'"`printf %s {ansi_quoted(word)}`"' if "\\" not in word else single_quoted(word),
            )
        )
    )


def _in_double(text: str) -> str:
    return "".join(f"\\{char}" if char in '"\\$`' else char for char in text)


# -- a simple command given as words


@st.composite
def quoted_words(draw: Draw, words: Words) -> str:
    """Every word spelled in some way, with blanks of some kind between."""
    blank = draw(st.sampled_from((" ", "  ", "\t", " \\\n", "\\\n ")))
    return blank.join([draw(spelled_word(word)) for word in words])


@st.composite
def from_variables(draw: Draw, words: Words) -> str:
    """Words kept in variables, set in one of the many ways."""
    names = [f"v{index}" for index in range(len(words))]
    lines = []
    for name, word in zip(names, words, strict=True):
        value = draw(spelled_word(word))
        lines.append(
            draw(
                st.sampled_from(
                    (
                        f"{name}={value}",
                        f"declare {name}={value}",
                        f"export {name}={value}",
                        f"printf -v {name} %s {value}",
                        f"read -r {name} <<< {value}",
                        f"{name}=; {name}+={value}",
                        f": ${{{name}:={value}}}" if "}" not in value else f"{name}={value}",
                        f"for {name} in {value}; do :; done",
                        f"eval {single_quoted(f'{name}={value}')}",
                        f"if true; then {name}={value}; fi",
                        f"true && {name}={value}",
                        f"set_it() {{ {name}={value}; }}; set_it",
                        f"{name}=ls; {name}={value}",
                    )
                )
            )
        )
    joiner = draw(st.sampled_from(("; ", "\n", " && ")))
    use = " ".join(
        draw(st.sampled_from((f'"${name}"', f'"${{{name}}}"', f'${{{name}+"${name}"}}'))) for name in names
    )
    return joiner.join([*lines, use])


@st.composite
def from_array(draw: Draw, words: Words) -> str:
    """Words in an array, in the positional parameters, or split out of one text."""
    spelled = " ".join([draw(spelled_word(word)) for word in words])
    simple = all(word.isalnum() or word.strip("-./").isalnum() for word in words)
    joined = " ".join(words)
    choices = [
        f'a=({spelled}); "${{a[@]}}"',
        f'set -- {spelled}; "$@"',
        f'f() {{ "$@"; }}; f {spelled}',
        f'f() {{ shift; "$@"; }}; f ls {spelled}',
        f'f() {{ local c=$1; shift; "$c" "$@"; }}; f {spelled}',
        f'run=({spelled}); eval "${{run[@]@Q}}"',
        f'mapfile -t a < <(printf "%s\\n" {spelled}); "${{a[@]}}"',
    ]
    if simple:
        choices += [
            f'x="{joined}"; $x',
            f"x='{joined}'; eval $x",
            f"read -ra a <<< '{joined}'; \"${{a[@]}}\"",
            joined.replace(" ", "${IFS}"),
            joined.replace(" ", '$IFS""'),
            "IFS=_; x=" + joined.replace(" ", "_") + "; $x",
            "IFS=, read -ra a <<< " + joined.replace(" ", ",") + '; "${a[@]}"',
            "{" + ",".join(words) + "}",
            f"$(echo {joined})",
            f"`echo {joined}`",
            f"x='{joined}'; ${{x%%nothing}}",
            f"x='{joined}'; ${{x/nothing/}}",
            f"x={joined[0]}; ${{x}}{joined[1:]}",
        ]
    return draw(st.sampled_from(choices))


@st.composite
def by_function(draw: Draw, words: Words) -> str:
    """Behind a name that looks harmless: a function, an alias, a hashed program, a reserved name shadowed."""
    call = plain(words)
    name = draw(st.sampled_from(("ls", "echo", "cat", "git", "cd", "pwd", "true", "test", "printf", ":")))
    return draw(
        st.sampled_from(
            (
                f"{name}() {{ command {call}; }}; {name}",
                f"function {name} {{ command {call}; }}; {name} -l",
                f"{name}() ( command {call} ); {name} | cat",
                f"shopt -s expand_aliases; alias {name}={single_quoted(call)}\n{name}",
                f"shopt -s expand_aliases\nalias {name}={single_quoted(call + ' ;')}\n{name} x",
                f"if true; then {name}() {{ command {call}; }}; fi; {name}",
                f"f() {{ command {call}; }}; g() {{ f; }}; g",
                f"f() {{ $1; }}; w() {{ command {call}; }}; f w",
                f"eval '{name}() {{ command '{single_quoted(call)}'; }}'; {name}",
            )
        )
    )


@st.composite
def by_program(draw: Draw, words: Words) -> str:
    """Run by another program, or through a path."""
    call = plain(words)
    inner = single_quoted(call)
    program, rest = words[0], plain(words[1:])
    return draw(
        st.sampled_from(
            (
                f"env {call}",
                f"env -i PATH=/usr/bin:/bin {call}",
                f"env X=1 {call}",
                f"command {call}",
                f"command -- {call}",
                f"exec {call}",
                f"exec -a ls {call}",
                f"nice -n 1 {call}",
                f"timeout 5 {call}",
                f"nohup {call}",
                f"setsid -w {call}",
                f"stdbuf -oL {call}",
                f"time {call}",
                f"/usr/bin/env {call}",
                f"/usr/bin/{program} {rest}",
                f"/bin/../bin/{program} {rest}",
                f"$(command -v {program}) {rest}",
                f"`which {program}` {rest}",
                f"/usr/bin/{program[:-1]}? {rest}"
                if program in ("touch", "chmod")
                else f"/usr/bin/{program} {rest}",
                f"/usr/b[i]n/{program} {rest}",
                f"printf '%s\\0' {rest} | xargs -0 {program}",
                f"printf '%s\\0' {plain(words)} | xargs -0 env",
                f"find . -maxdepth 0 -exec {call} \\;",
                f"find . -maxdepth 0 -exec sh -c {inner} \\;",
                f"xargs -I% {call} <<< x",
                f"awk {single_quoted('BEGIN { system(' + _awk_text(call) + ') }')}",
                f"awk {single_quoted('BEGIN { print ' + _awk_text(call) + ' | ' + _awk_text('sh') + ' }')}",
                f"awk {single_quoted('BEGIN { ' + _awk_text(call) + ' | getline }')}",
                f"sed {single_quoted('1e ' + call)} /etc/passwd",
                f"perl -e {single_quoted('system q{' + call + '}')}",
                f"python3 -c {single_quoted('import os; os.system(' + repr(call) + ')')}",
                f"python3 -c {single_quoted('__import__(' + repr('os') + ').system(' + repr(call) + ')')}",
                f"git -c alias.x={single_quoted('!' + call)} x",
                f"tar cf /dev/null --checkpoint=1 --checkpoint-action=exec={inner} /etc/passwd",
                f"flock /etc/passwd {call}",
                f"script -qc {inner} /dev/null",
                f"bash -c '\"$@\"' _ {plain(words)}",
                f"bash -c '$0 \"$@\"' {plain(words)}",
                f'cp "$(command -v {program})" /tmp/ls; /tmp/ls {rest}',
                f'ln -s "$(command -v {program})" ./ls; ./ls {rest}',
                f'mkdir -p p; cp "$(command -v {program})" p/ls; PATH=$PWD/p:$PATH; ls {rest}',
                f"hash -p /usr/bin/{program} ls; ls {rest}",
            )
        )
    )


def _awk_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- any text


@st.composite
def as_code(draw: Draw, text: str) -> str:
    """The text handed to a shell as code."""
    quoted = single_quoted(text)
    coded = base64.b64encode(text.encode()).decode()
    mark = draw(st.sampled_from(("END", "'END'", '"END"', "\\END")))
    safe = "'END'" if any(char in text for char in "$`\\") else mark
    bare = safe.strip("'\"\\")
    shell = draw(st.sampled_from(("bash", "bash -s", "bash -", "/bin/bash", "bash /dev/stdin", "env bash")))
    return draw(
        st.sampled_from(
            (
                f"bash -c {quoted}",
                f"bash -ec {quoted}",
                f"bash -c {ansi_quoted(text)}",
                f"eval {quoted}",
                f"eval -- {quoted}",
                f"builtin eval {quoted}",
                f"command eval {quoted}",
                f'c={quoted}; eval "$c"',
                f'c={quoted}; bash -c "$c"',
                f'c={quoted}; bash <<< "$c"',
                f"{shell} <<< {quoted}",
                f"{shell} <<{safe}\n{text}\n{bare}\n",
                f"cat <<{safe} | {shell}\n{text}\n{bare}\n",
                f"printf '%s\\n' {quoted} | {shell}",
                f"echo {coded} | base64 -d | {shell}",
                f"base64 -d <<< {coded} | {shell}",
                f"{shell} <(base64 -d <<< {coded})"
                if shell in ("bash", "/bin/bash")
                else f"bash -c {quoted}",
                f'eval "$(base64 -d <<< {coded})"',
                f'bash -c "$(printf %s {quoted})"',
                f"source /dev/stdin <<< {quoted}",
                f". <(printf '%s\\n' {quoted})",
                f"trap {quoted} EXIT",
                f"trap -- {quoted} 0; exit",
                f"trap {quoted} DEBUG; :",
                f'x={single_quoted("$(" + text + chr(10) + ")")}; : "${{x@P}}"',
                f"PS4={single_quoted('$(' + text + chr(10) + ')')}; set -x; :",
                f"BASH_ENV=<(printf '%s\\n' {quoted}) bash -c :",
                f"coproc bash -c {quoted}; wait",
                f"find . -maxdepth 0 -exec bash -c {quoted} \\;",
                f"printf %s {quoted} | xargs -0 bash -c",
                f"x={single_quoted('a[$(' + text + chr(10) + ')]')}; (( x ))",
                f"[[ {single_quoted('a[$(' + text + chr(10) + ')]')} -eq 0 ]]",
                f"test -v {single_quoted('a[$(' + text + chr(10) + ')]')}",
                f"mapfile -c 1 -C {single_quoted(text + chr(10) + ':')} <<< x",
                f"env -S {single_quoted('bash -c ' + ansi_to_env(text))}"
                if plain_for_env(text)
                else f"bash -c {quoted}",
            )
        )
    )


def plain_for_env(text: str) -> bool:
    """Whether `env -S` can carry the text between its own double quotes."""
    return not any(char in text for char in "\\\"$'\n\t#")


def ansi_to_env(text: str) -> str:
    """The text as `env -S` wants a word with blanks."""
    return f'"{text}"'


@st.composite
def placed(draw: Draw, text: str) -> str:
    """The text somewhere inside a script where it still runs."""
    body = text if text.endswith("\n") else text + "\n"
    return draw(
        st.sampled_from(
            (
                f"ls\n{text}",
                f"true; {text}",
                f"true && {text}",
                f"false || {text}",
                f"ls & {text}",
                f"# nothing\n{text}",
                f"ls # it's fine \\\n{text}",
                f"echo 'it'\"'\"'s' \\; ; {text}",
                f"{{\n{body}}}",
                f"(\n{body})",
                f"(\n{body}) | cat",
                f"ls | {{\n{body}}}",
                f"! {{\n{body}}}",
                f"time {{\n{body}}}",
                f"if\n{body}then :; fi",
                f"if true; then\n{body}fi",
                f"if false; then ls; else\n{body}fi",
                f"if false; then :; elif\n{body}then :; fi",
                f"while\n{body}false; do :; done",
                f"until\n{body}true; do :; done",
                f"while true; do\n{body}break; done",
                f"for i in 1; do\n{body}done",
                f"for ((i=0;i<1;i++)); do\n{body}done",
                f"select i in a; do\n{body}break; done <<< 1",
                f"case x in y) ls;; *)\n{body};; esac",
                f"case x in x) ;& y)\n{body};; esac",
                f"f() {{\n{body}}}; f",
                f"f() (\n{body}); f > /dev/null",
                f"function f {{\n{body}}}\nls; f",
                f"echo $(\n{body})",
                f'echo "$(\n{body})"',
                f"x=$(\n{body})",
                f'x="a$(\n{body})b"; echo "$x"',
                f"cat <(\n{body})",
                f"ls > >(\n{body})\nwait; sleep 0.1",
                f"echo $((1 + $(\n{body}\necho 0)))",
                f"[[ -n $(\n{body}) ]]",
                f'[ -n "$(\n{body})" ]',
                f"echo ${{nothing_here:-$(\n{body})}}",
                f"case $(\n{body}) in *) ;; esac",
                f"for i in $(\n{body}); do :; done",
                f"a=($(\n{body}))",
                f"cat <<END\n$(\n{body})\nEND\n",
                f"cat <<-END\n\t${{nothing_here-$(\n{body})}}\n\tEND\n",
                f"cat <<< $(\n{body})",
                f"cat <<'END'\n'\nEND\n{text}",
                f"cat <<END\n\\`'\"\nEND\n{text}",
                f"cat <<A <<'B'\n'\nA\n\"\nB\n{text}",
                f"export x=$(\n{body})",
                f"x=$(\n{body}) ls",
                f'ls -d "$(\n{body})" .',
                f"exec 3<&0; {text}",
                f"ls &> /dev/null; {text}",
                f"coproc {{\n{body}}}; wait",
                f"{{\n{body}}} &\nwait",
                f"set -eu; {text}",
            )
        )
    )


# -- looks like, but is not


LOOKALIKES: Sequence[tuple[str, str]] = (
    *((" ", "\u00a0"), (" ", "\u2003"), ("-", "\u2010"), ("-", "\u2212"), ("'", "\u2019"), ('"', "\u201c")),
    *((";", "\u037e"), ("|", "\u2223"), ("a", "\u0430"), ("e", "\u0435"), ("o", "\u043e"), ("/", "\u2215")),
)
"""Characters that look alike: the first means something to bash, the second is a letter like any other."""


def respelled(words: Words, deep: int = 2) -> st.SearchStrategy[str]:
    """`words` as a command, respelled, then up to `deep` times wrapped."""
    base: st.SearchStrategy[str] = st.one_of(
        st.just(plain(words)),
        quoted_words(words),
        from_variables(words),
        from_array(words),
        by_function(words),
        by_program(words),
    )
    wraps: list[Callable[[str], st.SearchStrategy[str]]] = [as_code, placed]

    @st.composite
    def composed(draw: Draw) -> str:
        text = draw(base)
        for _ in range(draw(st.integers(0, deep))):
            text = draw(draw(st.sampled_from(wraps))(text))
        return text

    return composed()
