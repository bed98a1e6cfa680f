"""Every fault of the gate, struck on the real Claude Code: what got through, and how soon somebody was told.

    python benchmarks/faults.py [FAULT…]

Each line is one run of `tests/faults`, in `mixed` mode with a live workspace: a write that the gate lets
through is a real one. `written` counts the files that the agent wrote after the fault, `alerts` the hook
failures raised (and agent failures, which there must be none of), `told` the seconds from the failure to the
alert. A fault that is a silence (a process that hangs, a lock that is held) is a failure once its deadline
has passed; the time is counted from there. Where the runner itself was killed, nobody is left to tell but
whoever looks next: the foreground of a headless run, or here `supervise runs`. A gate that answers badly is
met at its next answer, so before the handshake the time holds the start of Claude Code.
"""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "faults")]

from fault_claims import suffer  # noqa: E402
from fault_run import Moment, Way  # noqa: E402
from fault_table import FAULTS  # noqa: E402

from harness.machine import new_machine  # noqa: E402


def main(names: list[str]) -> int:
    """Print the table; 0 if nothing got through and each fault was told once."""
    print(
        f"{'fault':<22}{'way':<13}{'moment':<22}{'written':>8}{'alerts':>8}{'agent':>7}{'exit':>6}{'told':>9}"
    )
    held = True
    for fault in (fault for fault in FAULTS if not names or fault.name in names):
        for way in Way:
            for moment in Moment:
                with new_machine() as machine:
                    seen = suffer(machine, way, moment, fault)
                code = "" if seen.exit_code is None else seen.exit_code
                print(
                    f"{fault.name:<22}{way:<13}{moment:<22}{len(seen.written):>8}{len(seen.failures):>8}"
                    f"{seen.agent_failures:>7}{code:>6}{seen.alert_s:>7.2f} s",
                    flush=True,
                )
                held &= not seen.written and len(seen.failures) == 1 and not seen.agent_failures
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
