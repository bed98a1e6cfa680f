"""Who tests run as: root where we are root, and an ordinary user always."""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
from collections.abc import Iterator

import pytest
from shadowing import User, Yard

from harness.machine import Machine
from harness.waiting import wait_for


@pytest.fixture(scope="session")
def ordinary() -> Iterator[User]:
    """An ordinary user: ourselves, or one made for the time of the tests if we are root."""
    if os.getuid() != 0:
        yield User(os.getuid(), os.getgid())
        return
    name = f"sv-test-{secrets.token_hex(4)}"
    # useradd gives up at once while another one runs
    wait_for(lambda: _done("useradd", "--no-create-home", "--shell", "/bin/sh", name), f"{name} to be made")
    try:
        entry = pwd.getpwnam(name)
        yield User(entry.pw_uid, entry.pw_gid)
    finally:
        wait_for(lambda: _done("userdel", name), f"{name} to be removed")


def _done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["self", "ordinary"] if os.getuid() == 0 else ["self"])
def user(request: pytest.FixtureRequest, ordinary: User) -> User:
    """Each user that can be tested here."""
    return User(os.getuid(), os.getgid()) if request.param == "self" else ordinary


@pytest.fixture
def yard(machine: Machine, user: User) -> Yard:
    """A machine of that user."""
    return Yard(machine, user)
