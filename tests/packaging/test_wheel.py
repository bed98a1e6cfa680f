"""The wheel, built and installed as users do it: alone, in a clean environment, away from the checkout."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.claude import bundled_claude
from harness.machine import SYSTEM_PATH, new_machine

CHECKOUT = Path(__file__).resolve().parents[2]


class Installed:
    """The program in an environment of its own."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root = root
        self.env = {**env, "PIP_CACHE_DIR": str(pip_cache()), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(root / "dist"), str(CHECKOUT)])
        (self.wheel,) = (root / "dist").glob("*.whl")
        venv.create(root / "venv", with_pip=False)
        self.bin = root / "venv" / "bin"
        self.pip("install", "--quiet", "--no-compile", str(self.wheel))

    def run(self, argv: list[str], *, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a program, outside of the checkout."""
        done = subprocess.run(
            argv,
            cwd=self.root / "work",
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def pip(self, *words: str) -> str:
        """Run pip on the environment."""
        return self.run([sys.executable, "-m", "pip", "--python", str(self.bin / "python"), *words]).stdout

    def supervise(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the installed `supervise`."""
        return self.run([str(self.bin / "supervise"), *words], code=code)

    def python(self, program: str) -> Any:
        """What a program in the environment's own Python prints, as JSON."""
        return json.loads(self.run([str(self.bin / "python"), "-P", "-c", program]).stdout)


def pip_cache() -> Path:
    """The caller's own cache of downloads, so that each run of the tests does not fetch everything anew."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "pip"


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """The wheel, built from the checkout and installed without any extra."""
    with new_machine() as machine:
        yield Installed(machine.root, {**machine.env, "PATH": SYSTEM_PATH})


def test_the_wheel_holds_the_program_and_nothing_else(installed: Installed) -> None:
    """Both packages, rule packs, the default configuration, the files that are no Python, the hook client;
    no tests, and not what compiles it."""
    names = zipfile.ZipFile(installed.wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"supervisor", "widgets"}
    packs = {f"supervisor/_data/profiles/{path.name}" for path in (CHECKOUT / "profiles").glob("*.toml")}
    others = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "supervisor").rglob("*")
        if "__pycache__" not in path.parts and path.is_file()
    }
    assert packs and "supervisor/gate/hook-client" in others
    others.remove("supervisor/gate/compile_client.py")
    assert {*packs, *others, "supervisor/_data/supervisor.toml"} <= set(names)
    assert not [
        name for name in names if "__pycache__" in name or name.endswith((".pyc", "/compile_client.py"))
    ]
    assert installed.wheel.stem.endswith(f"-py3-none-{sysconfig.get_platform().replace('-', '_')}")


def test_it_is_installed_without_anything_for_its_development(installed: Installed) -> None:
    """No test runner, no checker, no bundled Claude Code: what is needed is declared as needed."""
    program = (
        "import importlib.util as u, json; names = ('pytest', 'mypy', 'hypothesis', 'claude_agent_sdk');"
        "print(json.dumps([name for name in names if u.find_spec(name)]))"
    )
    assert installed.python(program) == []
    where = installed.python("import json, supervisor; print(json.dumps(supervisor.__file__))")
    assert where.startswith(str(installed.root))
    assert installed.pip("check").startswith("No broken requirements")


def test_it_says_its_version(installed: Installed) -> None:
    """`supervise --version` and `-V`, the wheel's own."""
    version = installed.wheel.name.split("-")[1]
    for option in ("--version", "-V"):
        assert installed.supervise(option).stdout == f"supervise {version}\n"


def test_its_rule_packs_and_configuration_are_found(installed: Installed) -> None:
    """From inside the package, byte for byte those of the checkout."""
    program = (
        "import json; from supervisor.places import shipped;"
        "print(json.dumps([str(shipped('profiles')), str(shipped('supervisor.toml'))]))"
    )
    profiles, config = map(Path, installed.python(program))
    assert profiles.is_relative_to(installed.root)
    assert config.read_bytes() == (CHECKOUT / "supervisor.toml").read_bytes()
    found = {path.name: path.read_bytes() for path in profiles.glob("*.toml")}
    assert found == {path.name: path.read_bytes() for path in (CHECKOUT / "profiles").glob("*.toml")}


def test_it_explains_calls_by_its_own_rule_packs(installed: Installed) -> None:
    """`supervise explain` and `supervise profiles` work where there is no checkout."""
    told = json.loads(installed.supervise("explain", "--json", "--bash", "git push origin main").stdout)
    assert (told["effect"], told["scope"], told["decision"]) == ("write", "remote", "simulated")
    listed = json.loads(installed.supervise("profiles", "list", "--json").stdout)["packs"]
    assert {pack["name"] for pack in listed} == {path.stem for path in (CHECKOUT / "profiles").glob("*.toml")}


def test_a_run_of_the_installed_program_goes_through(installed: Installed) -> None:
    """Gate, hook client, scripted model and journal all come from the wheel; the write is not real."""
    script = installed.root / "script.json"
    write = {"tool": "Write", "input": {"file_path": "{cwd}/a.txt", "content": "a"}}
    script.write_text(json.dumps({"turns": [{"calls": [write]}, {"say": "Done."}]}))
    words = ["run", "--headless", "--claude", str(bundled_claude()), "--script", str(script), "task"]
    assert installed.supervise(*words).stdout == "Done.\n"
    (row,) = json.loads(installed.supervise("runs", "--json").stdout)
    (made,) = json.loads(installed.supervise("show", row["id"], "--json").stdout)["calls"]
    assert made["decision"] == "simulated"
    assert not (installed.root / "work" / "a.txt").exists()


def test_without_any_claude_it_says_where_to_get_one(installed: Installed) -> None:
    """None on the PATH, none bundled: the error names all three ways."""
    done = installed.supervise("run", "--headless", "task", code=1)
    assert "Claude Code was not found" in done.stderr
    assert "--claude PATH" in done.stderr
    assert "claude-supervise[claude]" in done.stderr
