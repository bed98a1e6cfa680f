"""A million inputs nobody would type: does the classifier crash, hang or grow, and what does an input cost?

Run it: `python benchmarks/fuzz.py [--count N] [--seed N]`. Times are processor time, for the machine
may be shared. Exit code 1 if an input crashed it or took longer than the cap.
"""

from __future__ import annotations

import argparse
import faulthandler
import heapq
import itertools
import resource
import signal
import sys
import time
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "effects"))

from bench_stage import figure, target
from mutations import inputs

from supervisor.effects.classifier import Classifier
from supervisor.effects.model import Surroundings, ToolCall
from supervisor.effects.profiles import load
from supervisor.places import shipped

CAP_S = 2.0
KILL_S = 20.0
FAULT = "engine.fault"
"""The rule under which the classifier notes an exception of its own."""


def main(count: int, seed: int) -> int:
    """Judge `count` inputs; 1 if any failed."""
    classifier = Classifier(load(shipped("profiles")))
    around = Surroundings(cwd="/home/user/work", workspace="/home/user/work", home="/home/user")
    spent_ms = array("d")
    slowest: list[tuple[float, str]] = []
    failed = 0
    faulthandler.register(signal.SIGVTALRM, chain=True)
    kinds = {"read": 0, "unknown": 0, "write": 0}
    for text in itertools.islice(inputs(seed), count):
        # A hang is past help from inside: the process ends with a trace of where it stands.
        signal.setitimer(signal.ITIMER_VIRTUAL, KILL_S)
        start = time.thread_time()
        try:
            judgement = classifier.judge(ToolCall("Bash", {"command": text}), around)
            fault = next((effect.why for effect in judgement.effects if effect.rule == FAULT), "")
            kinds[judgement.effect.value] += 1
        except KeyboardInterrupt:
            print("stopped before the end")
            break
        except Exception as error:
            fault = repr(error)
        took_ms = (time.thread_time() - start) * 1000
        if took_ms > CAP_S * 1000:
            fault = fault or f"took {took_ms:.0f} ms"
        spent_ms.append(took_ms)
        if fault:
            failed += 1
            print(f"FAILED {fault}: {text[:500]!r}", flush=True)
        heapq.heappush(slowest, (took_ms, text[:300]))
        if len(slowest) > 3:
            heapq.heappop(slowest)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(spent_ms)} inputs (seed {seed}), {sum(spent_ms) / 1000:.0f} s judging; {kinds}; "
        f"{failed} failed"
    )
    figure("one input", spent_ms)
    for took_ms, text in sorted(slowest, reverse=True):
        print(f"  slow: {took_ms:.0f} ms {text!r}")
    target("slowest input", max(spent_ms), CAP_S * 1000)
    target("memory at most", memory_mb, 300, "MB")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(main(options.count, options.seed))
