"""The guard: the process between the runner and Claude Code. Started as a file, on the standard library.

    python -I -S guard.py PIPE_FD -- PROGRAM ARGUMENT…

It adopts whatever the agent daemonises, and when the runner dies, however it dies, the read end
PIPE_FD sees its end and everything below the guard is killed. When PROGRAM ends, what it left behind is
killed too, and the guard ends with PROGRAM's exit code (128 + n after signal n).
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGHUP)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _children_of_all() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():  # noqa: PTH112, PTH208 (start-up time)
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                parent = int(stat.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    return children


def _alone() -> bool:
    """Whether nothing is left below: what a dead parent left behind was adopted, so it would be our child."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return sys.platform == "linux"
    return False


def _kill_below() -> None:
    """Kill every descendant; stopping first keeps a forking child from outrunning the kill."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        known = -1
        below: set[int] = set()
        while len(below) != known:
            known = len(below)
            children = _children_of_all()
            queue = [os.getpid()]
            while queue:
                for pid in children.get(queue.pop(), ()):
                    if pid not in below:
                        below.add(pid)
                        queue.append(pid)
            for pid in below:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)


def _reap(program: int) -> int | None:
    """Collect ended children; the exit code of PROGRAM once it is among them, else None."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if os.WIFSTOPPED(status):
            if pid == program and os.WSTOPSIG(status) == signal.SIGTSTP:
                os.kill(pid, signal.SIGCONT)  # there is no shell behind us to bring it back
        elif pid == program:
            code = os.waitstatus_to_exitcode(status)
            code = code if code >= 0 else 128 - code


def main() -> None:
    pipe = int(sys.argv[1])
    program = sys.argv[3:]
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: None)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    me = os.getpid()
    child = os.fork()
    if child == 0:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != me:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (*IGNORED, signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for fd in (pipe, wake_read, wake_write):
            os.close(fd)
        try:
            os.execv(program[0], program)
        except OSError as cause:
            os.write(2, f"supervise: {program[0]}: {cause}\n".encode())
            os._exit(127)
    code = None
    while code is None:
        ready, _, _ = select.select([pipe, wake_read], [], [])
        if pipe in ready and not os.read(pipe, 1):
            break
        if wake_read in ready and signal.SIGTERM in os.read(wake_read, 4096):
            break
        code = _reap(child)
    if not _alone():
        _kill_below()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    sys.exit(137 if code is None else code)


if __name__ == "__main__":
    main()
