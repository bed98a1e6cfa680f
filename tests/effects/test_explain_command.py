"""`supervise explain` and `supervise profiles` as a person and as scripts use them."""

from __future__ import annotations

import json
from pathlib import Path

from harness.machine import SUPERVISE, Machine
from harness.waiting import PATIENCE_S

LINES = 10_000
SPARE_KB = 20_000
"""By how much the process may grow while it answers: caches fill, lines are not kept."""


def test_a_person_gets_a_tree_of_every_part_with_its_targets_rule_and_reason(machine: Machine) -> None:
    """The first line answers; each sub-command stands with its effects; the last line names the rules."""
    command = "cd src && git log --oneline | head -3; rm -rf build > out.txt"
    shown = machine.supervise("explain", "--bash", command).stdout
    inside = f"write workspace file://{machine.workspace}/src"
    assert shown.splitlines()[:-1] == [
        "Bash: write (workspace) -> simulated",
        "├─ read     cd src",
        "│  └─ read host command://cd",
        "│     shell.cd: cd changes nothing outside the shell",
        "├─ read     git log --oneline",
        f"│  └─ read workspace file://{machine.workspace}/src",
        "│     git.log: git log only reads",
        "├─ read     head -3",
        "│  └─ read host command://head",
        "│     head: head only reads",
        "└─ write    rm -rf build > out.txt",
        f"   ├─ {inside}/out.txt",
        "   │  shell.redirect: redirects output to this file",
        f"   └─ {inside}/build",
        "      rm: removes this file",
    ]
    listed = machine.json("profiles", "list", "--json")
    assert shown.splitlines()[-1] == f"rules {listed['profile']}"


def test_lines_are_answered_one_by_one_and_not_kept(machine: Machine) -> None:
    """Each answer comes before the next line is asked; after ten thousand the process is as big as before."""
    process = machine.start([SUPERVISE, "explain", "--jsonl"])
    assert process.stdin is not None and process.stdout is not None

    def ask(number: int) -> None:
        assert process.stdin is not None and process.stdout is not None
        call = {"tool_name": "Bash", "tool_input": {"command": f"cat file-{number} > {'x' * 500}"}}
        process.stdin.write(json.dumps(call) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["effect"] == "write"

    def most_kb() -> int:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))

    for number in range(LINES // 10):
        ask(number)
    before = most_kb()
    for number in range(LINES // 10, LINES):
        ask(number)
    assert most_kb() - before < SPARE_KB
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_the_packs_in_force_are_listed_shown_and_checked(machine: Machine) -> None:
    """A pack of one's own counts at once; the hash of all of them changes with it."""
    shipped = machine.json("profiles", "list", "--json")
    assert machine.supervise("profiles", "show", "git").stdout.count("[program.git]") == 1
    own = machine.config / "profiles" / "mine.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[pack]\nname = "mine"\nversion = 3\n\n[program.frob]\neffect = "read"\nargs = "text"\n')
    listed = machine.json("profiles", "list", "--json")
    assert {"name": "mine", "version": "3", "file": str(own)} in listed["packs"]
    assert listed["profile"] != shipped["profile"]
    assert listed["profile"] in machine.supervise("profiles", "list").stdout
    assert machine.json("explain", "--json", "--bash", "frob x")["effect"] == "read"
    checked = machine.supervise("profiles", "check")
    assert checked.returncode == 0 and listed["profile"] in checked.stdout


def test_a_mistake_in_a_pack_is_told_with_file_line_field_and_nearest_name(machine: Machine) -> None:
    """`check` says it of a file given, and of one in force; nothing else runs on broken rules unseen."""
    wrong = machine.workspace / "wrong.toml"
    wrong.write_text('[pack]\nname = "wrong"\nversion = 1\n\n[program.frob]\nefect = "read"\n')
    told = machine.supervise("profiles", "check", str(wrong))
    assert told.returncode == 2
    assert f"{wrong}:6: program.frob.efect" in told.stderr and 'did you mean "effect"' in told.stderr
    unknown = machine.supervise("profiles", "show", "gti")
    assert unknown.returncode == 2 and "git" in unknown.stderr
