"""Runs every option that a rule calls harmless, of every program installed here, and shows what changed.

An option that makes a look of a writing call is run beside each other option, too, in both orders. It
takes half an hour, so no test does it: run it after work on the packs. Arguments name the programs to
run; without any it runs all but those that never end.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Iterator

from prepared_tree import SETUP
from shipped_rules import WORKSPACE, classifier, is_read, judge
from throwaway_root import ENVIRONMENT, run_all

from supervisor.effects.model import EffectKind
from supervisor.effects.rules import Program, Role, Rule, Style, Takes

ENDLESS = frozenset(("journalctl", "ping", "sleep", "tail", "top", "vmstat", "watch", "yes"))
BOOKS = ("/home/user/.cache", "/home/user/.config", "/home/user/.gnupg", "/home/user/.npm", "/tmp/hsperfdata")
"""What programs note about themselves, whatever they are asked."""
AT_ONCE = 500


def calls(start: str, rule: Rule) -> Iterator[str]:
    """Calls of one rule: plain, and with each option, before a file that is there and one that is not.

    `start` is the program and the words of its sub-command.
    """
    yield from (start, f"{start} notes.txt")
    for option, meaning in rule.options.items():
        if meaning.role is Role.HELP:
            continue
        if meaning.takes is Takes.NOTHING:
            yield from (
                f"{start} {option}",
                f"{start} {option} notes.txt",
                f"{start} {option} new.txt notes.txt",
            )
        elif meaning.takes in (Takes.VALUE, Takes.OPTIONAL):
            equals = "=" if option.startswith("--") or rule.style is Style.LONG else ""
            yield from (f"{start} {option} new.txt notes.txt", f"{start} {option}{equals}new.txt notes.txt")
    looks = [option for option, meaning in rule.options.items() if meaning.makes is EffectKind.READ]
    for look in looks if rule.effect is not EffectKind.READ else ():
        for option, meaning in rule.options.items():
            other = f"{option} 1" if meaning.takes is Takes.VALUE else option
            yield from (f"{start} {look} {other} notes.txt", f"{start} {other} {look} notes.txt")


def rules(name: str, program: Program) -> Iterator[tuple[str, Rule]]:
    """Its own rule, if that judges calls, and those of its sub-commands that are spelled out."""
    if program.own_args or not program.commands:
        yield name, program.rule
    several = {id(rule): rule for found in program.commands.values() for rule in found}
    for rule in several.values():
        for words in itertools.product(*(sorted(step.words) for step in rule.path)):
            yield " ".join((name, *words)), rule


def main(names: list[str]) -> None:
    """Print each call that is judged a read and changed something."""
    jobs: list[str] = []
    for name, program in sorted(classifier().rules.programs.items()):
        wanted = name in names if names else name not in ENDLESS
        if wanted and " " not in name and shutil.which(name, path=ENVIRONMENT["PATH"]):
            place = "cd repo; " if name == "git" else ""
            jobs += (
                f"{place}{call} </dev/null"
                for start, rule in rules(name, program)
                for call in calls(start, rule)
            )
    jobs = [job for job in dict.fromkeys(jobs) if is_read(judge(job))]
    for at in range(0, len(jobs), AT_ONCE):
        print(f"{at} of {len(jobs)}", file=sys.stderr)
        for ran in run_all(jobs[at : at + AT_ONCE], setup=[SETUP], cwd=WORKSPACE, limit_s=1):
            changes = [path for path in ran.changes if not path.startswith(BOOKS)]
            if changes:
                print(f"{ran.command!r} changed {', '.join(changes)}")


if __name__ == "__main__":
    main(sys.argv[1:])
