"""`python -m benchmarks`: every benchmark, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    """Run them; the exit code is that of the last one that failed, 0 when none did."""
    code = 0
    for program in sorted(FOLDER.glob("*.py")):
        if program.name.startswith(("__", "bench_")):
            continue
        print(f"\n== {program.name}", flush=True)
        code = subprocess.run([sys.executable, str(program)], check=False).returncode or code
    return code


if __name__ == "__main__":
    sys.exit(main())
