"""A machine that cannot give a part of the containment: the run says which and what to do, and asks.

Each machine is made for real: with namespaces the kernel then refuses, programs that are not on the PATH,
file systems that cannot be the lower layer of an overlay.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.claude import bundled_claude
from harness.machine import SUPERVISE, Machine
from harness.terminal import Terminal
from harness.waiting import PATIENCE_S
from supervisor.shadow.capabilities import Part, probe, probe_sandbox

Lay = Callable[[Machine], list[str]]
"""Makes the machine such a one; what a command has to start with there."""

SPACE = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]

STACK = """
mkdir "$1/stack"; cd "$1/stack"; work="$2"; shift 2
mount -t tmpfs none . && cd "$PWD" && mkdir base upper1 work1 once upper2 work2
mount -t overlay -o lowerdir=base,upperdir=upper1,workdir=work1,userxattr none once
mount -t overlay -o lowerdir=once,upperdir=upper2,workdir=work2,userxattr none "$work"
cd "$work" && exec "$@"
"""
"""A folder that is an overlay over an overlay: the kernel takes no third one over it."""


def without(*programs: str) -> Lay:
    """With everything on the PATH but these programs."""

    def lay(machine: Machine) -> list[str]:
        folder = machine.home / "bin"
        folder.mkdir()
        for program in (*Path("/usr/bin").iterdir(), *Path("/usr/sbin").iterdir()):
            if program.name not in programs and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
        return ["env", f"PATH={folder}"]

    return lay


def forbidding(**settings: str) -> Lay:
    """As an ordinary user whom the kernel gives no user namespace, with these settings of the kernel."""

    def lay(machine: Machine) -> list[str]:
        shown = machine.root / "kernel"
        shown.mkdir()
        for name, value in settings.items():
            (shown / name).write_text(f"{value}\n")
        return [*_user_without_namespaces(), *("--ro-bind", str(shown), "/proc/sys/kernel"), "--"]

    return lay


def container(machine: Machine) -> list[str]:
    """In a container that lacks the rights."""
    return [*_user_without_namespaces(), *("--ro-bind", "/dev/null", "/.dockerenv"), "--"]


def _user_without_namespaces() -> list[str]:
    places: list[str] = []
    for path in sorted(Path("/").iterdir()):
        if path.is_symlink():
            places += ["--symlink", str(path.readlink()), str(path)]
        elif path.name not in (".dockerenv", ".containerenv"):
            places += ["--dev-bind", str(path), str(path)]
    return [
        *("bwrap", "--tmpfs", "/", *places),
        *("--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"),
    ]


def no_namespaces(machine: Machine) -> list[str]:
    """Where the kernel gives nobody a user namespace."""
    command = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    return ["unshare", "-Ur", "sh", "-c", command, "sh"]


def mount_inside(machine: Machine) -> list[str]:
    """With something mounted in the run's folder."""
    (machine.workspace / "data").mkdir()
    return [*SPACE, "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(machine.workspace / "data")]


def stacked(machine: Machine) -> list[str]:
    """With the run's folder on a file system that cannot be a lower layer."""
    return [*SPACE, "sh", "-c", STACK, "sh", str(machine.root), str(machine.workspace)]


BWRAP = "sandbox: The sandbox, which holds the run's MCP servers, needs bwrap"
MISSING: dict[str, tuple[Lay, str, tuple[str, ...]]] = {
    "no bubblewrap": (without("bwrap"), "dry-run", (BWRAP, "apt install bubblewrap")),
    "no bubblewrap, mixed": (without("bwrap"), "mixed", (BWRAP, "keeps Bash from")),
    "no user namespaces": (
        no_namespaces,
        "dry-run",
        ("namespaces: The system forbids user namespaces", "sysctl user.max_user_namespaces="),
    ),
    "AppArmor": (
        forbidding(apparmor_restrict_unprivileged_userns="1"),
        "dry-run",
        ("apparmor_restrict_unprivileged_userns = 1", "sysctl kernel.apparmor_restrict", "AppArmor profile"),
    ),
    "AppArmor, mixed": (
        forbidding(apparmor_restrict_unprivileged_userns="1"),
        "mixed",
        ("sandbox: ", "sysctl kernel.apparmor_restrict"),
    ),
    "Debian's switch": (
        forbidding(unprivileged_userns_clone="0"),
        "dry-run",
        ("unprivileged_userns_clone = 0", "sysctl kernel.unprivileged_userns_clone=1"),
    ),
    "container": (
        container,
        "dry-run",
        ("This container lacks the rights", "--security-opt seccomp=unconfined"),
    ),
    "mount in the folder": (mount_inside, "dry-run", ("overlay: ", "is mounted in the folder", "Take the")),
    "overlay over overlay": (
        stacked,
        "dry-run",
        ("overlay: The kernel takes no overlay over", "Move the folder", "ext4"),
    ),
}


WRITE = {"tool": "Write", "input": {"file_path": "{cwd}/made.txt", "content": "x"}}


def words(machine: Machine, *options: str, call: dict[str, Any] = WRITE) -> list[str]:
    """A run that makes one call."""
    script = machine.write_script([{"calls": [call]}, {"say": "Done."}])
    return ["run", "--claude", str(bundled_claude()), "--script", str(script), *options, "task"]


def supervise(
    machine: Machine, start: list[str], *options: str, call: dict[str, Any] = WRITE
) -> subprocess.CompletedProcess[str]:
    """`supervise run --headless` on such a machine."""
    return subprocess.run(
        [*start, str(SUPERVISE), *words(machine, "--headless", *options, call=call)],
        cwd=machine.workspace,
        env=machine.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("what", list(MISSING))
def test_a_missing_part_refuses_a_headless_run_and_says_what_to_do(machine: Machine, what: str) -> None:
    """Exit code 5; the part, why it is missing, its cure, the option that accepts it; nothing has begun."""
    lay, mode, said = MISSING[what]
    done = supervise(machine, lay(machine), "--mode", mode)
    assert done.returncode == 5, done.stderr
    for each in (*said, "this machine cannot give a part", "--accept-missing-containment"):
        assert each in done.stderr, done.stderr
    assert machine.json("runs", "--json") == []


def test_a_host_cannot_be_opened_without_what_leads_to_it(machine: Machine) -> None:
    """Without socat there is no way to the hosts that the operator opened: exit code 5, and its cure. Once
    that is accepted the run starts, says so, and its commands are led nowhere."""
    machine.write_config('[network]\nhosts = ["registry.example"]\n')
    start = without("socat")(machine)
    done = supervise(machine, start)
    assert done.returncode == 5, done.stderr
    assert "hosts: Hosts are opened" in done.stderr and "apt install socat" in done.stderr
    assert "accept a run in which the hosts that are opened for it cannot be reached" in done.stderr
    assert machine.json("runs", "--json") == []

    call = {"tool": "Bash", "input": {"command": "echo x > made.txt; echo led by ${http_proxy:-nothing}"}}
    done = supervise(machine, start, "--accept-missing-containment", call=call)
    assert done.returncode == 0, done.stderr
    (row,) = machine.json("runs", "--json")
    shown = machine.json("show", row["id"], "--json")
    (note,) = [note for note in shown["run"]["notes"] if note.startswith("missing and accepted: hosts:")]
    assert note.split(" (")[0] in done.stderr
    assert note.split(" (")[0] in machine.supervise("show", row["id"]).stdout
    assert shown["run"]["floors"]["4"].endswith("opened hosts out of reach")
    assert [(call["outcome"], call["result"]) for call in shown["calls"]] == [("executed", "led by nothing")]


def test_what_was_accepted_is_journaled_and_shown(machine: Machine) -> None:
    """Without bubblewrap there is no shadow: the run starts when it was accepted, and executes no write."""
    start = without("bwrap")(machine)
    done = supervise(machine, start, "--accept-missing-containment")
    assert done.returncode == 0, done.stderr
    (row,) = machine.json("runs", "--json")
    shown = machine.json("show", row["id"], "--json")
    assert shown["run"]["floors"]["4"].startswith("missing: no shadow here")
    (note,) = [note for note in shown["run"]["notes"] if note.startswith("missing and accepted: sandbox:")]
    assert "apt install bubblewrap" in note and note.split(" (")[0] in done.stderr
    assert note.split(" (")[0] in machine.supervise("show", row["id"]).stdout
    assert [call["outcome"] for call in shown["calls"]] == ["not executed"]
    assert not (machine.workspace / "made.txt").exists()


def test_a_folder_that_no_overlay_takes_is_copied_once_that_is_accepted(machine: Machine) -> None:
    """The run then has a shadow all the same, and the real folder stays as it was."""
    done = supervise(machine, mount_inside(machine), "--accept-missing-containment")
    assert done.returncode == 0, done.stderr
    (row,) = machine.json("runs", "--json")
    shown = machine.json("show", row["id"], "--json")
    assert shown["run"]["floors"]["4"].startswith("shadow (clone), host read-only")
    assert any(note.startswith("missing and accepted: overlay:") for note in shown["run"]["notes"])
    assert [call["outcome"] for call in shown["calls"]] == ["executed"]
    assert not (machine.workspace / "made.txt").exists()


@pytest.mark.parametrize(
    ("mode", "question"),
    [
        ("dry-run", "Accept a run in which writes are not executed?"),
        ("mixed", "nothing but decisions keeps Bash from this machine"),
    ],
)
def test_at_a_terminal_a_person_is_asked(machine: Machine, mode: str, question: str) -> None:
    """The part and its cure are shown above the question; no is the default, and then nothing starts."""
    start = without("bwrap")(machine)
    argv = [*start, str(SUPERVISE), *words(machine, "--mode", mode)]
    with Terminal(argv, env=machine.env, cwd=machine.workspace, columns=200) as terminal:
        terminal.wait_for(question)
        assert "apt install bubblewrap" in terminal.text
        terminal.press("\r")
        assert terminal.wait_for_end() == 5
        assert "nothing was started" in terminal.text
    assert machine.json("runs", "--json") == []


def test_another_system_is_told_what_it_lacks(machine: Machine) -> None:
    """macOS has no namespaces; its own sandbox is looked for and, here, not found."""
    able = probe(machine.workspace, machine.state, machine.env, platform="darwin")
    assert [part.part for part in able.missing] == [Part.NAMESPACES, Part.SANDBOX]
    assert not able.contained and not able.overlay
    for part in (*able.missing, probe_sandbox(machine.env, platform="darwin")):
        assert "darwin" in part.why and "Linux virtual machine" in part.cure
