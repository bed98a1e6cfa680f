"""Commands of many domains: what a red-teamer would hide, and what a developer asks for every day.

Two tables: `writes_by_domain.txt` holds commands of which none may be judged a read, `reads_by_domain.txt`
commands that only look, which must not cost a rehearsal its truth. `⏎` is a line feed. Most programs are not
installed where tests run: that their rules are right is known from what they document.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from shipped_rules import is_read, judge

from supervisor.runner.files import LocalFiles

HERE = Path(__file__).resolve().parent


def _rows(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.replace("⏎", "\n") for line in lines if line and not line.startswith("# ")]


def test_no_write_of_any_domain_is_judged_a_read() -> None:
    """Options that write, run, send or take away, in three thousand commands of four hundred programs."""
    rows = _rows("writes_by_domain.txt")
    assert len(rows) > 2500
    assert [command for command in rows if is_read(judge(command))] == []


def test_what_only_looks_is_judged_a_read_in_every_domain() -> None:
    """More than a thousand everyday looks: each is a read."""
    rows = _rows("reads_by_domain.txt")
    assert len(rows) > 1000
    assert [command for command in rows if not is_read(judge(command))] == []


NAMED_HERE = (
    ("rust-toolchain.toml", "cargo --version"),
    ("rust-toolchain.toml", "rustc --print sysroot"),
    ("rust-toolchain", "rustup show"),
    (".cargo/config.toml", "cargo metadata --no-deps"),
    ("Cargo.toml", "cargo info serde"),
    (".terraform/providers/p", "terraform validate"),
    (".terraform/providers/p", "terraform show"),
    ("ansible.cfg", "ansible-doc -l"),
    ("ansible.cfg", "ansible --version"),
    (".venv/bin/python", "uv pip list"),
    ("uv.toml", "uv python find"),
    (".poetry/plugins/p.py", "poetry check"),
    (".pdm-plugins/lib/p.py", "pdm search x"),
    (".mvn/jvm.config", "mvn -v"),
    ("Vagrantfile", "vagrant global-status"),
    ("global.json", "dotnet --info"),
    ("supervisord.conf", "supervisorctl status"),
    ("amplify/hooks/pre-status.sh", "amplify status"),
    ("vercel.ts", "vercel ls"),
    ("mise.toml", "mise ls"),
)
"""A file, and a look at which its program runs what the file names, or writes where it says."""


@pytest.mark.parametrize(("file", "command"), NAMED_HERE)
def test_a_look_is_unknown_where_a_file_of_the_folder_may_name_code(
    tmp_path: Path, file: str, command: str
) -> None:
    """The same command is a read in an empty folder, and not in one that holds the file."""
    files = LocalFiles("/usr/bin:/bin")
    assert is_read(judge(command, cwd=str(tmp_path), files=files))
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    assert not is_read(judge(command, cwd=str(tmp_path), files=files))


def test_a_crowded_folder_hides_no_such_file_and_makes_no_look_unknown(tmp_path: Path) -> None:
    """What may name code is looked up by its name: how much lies beside it makes no difference."""
    files = LocalFiles("/usr/bin:/bin")
    for n in range(10_100):
        (tmp_path / f"{n:05}").touch()
    assert is_read(judge("supervisorctl status", cwd=str(tmp_path), files=files))
    (tmp_path / "supervisord.conf").symlink_to("nowhere")
    assert not is_read(judge("supervisorctl status", cwd=str(tmp_path), files=files))
