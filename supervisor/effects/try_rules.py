"""Try rules by hand: `python -m supervisor.effects.try_rules 'git push' …` says what each would do."""

from __future__ import annotations

import sys
from pathlib import Path

from supervisor.effects.classifier import Classifier
from supervisor.effects.model import Surroundings, ToolCall
from supervisor.effects.profiles import load
from supervisor.errors import ConfigError
from supervisor.places import shipped


def main(commands: list[str]) -> int:
    """Judge each command as Bash would run it in the current folder."""
    try:
        classifier = Classifier(load(shipped("profiles")))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    here = str(Path.cwd())
    around = Surroundings(cwd=here, workspace=here, home=str(Path.home()))
    for command in commands or (line.rstrip("\n") for line in sys.stdin):
        judgement = classifier.judge(ToolCall("Bash", {"command": command}), around)
        print(f"{judgement.effect:8} {command}")
        for effect in judgement.effects:
            mark = " consumes" if effect.consumes else ""
            print(f"    {effect.kind}{mark}  {effect.scope}  {effect.target}  [{effect.rule}]  {effect.why}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
