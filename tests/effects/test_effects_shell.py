"""The shell walk: what bash would do, seen in the syntax tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hidden_writes import WRITES

from supervisor.effects.classifier import Classifier
from supervisor.effects.model import EffectKind, Judgement, Scope, Surroundings, ToolCall
from supervisor.effects.profiles import compile_packs
from supervisor.places import shipped

HOME = "/home/user"
WORKSPACE = "/home/user/work"
PACKS = ("coreutils", "git", "interpreters", "shell")
CLASSIFIER = Classifier(
    compile_packs([(name, (shipped("profiles") / f"{name}.toml").read_text()) for name in PACKS])
)


class Tree:
    """A made file system: links, programs on the PATH, and the entries of folders."""

    def __init__(
        self,
        links: dict[str, str] | None = None,
        programs: dict[str, str] | None = None,
        entries: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.links = links or {}
        self.programs = programs or {}
        self.entries = entries or {}

    def real(self, path: str) -> str:
        """`path` with its first linked part resolved."""
        for link, goal in self.links.items():
            if path == link or path.startswith(link + "/"):
                return goal + path[len(link) :]
        return str(Path(path))

    def which(self, program: str) -> str | None:
        """Where the PATH finds `program`."""
        return self.programs.get(program, f"/usr/bin/{program}")

    def text(self, path: str, limit: int = 65_536) -> str | None:
        """No file has a text here."""
        return None

    def names(self, path: str) -> tuple[str, ...] | None:
        """The entries of a folder; one that nothing was said of is empty."""
        return self.entries.get(path, ())

    def lies(self, path: str) -> bool | None:
        """Whether a folder has the entry."""
        return Path(path).name in self.entries.get(str(Path(path).parent), ())


def judge(command: str, files: Tree | None = None) -> Judgement:
    """What a Bash command would do."""
    around = Surroundings(cwd=WORKSPACE, workspace=WORKSPACE, home=HOME, files=files)
    return CLASSIFIER.judge(ToolCall("Bash", {"command": command}), around)


def is_read(judgement: Judgement) -> bool:
    """Whether policy would let the call run for real."""
    return judgement.effect is EffectKind.READ and not any(effect.writes for effect in judgement.effects)


@pytest.mark.parametrize("command", WRITES)
def test_a_hidden_write_is_never_a_read(command: str) -> None:
    """Whatever the spelling, a command that writes, or may, is no read."""
    assert not is_read(judge(command))


@pytest.mark.parametrize(
    "command",
    [
        "ls -la | grep -i foo | wc -l",
        "cd src && ls; pwd",
        "for f in a b c; do cat $f; done",
        'for f in *.py; do wc -l "$f"; done',
        'while read -r line; do echo "$line"; done < input.txt',
        "if [ -f a ]; then cat a; else echo none; fi",
        "case $1 in a) ls;; *) pwd;; esac",
        "(cd /tmp && ls)",
        "{ ls; pwd; } 2>/dev/null",
        'f() { cat "$1"; }; f README.md',
        'x=README.md; cat "$x"',
        "bash -c 'ls | wc -l'",
        "eval 'ls -l'",
        "cat <<EOF\n$HOME $(date)\nEOF",
        "grep -r foo . 2>&1 | head -20",
        "find . -name '*.py' -type f | sort | uniq -c | sort -rn",
        "find . -name '*.py' -exec grep -l foo {} +",
        "diff <(sort a) <(sort b)",
        "echo $((1 + 2 * 3)); n=3; echo $((n + 1))",
        "git status && git log --oneline -5",
        "git diff HEAD~1 -- src",
        "git show $(git rev-parse HEAD) --stat",
        'git show "$(git rev-parse --short HEAD~1)":README.md',
        "git log --oneline $(git merge-base main HEAD 2>/dev/null)..HEAD",
        'sha=$(git rev-parse --verify -q main); git diff $sha -- src; git log -1 "$sha"',
        "timeout 5 git log | head",
        "env LANG=C sort file",
        "awk -F: '{s += $3} END {print s}' /etc/passwd",
        "sed -n '1,10p' file | tr a-z A-Z",
        "jq '.a[] | select(.b > 1)' file.json",
        "ls > /dev/null 2>&1",
        "ls &> /dev/null || echo oops > /dev/stderr",
        "cat a | tee /dev/stderr | wc -l 2>&1",
        "[[ -f a && $x == b* ]] && cat a",
        "python3 -c 'print(1 + 1)'",
        "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"a\"])'",
        "cat file | python3 -c 'import sys; print(len(sys.stdin.read()))'",
        "xargs grep foo < files",
        "trap 'echo bye' EXIT; ls",
        "rm --help",
        "command -v git; type ls; which ls || true",
    ],
)
def test_what_only_looks_is_a_read(command: str) -> None:
    """Everyday looking must not cost a rehearsal its truth."""
    judgement = judge(command)
    worst = judgement.worst
    assert is_read(judgement), f"{worst.rule}: {worst.why}"


@pytest.mark.parametrize(
    ("command", "scope", "target"),
    [
        ("echo x > out.txt", Scope.WORKSPACE, f"file://{WORKSPACE}/out.txt"),
        ("cd sub && touch a", Scope.WORKSPACE, f"file://{WORKSPACE}/sub/a"),
        ("cd /tmp && touch a", Scope.HOST, "file:///tmp/a"),
        ("cd /tmp; ls > x", Scope.HOST, "file:///tmp/x"),
        ("(cd /tmp); touch a", Scope.WORKSPACE, f"file://{WORKSPACE}/a"),
        ("touch ../a", Scope.HOST, "file:///home/user/a"),
        ("rm -rf ~/x", Scope.HOST, "file:///home/user/x"),
        ("rm $HOME/x", Scope.HOST, "file:///home/user/x"),
        ("rm src/*.py", Scope.WORKSPACE, f"file://{WORKSPACE}/src/*.py"),
        ("cp a b /tmp/d", Scope.HOST, "file:///tmp/d"),
        ("a=x; rm $a.txt", Scope.WORKSPACE, f"file://{WORKSPACE}/x.txt"),
        ("rm {a,b}.txt", Scope.WORKSPACE, f"file://{WORKSPACE}/a.txt"),
        ("find src -delete", Scope.WORKSPACE, f"file://{WORKSPACE}/src/*"),
        ("find /etc -name x -exec rm {} +", Scope.HOST, "file:///etc/*"),
        ("sed -i s/a/b/ x y", Scope.WORKSPACE, f"file://{WORKSPACE}/x"),
        ("git push up main", Scope.REMOTE, "git+up#main"),
        ("git -C /tmp/r commit -m x", Scope.HOST, "file:///tmp/r"),
        ("sh -c 'echo x > /etc/y'", Scope.HOST, "file:///etc/y"),
        ("echo x | tee -a log", Scope.WORKSPACE, f"file://{WORKSPACE}/log"),
    ],
)
def test_writes_name_what_they_change(command: str, scope: Scope, target: str) -> None:
    """Targets are URIs, resolved as the shell would, and scoped by where they lie."""
    judgement = judge(command)
    assert judgement.effect is EffectKind.WRITE
    assert judgement.scope is scope
    assert target in judgement.targets


@pytest.mark.parametrize(
    "command", ["ls\r", "ls\x00", "ls (", "if ls", "ls |", "echo 'a", "ls\u00a0-l", "$(", "))"]
)
def test_what_cannot_be_parsed_is_unknown(command: str) -> None:
    """A text that the tree does not fully explain is never a read."""
    assert not is_read(judge(command))


def test_a_program_of_the_workspace_is_not_the_program_of_that_name() -> None:
    """A changed PATH or a link decides what a name means, not the name."""
    assert is_read(judge("cat a", Tree()))
    assert not is_read(judge("cat a", Tree(programs={"cat": f"{WORKSPACE}/bin/cat"})))
    assert not is_read(judge("./cat a", Tree()))
    assert is_read(judge("/usr/bin/cat a", Tree()))


def test_a_rust_program_is_the_one_that_the_folder_names() -> None:
    """rustup stands behind the names of its programs; a file of the folder, or above, may say where."""
    rustup = {"rustfmt": "/root/.cargo/bin/rustup", "cargo": "/root/.cargo/bin/rustup"}
    assert _names_its_own("rustfmt --check a.rs", Tree(programs=rustup)) is False
    for folder in (WORKSPACE, "/home/user", "/"):
        files = Tree(programs=rustup, entries={folder: ("rust-toolchain.toml",)})
        assert _names_its_own("rustfmt --check a.rs", files) is True, folder
        assert _names_its_own("rustfmt --check a.rs", Tree(entries=files.entries)) is False


def _names_its_own(command: str, files: Tree) -> bool:
    return any(effect.rule == "shell.toolchain" for effect in judge(command, files).effects)


def test_a_link_out_of_the_workspace_leads_out() -> None:
    """Scope follows what a path resolves to, not how it is spelled."""
    files = Tree(links={f"{WORKSPACE}/out": "/etc"})
    judgement = judge("touch out/x", files)
    assert judgement.scope is Scope.HOST
    assert judgement.targets[0] == "file:///etc/x"


def test_a_glob_is_an_option_only_where_such_a_name_exists() -> None:
    """`sort *` may become `sort -o…`: the folder tells."""
    assert not is_read(judge("sort *"))
    assert not is_read(judge("sort *", Tree(entries={WORKSPACE: ("a", "-oa")})))
    assert is_read(judge("sort *", Tree(entries={WORKSPACE: ("a", "b")})))


def test_what_a_trap_does_happens_in_whatever_folder_the_shell_is_then() -> None:
    """What is known of the folder now proves nothing for it, nor it for what comes after."""
    files = Tree(entries={"/": ("a",), WORKSPACE: ("a",)})
    assert not is_read(judge("trap 'sort *' EXIT; ls", files))
    assert not is_read(judge("trap 'cd /w' DEBUG; sort *", files))
    assert is_read(judge("trap 'cat *' EXIT; sort *", files))


def test_the_parts_of_a_word_touch() -> None:
    """The grammar takes `$ x` for `$x`, where bash starts a program named `$`; in quotes it is text."""
    assert not is_read(judge("x=ls; $ x z"))
    for command in ('echo "costs 5$ now"', 'grep "foo$ bar" f', 'echo "$ x"'):
        assert is_read(judge(command)), command


def test_a_pattern_of_the_shell_may_match_what_other_patterns_do_not() -> None:
    """`test` evaluates a name that follows `-v`, and any pattern may become that where such a file lies."""
    for pattern in ("-[^a]", "-[[:alpha:]]", "[^a]v", "-[V]", "-[\\v]", "?v", "-[a-z]"):
        assert not is_read(judge(f"shopt -s nocaseglob; test {pattern} 'a[$(rm x)]'")), pattern
    assert is_read(judge("n=$(ls | wc -l); [ $n -gt 3 ] && head -n $n a"))


def test_a_module_of_the_folder_may_stand_in_for_the_library() -> None:
    """Python imports from the current folder first."""
    code = "python3 -c 'import json; print(json.dumps(1))'"
    assert is_read(judge(code, Tree(entries={WORKSPACE: ("a.py",)})))
    assert not is_read(judge(code, Tree(entries={WORKSPACE: ("json.py",)})))


@pytest.mark.parametrize("code", ["python3 -c 'import json'", "python3 -m json.tool data.json"])
def test_what_a_module_of_the_library_imports_may_come_from_the_folder_too(code: str) -> None:
    """`import json` imports `enum`; of a folder only a package counts, and `types.ts` is no module."""
    types = f"{WORKSPACE}/types"
    for entries in (("enum.py",), ("types.cpython-312-x86_64-linux-gnu.so",), ("types",)):
        tree = Tree(entries={WORKSPACE: entries, types: ("__init__.py",)})
        assert not is_read(judge(code, tree)), entries
    harmless = ("a.py", "types", "types.ts", "test")
    tree = Tree(entries={WORKSPACE: harmless, types: ("index.ts",), f"{WORKSPACE}/test": ("__init__.py",)})
    assert is_read(judge(code, tree))


def test_the_supervisors_own_program_is_its_own_target() -> None:
    """Policy must see every call of the supervisor, however it is named."""
    for command in ("supervise approve x", "/usr/local/bin/supervise stop", "python3 -m supervisor.cli"):
        assert "supervisor://cli" in judge(command).targets
    renamed = Tree(programs={"harmless": "/opt/bin/supervise"})
    assert "supervisor://cli" in judge("harmless approve", renamed).targets


def test_each_part_of_a_command_explains_itself() -> None:
    """Every effect carries the sub-command it comes from."""
    judgement = judge("ls a; git push && cat b")
    assert [effect.part for effect in judgement.effects] == ["ls a", "git push", "cat b"]


@pytest.mark.parametrize(
    "command",
    [
        "(" * 300 + "ls" + ")" * 300,
        "echo " + "$(echo " * 60 + ")" * 60,
        "x=1; " * 20_000,
        "f() { f; f; }; f",
        "echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
        "a" * 200_000,
        "for a in 1 2 3; do " * 12 + "ls" + "; done" * 12,
    ],
)
def test_what_is_too_big_or_too_deep_ends_soon(command: str) -> None:
    """No command can hold the gate: beyond its limits it is judged without being followed to its end."""
    assert judge(command).effects


@pytest.mark.parametrize(
    ("command", "loose"),
    [
        ('for i in $(seq 9); do echo x > "file-$i"; done', True),
        ("rm -r build/$(cat name)", True),
        ('echo x > "$(cat name)"', True),
        ('cd "$(cat name)"; echo x > file', True),
        ("echo x > /etc/$(cat name)", False),
        ("echo x > ../$(cat name)", False),
        ("rm *.txt", False),
        ("echo x > file", False),
        ("echo x > /etc/file", False),
    ],
)
def test_a_path_known_in_part_is_loose_if_that_part_leads_into_the_workspace(
    command: str, loose: bool
) -> None:
    """It counts as one of the host, as the rest of it may climb; a path known to leave is never loose."""
    (written,) = [effect for effect in judge(command).effects if effect.kind is EffectKind.WRITE]
    assert written.loose is loose
    assert not loose or written.scope is Scope.HOST
