"""How many commands that change nothing are not judged reads; `--list` names them."""

from __future__ import annotations

import sys

from everyday_commands import COMMANDS
from icalfa_commands import worlds
from prepared_tree import SETUP
from shipped_rules import WORKSPACE, is_read, judge
from throwaway_root import Ran, run_all

NOT_FOUND = 127


def report(name: str, ran: list[Ran], cwd: str, names: bool) -> None:
    """Print the figures of one list: reads, wrong reads, needless writes, and what could not be run here."""
    started = [each for each in ran if each.exit != NOT_FOUND]
    reads = [each for each in started if is_read(judge(each.command, cwd=cwd))]
    wrong = [each for each in reads if each.changes]
    quiet = [each for each in started if not each.changes]
    needless = [each for each in quiet if not is_read(judge(each.command, cwd=cwd))]
    print(
        f"{name:10} {len(ran):5} commands, {len(ran) - len(started)} not found, {len(reads)} judged reads, "
        f"{len(wrong)} of them wrong; {len(quiet)} changed nothing, {len(needless)} of them not judged reads"
    )
    for each in wrong:
        print(f"    WRONG  {each.command!r}: {', '.join(each.changes)}")
    for each in needless if names else ():
        worst = judge(each.command, cwd=cwd).worst
        print(f"    {worst.kind:8} {each.exit:4} {each.command!r}  [{worst.rule}] {worst.why}")


def main(names: bool) -> None:
    """Run both lists whole."""
    report("everyday", run_all(COMMANDS, setup=[SETUP], cwd=WORKSPACE, limit_s=2), WORKSPACE, names)
    for number, world in enumerate(worlds(), 1):
        report(f"icalfa {number}", run_all(world.commands, setup=[world.setup], limit_s=2), "/", names)


if __name__ == "__main__":
    main("--list" in sys.argv)
