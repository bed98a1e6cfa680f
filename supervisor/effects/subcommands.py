"""Which rule a program call falls under: the words of its sub-command, and how well patterns match them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from supervisor.effects.arguments import Given, take_apart
from supervisor.effects.rules import Program, Rule, Step
from supervisor.effects.words import Word


def find_rule(
    program: Program, words: list[Word]
) -> tuple[Rule | None, tuple[str, ...], list[Word], list[Given], list[str]]:
    """The rule for the call, its sub-command words, the words after them, and what stood before them."""
    root = program.rule
    if not program.depth:
        return root, (), words, [], []
    lead = msgspec.structs.replace(root, stop_at_args=True)
    path: list[str] = []
    ends: list[tuple[int, list[Given], list[str]]] = []
    given: list[Given] = []
    doubts: list[str] = []
    rest = words
    helps = False
    while len(path) < program.depth:
        parsed = take_apart(lead, rest, given)
        if parsed.helps:
            helps = True
            if not path:
                return root, (), rest, given, doubts
            break
        if not parsed.positionals or not parsed.positionals[0].exact:
            break
        given, doubts = parsed.given, doubts + parsed.doubts
        path.append(parsed.positionals[0].text)
        rest = parsed.positionals[1:]
        ends.append((len(words) - len(rest), given, doubts))
    best: tuple[_Match, Rule] | None = None
    for rule in (*program.commands.get(path[0] if path else "", ()), *program.patterns):
        if any(needed.isdisjoint(path) for needed in rule.needs):
            continue
        match = _matches(rule.path, path)
        if match is not None and (best is None or match.score > best[0].score):
            best = (match, rule)
    if best is not None:
        match, rule = best
        end, given, doubts = ends[match.length - 1]
        named = msgspec.structs.replace(rule, id=".".join((rule.program, *match.patterns)))
        return named, tuple(path[: match.length]), words[end:], given, doubts
    if helps and any(path[0] == word for word in program.commands):
        return root, tuple(path), rest, given, doubts
    if program.own_args or not path:
        return root, (), words, [], []
    return None, tuple(path[:2]), [], [], []


class _Match(NamedTuple):
    """How the words of a call match those of a rule.

    Attributes:
        score: how well; more is better.
        length: how many words they are.
        patterns: the alternative that each of the rule's words was matched by.
    """

    score: tuple[int, ...]
    length: int
    patterns: tuple[str, ...]


def _matches(steps: tuple[Step, ...], path: list[str]) -> _Match | None:
    """How the beginning of `path` matches `steps`; None if it does not."""
    for at, step in enumerate(steps):
        if step.many:
            return _match_across(steps[:at], steps[at + 1 :], path)
    if len(steps) > len(path):
        return None
    score: list[int] = []
    patterns: list[str] = []
    for step, word in zip(steps, path, strict=False):
        if word in step.words:
            score.append(1000)
            patterns.append(word)
        elif found := [glob for glob in step.globs if fnmatchcase(word, glob)]:
            patterns.append(max(found, key=len))
            score.append(len(patterns[-1]))
        else:
            return None
    return _Match(tuple(score), len(steps), tuple(patterns))


def _match_across(before: tuple[Step, ...], after: tuple[Step, ...], path: list[str]) -> _Match | None:
    """The same with any number of words between `before` and `after`."""
    start = _matches(before, path)
    if start is None:
        return None
    for skip in range(len(path) - start.length - len(after) + 1):
        found = _matches(after, path[start.length + skip :])
        if found is not None:
            # The leftmost verb is the verb: what follows it is its arguments.
            score = (*start.score, -skip, *found.score)
            return _Match(score, start.length + skip + found.length, (*start.patterns, "**", *found.patterns))
    return None
