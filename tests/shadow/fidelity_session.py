"""The session of the fidelity test: 40 mixed calls, the folder they work in, and what each of them answered.

Played twice, in a dry run and bare, in the same folder. What may differ between two runs of any program, the
time of day and ids, is taken out of the answers; nothing else is.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shadowing import User

from supervisor.session.transcript import Asked, Result, TranscriptRecord

WHEEL = "wheels/tiny-1.0-py3-none-any.whl"
SMALL_FILES = 1_000
DATE = "2026-01-02T03:04:05Z"
GIT = f"GIT_AUTHOR_DATE={DATE} GIT_COMMITTER_DATE={DATE} git -c user.name=a -c user.email=a@example.org"
PIP = "venv/bin/python -m pip --disable-pip-version-check"
STATUS = "git status --short"

BUILD = """import os, pathlib, sys, tempfile
mark = os.path.basename(os.path.dirname(os.getcwd()))
tempfile.NamedTemporaryFile(prefix=mark + "-", delete=False).close()
try:
    os.makedirs(os.path.expanduser("~/.cache/made"))
except OSError:
    pass
for name in sys.argv[1:]:
    path = pathlib.Path("build") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name.upper() + "\\n")
    print(path, path.stat().st_size)
"""

SERVER = """import http.server, pathlib, threading
class Notes(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open("served.txt", "ab") as file:
            file.write(self.rfile.read(int(self.headers["content-length"])) + b"\\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *words):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Notes)
threading.Thread(target=server.serve_forever, daemon=True).start()
import time, urllib.request
for n in range(3):
    urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", f"note {n}".encode())
pathlib.Path("served.done").write_text("done\\n")
print("serving", flush=True)
while not pathlib.Path("served.stop").exists():
    time.sleep(0.05)
pathlib.Path("served.end").write_text("end\\n")
"""


def call(tool: str, **given: Any) -> dict[str, Any]:
    """One call."""
    return {"tool": tool, "input": given}


def bash(command: str, **given: Any) -> dict[str, Any]:
    """One shell command."""
    return call("Bash", command=command, description="A step", **given)


def calls() -> list[list[dict[str, Any]]]:
    """The main agent's calls, turn by turn."""
    one_a_turn = [
        call("Write", file_path="{cwd}/notes.txt", content="one\ntwo\nthree\n"),
        call("Edit", file_path="{cwd}/notes.txt", old_string="two", new_string="zwei"),
        call("Read", file_path="{cwd}/notes.txt"),
        bash("sort -r notes.txt README.md | uniq | tee sorted.txt | wc -l; cat sorted.txt; pwd; id -u"),
        call("Read", file_path="{cwd}/README.md"),
        call("Edit", file_path="{cwd}/README.md", old_string="Read me.", new_string="Read me again."),
        call("Edit", file_path="{cwd}/README.md", old_string="not there", new_string="x"),
        call("Write", file_path="{cwd}/data/closed.txt", content="unread before\n"),
        bash(f"git init --quiet --initial-branch=main . && git add -A && {STATUS}"),
        bash(f"{GIT} commit --quiet --message first && git log --format='%h %an %s' && {STATUS}"),
        bash(f"{GIT} branch feature && {GIT} checkout --quiet feature && git branch --list"),
        call("Write", file_path="{cwd}/src/feature.py", content="FEATURE = True\n"),
        bash(f"git add src && {GIT} commit --quiet --message feature && git log --oneline && git ls-files"),
        bash(f"{GIT} checkout --quiet main && ls src && {GIT} merge --quiet feature && ls src"),
        bash(
            "python3 -m venv --system-site-packages --without-pip venv; echo /venv > .gitignore; ls venv/bin"
        ),
        bash(f"{PIP} install --no-index --no-compile {WHEEL}"),
        bash("venv/bin/python -B -c 'import tiny; tiny.say()'"),
        bash(
            f"for i in $(seq {SMALL_FILES}); do p=node_modules/pkg-$i; mkdir -p $p; "
            'echo "module.exports = $i" > $p/index.js; done; find node_modules -type f | wc -l'
        ),
        bash("rm -r node_modules/pkg-1*; find node_modules | sort | sha256sum; cat node_modules/pkg-999/*"),
        bash("mv src/util.py src/helper.py && mv old older && find src old older | sort"),
        bash("chmod 600 README.md && chmod 755 notes.txt && chmod 750 data && stat -c '%a %F %n' *"),
        bash("ln -s ../README.md src/me && ln -sfn src link && readlink link src/me && cat link/me"),
        bash("ln notes.txt hard && echo four >> hard && cat notes.txt && stat -c '%h %s' hard notes.txt"),
        bash("rm gone.txt; cat gone.txt; test -e gone.txt; echo $?"),
        bash("cd data && ls -a && mkdir -p a/b && rmdir a/b && cd .. && exit 3"),
        bash("rm -r data && mkdir data && echo anew > data/anew && ls -A data"),
        call("Write", file_path="{cwd}/build.py", content=BUILD),
        bash("python3 -B build.py x/one y/two && make -s && cat made.txt"),
        bash("sed -i s/zwei/drei/ notes.txt && awk '{n += length} END {print n}' notes.txt && cat notes.txt"),
        bash("mkdir un && tar --mtime=@0 --sort=name -cf un.tar src build && tar -xf un.tar -C un && ls un"),
        bash("echo s > 'a name with spaces'; echo n > $'new\\nline'; echo u > ü; ls -Q | tail -5"),
        bash("mkfifo pipe && (echo through > pipe &) && cat pipe && stat -c %F pipe"),
        bash("touch -d 2001-02-03 stamp && find . -maxdepth 1 ! -newer stamp && echo true >> script.sh"),
        call("Write", file_path="{cwd}/server.py", content=SERVER),
        bash("python3 -B server.py", run_in_background=True),
        bash("until [ -s served.done ]; do sleep 0.1; done; cat served.txt"),
        call(
            "Agent",
            description="A part",
            prompt="Helper: write your part",
            subagent_type="general-purpose",
            run_in_background=False,
        ),
        call("Read", file_path="{cwd}/part.txt"),
        bash(f"{STATUS}; git diff --stat; ./script.sh; ls -1"),
        bash("touch served.stop; until [ -s served.end ]; do sleep 0.1; done; ls served*"),
    ]
    together = [
        call("Read", file_path="{cwd}/sorted.txt"),
        bash("cat notes.txt | head -1"),
        bash("find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 cksum | sha256sum; ls -A"),
    ]
    return [[each] for each in one_a_turn] + [together]


AGENTS = {
    "^Helper": {
        "turns": [
            {"calls": [call("Write", file_path="{cwd}/part.txt", content="part\n")]},
            {"calls": [bash("echo more >> part.txt; cat part.txt > part.copy; cat part.copy")]},
            {"say": "My part is done."},
        ]
    }
}


def turns() -> list[dict[str, Any]]:
    """The script's turns."""
    return [{"calls": each} for each in calls()] + [{"say": "All is done."}]


def lay_out(folder: Path) -> None:
    """The folder the session starts in."""
    texts = {
        "README.md": "Read me.\nThis is a project.\n",
        "gone.txt": "gone soon\n",
        "src/app.py": "import util\nprint(util.NAME)\n",
        "src/util.py": "NAME = 'app'\n",
        "old/a.txt": "a\n",
        "old/deep/b.txt": "b\n",
        "data/closed.txt": "closed\n",
        "data/other.txt": "other\n",
        "Makefile": "made.txt: README.md\n\tsed s/Read/Made/ README.md > made.txt\n",
        "script.sh": "#!/bin/sh\necho script in $PWD\n",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "script.sh").chmod(0o755)
    (folder / "data/closed.txt").chmod(0o640)
    (folder / "link").symlink_to("old")
    os.setxattr(folder / "README.md", "user.note", b"kept")
    (folder / "wheels").mkdir()
    build_wheel(folder / WHEEL)
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)


def build_wheel(path: Path) -> None:
    """A wheel of one module, as a build backend would make it."""
    files = {
        "tiny.py": "def say():\n    print('tiny was here')\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text)}")
    files["tiny-1.0.dist-info/RECORD"] = "\n".join([*rows, "tiny-1.0.dist-info/RECORD,,", ""])
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(zipfile.ZipInfo(name), text)


_IDS = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"(?<=with ID: )\w+|(?<=/tasks/)\w+(?=\.output)|(?<=agentId: )\w+|(?<=to: ')\w+"), "ID"),
    (re.compile(r"(?<=subagent_tokens: )\d+"), "TOKENS"),
    (re.compile(r"\bduration_ms: \d+|\b\d+(\.\d+)? ?(ms|seconds)\b"), "TIME"),
)


