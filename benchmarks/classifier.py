"""How right and how fast the classifier is, beside two others, on the same lines in the same run.

    python benchmarks/classifier.py [--corpora FOLDER] [--alone]

The labelled commands lie beside the checkout, in `../shared/corpora`; else a small sample of our own is used.
`bash-classify` and `nah` are installed from PyPI into a venv of their own, kept in the user's cache folder.
They need Python 3.12; where there is none, or no PyPI, only our figures are printed and the reason is said.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "effects"))

from labelled_commands import BESIDE, Labelled, commands, effects, score
from shipped_rules import classifier, is_read, judge

ROOT = Path(__file__).resolve().parents[1]
RIVALS = {"bash-classify": "bash-classify==0.14.1", "nah": "nah==0.11.0"}
LABELS = ("READONLY", "LOCAL_EFFECTS", "EXTERNAL_EFFECTS", "DANGEROUS", "UNKNOWN")
STREAMED = 10_000
STREAM_LIMIT_S = 10.0


def ours(rows: Iterable[Labelled]) -> tuple[list[bool], list[float]]:
    """Our answer for each row, and the processor time it took (ms): a busy machine does not falsify that."""
    classifier()
    judge("true")
    reads, times = [], []
    for row in rows:
        start = time.thread_time()
        judgement = judge(row.command)
        times.append((time.thread_time() - start) * 1000)
        reads.append(is_read(judgement))
    return reads, times


def theirs(python: Path, name: str, rows: list[Labelled]) -> tuple[list[bool], list[float]]:
    """A rival's answers and times, from a process inside its venv with a home folder of its own."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [str(python), str(ROOT / "benchmarks" / "bench_rivals.py"), name],
            input="".join(json.dumps({"command": row.command}) + "\n" for row in rows),
            capture_output=True,
            text=True,
            check=True,
            cwd=home,
            env={"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [answer["read"] for answer in answers], [answer["ms"] for answer in answers]


def python_312() -> str | None:
    """A Python of at least 3.12: this one, one on PATH, or a neighbour of this one's installation."""
    neighbours = sorted(Path(sys.base_prefix).parent.glob("*/bin/python3.1[2-9]"), reverse=True)
    for candidate in (sys.executable, "python3.14", "python3.13", "python3.12", *map(str, neighbours)):
        try:
            said = subprocess.run(
                [candidate, "-c", "import sys; print(sys.version_info >= (3, 12))"],
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            continue
        if said.stdout.strip() == "True":
            return candidate
    return None


def rivals_venv() -> Path | None:
    """The Python of the venv that holds the rivals, made at the first run; None where it cannot be made."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = (
        cache / "claude-supervise-benchmarks" / "-".join(spec.replace("==", "-") for spec in RIVALS.values())
    )
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if ready.exists():
        return python
    base = python_312()
    if base is None:
        print("The others are not measured: they need Python 3.12, and there is none here.")
        return None
    print(f"Installing {', '.join(RIVALS.values())} …", flush=True)
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *RIVALS.values(),
    ]
    try:
        subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The others are not measured: they cannot be installed: {error}")
        return None
    ready.touch()
    return python


def quantile(samples: list[float], share: float) -> float:
    """The nearest-rank quantile."""
    return sorted(samples)[min(len(samples) - 1, int(share * len(samples)))]


def report(
    name: str,
    rows: list[Labelled],
    answer: tuple[list[bool], list[float]],
    kinds: list[Labelled],
    kind: list[bool],
) -> None:
    """Print one classifier's lines."""
    reads, times = answer
    asks, safes = score(rows, reads, safe=False), score(rows, reads, safe=True)
    print(f"\n{name}")
    argued = (
        f" ({asks.undisputed_percent:.2f} % without {asks.disputed} argued labels)" if name == "ours" else ""
    )
    print(f"  ask judged read    {asks.reads:5d} of {asks.total:5d}   {asks.percent:6.2f} %{argued}")
    print(f"  safe judged read   {safes.reads:5d} of {safes.total:5d}   {safes.percent:6.2f} %")
    for label in LABELS:
        of_label = [(row, read) for row, read in zip(kinds, kind, strict=True) if row.label == label]
        if of_label:
            given = score(
                [row for row, _ in of_label], [read for _, read in of_label], safe=label == "READONLY"
            )
            known = f", {given.disputed} of them argued" if name == "ours" and given.disputed else ""
            print(f"  {label:<18} {given.reads:5d} of {given.total:5d}   judged read{known}")
    middle, slow = quantile(times, 0.5), quantile(times, 0.99)
    print(f"  a command          p50 {middle:.3f} ms   p99 {slow:.3f} ms of processor time")


def stream(rows: list[Labelled]) -> None:
    """Put 10,000 commands through `supervise explain --jsonl`, and print how long that takes."""
    supervise = Path(sys.executable).parent / "supervise"
    lines = "".join(
        json.dumps({"tool_name": "Bash", "tool_input": {"command": row.command}}) + "\n"
        for row in islice(cycle(rows), STREAMED)
    )
    with tempfile.TemporaryDirectory() as home:
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [str(supervise), "explain", "--jsonl"],
            input=lines,
            capture_output=True,
            text=True,
            check=True,
            cwd=home,
            env={"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
        took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answers = len(done.stdout.splitlines())
    verdict = "within" if took <= STREAM_LIMIT_S and answers == STREAMED else "MISSES"
    print(f"\n{answers} commands through `explain --jsonl`: {took:.2f} s ({verdict} {STREAM_LIMIT_S:.0f} s),")
    print(f"of which {busy:.2f} s of processor time")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--corpora", type=Path, default=BESIDE, help="folder with commands.jsonl and effects.jsonl"
    )
    parser.add_argument("--alone", action="store_true", help="only ours")
    options = parser.parse_args()
    rows, kinds = commands(options.corpora), effects(options.corpora)
    if not options.corpora.is_dir():
        print("The labelled commands are not here; a small sample of our own stands in.")
    print(f"{len(rows)} labelled commands, {len(kinds)} with a kind of effect")
    report("ours", rows, ours(rows), kinds, ours(kinds)[0])
    python = None if options.alone else rivals_venv()
    for name, spec in RIVALS.items() if python is not None else ():
        assert python is not None
        report(spec, rows, theirs(python, name, rows), kinds, theirs(python, name, kinds)[0])
    stream(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
