"""Random and mutated shell text: `python tests/effects/fuzz_shell.py 1000000 [seed]` judges that many.

Prints each input that made the classifier fail or cost over a second of processor time, then the figures.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator

from hidden_writes import WRITES

from supervisor.effects.classifier import Classifier
from supervisor.effects.model import Surroundings, ToolCall
from supervisor.effects.profiles import load
from supervisor.places import shipped

SLOW_S = 1.0
_PIECES = (
    'rm x', 'ls', 'cat', 'echo', 'git log', 'find . -exec', 'sed', 'awk', 'xargs', 'sh -c', 'eval',
    '$x', '${x}', '${x:-', '$(', ')', '`', "'", '"', '\\', '\n', ';', '&&', '||', '|', '&', '>', '>>',
    '<', '<<EOF\n', '<<<', '2>&1', '{', '}', '{a,b}', '((', '))', '[[', ']]', '[', ']', 'if', 'then',
    'fi', 'for i in', 'while', 'do', 'done', 'case', 'in', 'esac', 'f() {', '*', '?', '~', '#', '=',
    'x=', '-o', '--output=', '-', '--', "$'\\x41'", '$((', '<(', '>(', '!', '\t', '\r', '\x00', '\xe9',
    '\u200b', 'EOF\n', 'SELECT 1', 'DELETE FROM x', 'psql -c', 'python3 -c', 'import os', '{print $1}',
    's/a/b/', 'curl', 'http://x', '/dev/tcp/a/1',
)  # fmt: skip


def inputs(seed: int) -> Iterator[str]:
    """Endless shell texts: random pieces, and commands with pieces put in, left out, doubled and swapped."""
    chance = random.Random(seed)
    while True:
        if chance.random() < 0.4:
            glue = chance.choice(("", " "))
            yield glue.join(chance.choices(_PIECES, k=chance.randint(1, 24)))
            continue
        text = chance.choice(WRITES)
        for _ in range(chance.randint(1, 5)):
            at = chance.randint(0, len(text))
            other = chance.choice(
                (chance.choice(_PIECES), chance.choice(WRITES), chr(chance.randint(1, 0x2FF)))
            )
            end = min(len(text), at + chance.choice((0, 0, 1, 3, 10)))
            text = text[:at] + other + text[end:]
            if chance.random() < 0.02:
                text *= chance.randint(2, 200)
        yield text[:20_000]


def main(count: int, seed: int) -> int:
    """Judge `count` inputs; the number of those that failed or were slow."""
    classifier = Classifier(load(shipped("profiles")))
    around = Surroundings(cwd="/w", workspace="/w", home="/home/u")
    bad = 0
    slowest = 0.0
    began = time.perf_counter()
    for number, text in enumerate(inputs(seed), 1):
        start = time.thread_time()
        judgement = classifier.judge(ToolCall("Bash", {"command": text}), around)
        took = time.thread_time() - start
        slowest = max(slowest, took)
        fault = next((effect.why for effect in judgement.effects if effect.rule == "engine.fault"), "")
        if fault or took > SLOW_S:
            bad += 1
            print(f"{took:.2f}s {fault} {text[:300]!r}", flush=True)
        if number >= count:
            break
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    spent = time.perf_counter() - began
    print(
        f"{count} inputs in {spent:.0f} s, slowest {slowest * 1000:.0f} ms, at most {memory_mb} MB, {bad} bad"
    )
    return bad


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
