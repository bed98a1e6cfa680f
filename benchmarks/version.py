"""`supervise --version`, from start to exit, beside the bare interpreter.

python benchmarks/version.py [--repetitions R]
"""

from __future__ import annotations

import argparse
import sys

from bench_stage import SUPERVISE, figure, spawned_ms, target


def main() -> None:
    """Print the figures, both commands in turns."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=30)
    options = parser.parse_args()
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(options.repetitions):
        floor.append(spawned_ms([sys.executable, "-c", "pass"])[0])
        ours.append(spawned_ms([str(SUPERVISE), "--version"])[0])
    figure("python -c pass (floor)", floor)
    median = figure("supervise --version", ours, floor=floor)
    target("supervise --version, median", median, 150)


if __name__ == "__main__":
    main()