Answers = dict[str, tuple[str, bool, str]]
"""By a call's id: the call, whether its result was an error, and the text of the result."""


def plain(text: str, names: Mapping[str, str]) -> str:
    """`text` without times and ids.

    Args:
        names: what else is an id of this one run (a folder, an id of a command), and its name.
    """
    for own, name in sorted(names.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(own, name)
    for pattern, name in _IDS:
        text = pattern.sub(name, text)
    return text


def answers(records: Iterable[TranscriptRecord], names: Mapping[str, str]) -> Answers:
    """What each call of a conversation came to."""
    listed = list(records)
    asked = {each.tool_use_id: each for each in listed if isinstance(each, Asked)}
    return {
        each.tool_use_id: (_short(asked[each.tool_use_id]), each.error, plain(each.text, names))
        for each in listed
        if isinstance(each, Result)
    }


def _short(asked: Asked) -> str:
    what = asked.input.get("command") or asked.input.get("file_path") or asked.input.get("prompt") or ""
    return f"{asked.tool} {what}"


def as_user(user: User, argv: list[str], reach: Path, *paths: Path) -> list[str]:
    """`argv` as this user runs it; `paths` are within reach, whichever folder of ours they lie in.

    A checkout or a Python below a closed home is of no use to another user: in a mount namespace of its own
    the closed folder is covered by an open one in which only those paths are.

    Args:
        reach: an empty folder to mount in.
    """
    if user.uid == os.getuid():
        return argv
    lines = []
    for number, (closed, inside) in enumerate(_closed(paths).items()):
        for place, path in enumerate(inside):
            stage = reach / f"{number}-{place}"
            stage.mkdir(parents=True, exist_ok=True)
            lines.append(f"mount --bind {path} {stage}")
        lines.append(f"mount -t tmpfs -o mode=0755 open {closed}")
        for place, path in enumerate(inside):
            lines += [f"mkdir -p {path}", f"mount --move {reach / f'{number}-{place}'} {path}"]
    drop = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"]
    script = "\n".join([*lines, f'exec {" ".join(drop)} "$@"'])
    return ["unshare", "--mount", "--propagation=private", "sh", "-ec", script, "sh", *argv]


def _closed(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    """The outermost folder above each of `paths` that others may not enter."""
    found: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(path.resolve() for path in paths):
        for above in reversed(path.parents):
            if not above.stat().st_mode & 0o001:
                found.setdefault(above, []).append(path)
                break
    return found


def put_copy_in_place(folder: Path) -> None:
    """Put a plain copy of `folder` at its path; it stands aside from then on, for the next copy."""
    aside = folder.with_name(f"{folder.name}-itself")
    if aside.exists():
        shutil.rmtree(folder)
    else:
        folder.rename(aside)
    subprocess.run(["cp", "-a", str(aside), str(folder)], check=True)


def programs() -> str:
    """PATH of the session: the Python of the tests, which has pip, and the system's programs."""
    assert shutil.which("pip", path=f"{sys.prefix}/bin"), "the Python of the tests has no pip"
    return f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin"
