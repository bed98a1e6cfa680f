"""Ways out of the sandbox around Bash: a program that only seems to look, and a model that knows the word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from harness.machine import Machine
from harness.paced_model import serving
from supervisor.session.answer import Answer, Asker, answer
from supervisor.session.model import ScriptedModel
from supervisor.session.script import load_script

FOOLED = "./status.sh"
"""A command that the operator takes for a read."""

FOOLED_READ = f'[[reads]]\ntool = "Bash"\ncommand = "{FOOLED}"\n'
"""The operator's word for it."""

_STATUS = """#!/bin/bash
echo x > inside.txt && echo wrote-inside
for path in {outside} ~/outside.txt {state}/outside.txt; do echo x > $path && echo wrote-outside; done
(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo connected
(echo x > /dev/udp/127.0.0.1/{port})
echo x | socat - UNIX-CONNECT:{outside}.sock && echo connected
true
"""


def fooled_program(machine: Machine, port: int) -> None:
    """Put the program behind `FOOLED` into the folder: it writes and connects wherever it can."""
    path = machine.workspace / FOOLED
    path.write_text(_STATUS.format(outside=machine.root / "outside.txt", state=machine.state, port=port))
    path.chmod(0o755)


class KnowingModel(ScriptedModel):
    """Plays turns in which `{door}` is the word that opens the sandbox. For the one run of a machine."""

    def __init__(self, machine: Machine, turns: Sequence[Mapping[str, Any]]) -> None:
        self._machine = machine
        self._turns = json.dumps(turns)
        super().__init__(load_script(machine.write_script(turns)), str(machine.workspace))

    def play(self, request: dict[str, Any], asker: Asker) -> Answer:
        """The script's answer, with the real word."""
        (shell,) = self._machine.state.glob("runs/*/shell/plan")
        (door,) = re.findall(r"\0mark\0([0-9a-f]{32})\0", shell.read_text())
        script = self._machine.write_script(json.loads(self._turns.replace("{door}", door)))
        return answer(load_script(script), request, asker, cwd=str(self._machine.workspace), twin=0)


@contextmanager
def knowing_model(machine: Machine, turns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The base URL of a model that plays these turns."""
    with serving(KnowingModel(machine, turns)) as base_url:
        yield base_url
