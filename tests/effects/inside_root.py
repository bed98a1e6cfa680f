"""Runs commands in a root of its own, each on a fresh copy-on-write layer, and says what each one changed.

Started by `throwaway_root`; standard library only. Enters new user, mount, process and network namespaces, as
nobody where it was root. Reads one JSON object on standard input, `{"setup": [script, …], "jobs":
[[cwd, command], …], "env": {…}, "limit_s": n}`, and writes one `{"exit": n, "changes": [path, …]}` a job to
standard output. The upper layer of an overlay holds exactly what was touched.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import shutil
import signal
import stat
import sys
from pathlib import Path
from typing import Any

STAGE = Path("/tmp")
BASE, UPPER, WORK, ROOT, DEVICES = (STAGE / name for name in ("base", "upper", "work", "root", "dev"))
NEW_USER, NEW_MOUNT, NEW_NET, NEW_PROCESS, NEW_IPC, NEW_NAME = (
    0x10000000,
    0x00020000,
    0x40000000,
    0x20000000,
    0x08000000,
    0x04000000,
)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
NOBODY = 65534
MS_RDONLY, MS_NOSUID, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = (
    1,
    2,
    32,
    4096,
    16384,
    1 << 18,
    1 << 21,
)
ST_RELATIME = 4096
ETC = (
    *(
        "alternatives",
        "bash.bashrc",
        "group",
        "hosts",
        "ld.so.cache",
        "ld.so.conf",
        "localtime",
        "nsswitch.conf",
    ),
    *(
        "os-release",
        "passwd",
        "profile",
        "protocols",
        "services",
        "shells",
        "debian_version",
        "magic",
        "mime.types",
    ),
    *("host.conf", "python3", "perl"),
)

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str | Path, target: Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    result = _libc.mount(
        str(source).encode(), str(target).encode(), kind.encode() or None, flags, data.encode() or None
    )
    _check(result, f"mount {kind or 'bind'} on {target}")


def _show(source: Path, target: Path) -> None:
    """Bind `source` to `target`, read-only; the flags it has already may not be dropped."""
    _mount(source, target, "", MS_BIND | MS_REC)
    had = os.statvfs(target).f_flag
    kept = (had & ~ST_RELATIME) | (MS_RELATIME if had & ST_RELATIME else 0)
    _mount("none", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def _leave_host() -> None:
    """Enter namespaces of our own. Root would stay root towards /proc even there: it becomes nobody first."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # Without this the maps below would belong to root.
        _check(_libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")
    user, group = os.geteuid(), os.getegid()
    _check(_libc.unshare(NEW_USER | NEW_MOUNT | NEW_NET), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _stage() -> None:
    _mount("none", Path("/"), "", MS_REC | MS_PRIVATE)
    _mount("stage", STAGE, "tmpfs", MS_NOSUID, "size=1g,mode=755")
    for folder in (BASE, ROOT, DEVICES):
        folder.mkdir()
    for name in ("null", "zero", "full", "random", "urandom"):
        (DEVICES / name).touch()
        _mount(f"/dev/{name}", DEVICES / name, "", MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (DEVICES / name).symlink_to(target)
    (DEVICES / "shm").mkdir()
    for name in (
        "usr",
        "etc",
        "home/user",
        "root",
        "tmp",
        "var/tmp",
        "var/log",
        "proc",
        "dev",
        "run",
        "opt",
        "mnt",
    ):
        (BASE / name).mkdir(parents=True, exist_ok=True)
    (BASE / "tmp").chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        if Path("/", name).is_symlink():
            (BASE / name).symlink_to(f"usr/{name}")
        elif Path("/", name).is_dir():
            (BASE / name).mkdir()
    for name in ETC:
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(source, BASE / "etc" / name, symlinks=True, ignore_dangling_symlinks=True)
        elif source.exists() and os.access(source, os.R_OK):
            shutil.copy2(source, BASE / "etc" / name)


def _enter(root: Path, cwd: str, command: str, env: dict[str, str]) -> None:
    """Become the command, inside `root`. Never returns."""
    for name in ("usr", "bin", "sbin", "lib", "lib64", "lib32"):
        if (root / name).is_dir() and not (root / name).is_symlink():
            _show(Path("/", name), root / name)
    _show(DEVICES, root / "dev")
    _mount("proc", root / "proc", "proc", MS_NOSUID)
    # Entries of /proc reach the kernel: nothing in there may be written.
    _mount("none", root / "proc", "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
    os.chroot(root)
    try:
        os.chdir(cwd)
    except OSError:
        os.chdir("/")
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, 256)
    os.execve("/bin/bash", ["bash", "-c", command], env)


def _run(root: Path, cwd: str, command: str, env: dict[str, str], limit_s: float, overlay: bool) -> int:
    """Run one command to its end; its exit status, or -9 where it took too long."""
    keeper = os.fork()
    if keeper:
        return os.waitstatus_to_exitcode(os.waitpid(keeper, 0)[1])
    try:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _check(_libc.unshare(NEW_MOUNT | NEW_PROCESS | NEW_IPC | NEW_NAME), "unshare")
        if overlay:
            layers = f"lowerdir={BASE},upperdir={UPPER},workdir={WORK},userxattr"
            _mount("overlay", ROOT, "overlay", 0, layers)
        first = os.fork()
        if first == 0:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            try:
                _enter(root, cwd, command, env)
            except Exception as error:
                print(f"could not enter: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(126)
        done = os.pidfd_open(first)
        if not select.select([done], [], [], limit_s)[0]:
            os.kill(first, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    except OSError as error:
        print(error, file=sys.stderr, flush=True)
    finally:
        os._exit(125)


def _facts(path: Path) -> tuple[Any, ...]:
    """What must stay equal. Not a folder's own time: it also tells of locks that came and went."""
    info = path.lstat()
    facts: tuple[Any, ...] = (stat.S_IFMT(info.st_mode), stat.S_IMODE(info.st_mode))
    if stat.S_ISDIR(info.st_mode):
        return facts
    facts = (*facts, info.st_mtime_ns)
    if stat.S_ISLNK(info.st_mode):
        return (*facts, str(path.readlink()))
    if stat.S_ISREG(info.st_mode):
        return (*facts, info.st_size, path.read_bytes())
    return facts


def _changes() -> list[str]:
    """Paths that the upper layer shows as added, removed or changed: content, mode, type, a file's time."""
    found: list[str] = []
    for folder, folders, files in os.walk(UPPER):
        here = Path(folder)
        below = BASE / here.relative_to(UPPER)
        name = f"/{here.relative_to(UPPER)}"
        if here != UPPER and (not below.is_dir() or below.is_symlink() or _facts(here) != _facts(below)):
            found.append(name)
        for each in (*files, *(f for f in folders if (here / f).is_symlink())):
            was = below / each
            if not os.path.lexists(was) or _facts(here / each) != _facts(was):
                found.append(f"{name.rstrip('/.')}/{each}")
    return sorted(found)


def _fresh_layer() -> None:
    for folder in (UPPER, WORK):
        if folder.exists():
            for inner, _, _ in os.walk(folder):
                Path(inner).chmod(0o700)
            shutil.rmtree(folder)
        folder.mkdir()
    # The root of the overlay takes its mode from the upper layer.
    UPPER.chmod(0o755)


def main() -> None:
    """Serve the jobs."""
    order = json.load(sys.stdin)
    _leave_host()
    _stage()
    for script in order["setup"]:
        code = _run(BASE, "/", script, order["env"], 60, False)
        if code in (125, 126):
            raise SystemExit(f"the set-up could not run: {code}")
    for cwd, command in order["jobs"]:
        _fresh_layer()
        code = _run(ROOT, cwd, command, order["env"], order["limit_s"], True)
        print(json.dumps({"exit": code, "changes": _changes()}), flush=True)


main()
