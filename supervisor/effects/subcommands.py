"""Which rule a program call falls under: the words of its sub-command, and how well patterns match them."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from supervisor.effects.arguments import Given, take_apart
from supervisor.effects.rules import Program, Rule
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
    best: tuple[tuple[int, ...], Rule, int] | None = None
    present = frozenset(path)
    for rule in (*program.commands.get(path[0] if path else "", ()), *program.patterns):
        if not rule.needs <= present:
            continue
        match = _matches(rule.path, path)
        if match is not None and (best is None or match[0] > best[0]):
            best = (match[0], rule, match[1])
    if best is not None:
        end, given, doubts = ends[best[2] - 1]
        return best[1], tuple(path[: best[2]]), words[end:], given, doubts
    if helps and any(path[0] == word for word in program.commands):
        return root, tuple(path), rest, given, doubts
    if program.own_args or not path:
        return root, (), words, [], []
    return None, tuple(path[:2]), [], [], []


def _matches(patterns: tuple[str, ...], path: list[str]) -> tuple[tuple[int, ...], int] | None:
    """How well `patterns` match the beginning of `path` (more is better), and how many words they take."""
    if "**" in patterns:
        at = patterns.index("**")
        before, after = patterns[:at], patterns[at + 1 :]
        start = _matches(before, path) if before else ((), 0)
        if start is None:
            return None
        for skip in range(len(path) - start[1] - len(after) + 1):
            found = _matches(after, path[start[1] + skip :])
            if found is not None:
                # The leftmost verb is the verb: what follows it is its arguments.
                return (*start[0], -skip, *found[0]), start[1] + skip + found[1]
        return None
    if len(patterns) > len(path):
        return None
    score: list[int] = []
    for pattern, word in zip(patterns, path, strict=False):
        if pattern == word:
            score.append(1000)
        elif "*" in pattern and fnmatchcase(word, pattern):
            score.append(len(pattern))
        else:
            return None
    return tuple(score), len(patterns)
