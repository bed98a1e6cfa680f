"""`supervise show RUN --json`: a run view as plain JSON data. Scripts rely on the names in here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from supervisor.journal.events import Outcome
from supervisor.views.run import CallView, RunView


def iso(time: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond: `2026-11-23T20:51:09.123Z`."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show_json(view: RunView) -> dict[str, Any]:
    """`view` as JSON data.

    Returns:
        `run`, `calls` and `alerts` with the stable keys (more keys may be added, none is taken away), and
        `undecided`: calls that Claude Code made and the gate never decided. Times are ISO 8601 in UTC;
        `ended` is null while the run goes on; `outcome` is null while it is not known and the run goes on.
    """
    return {
        "run": {
            "id": view.run_id,
            "name": view.name,
            "task": view.task,
            "label": view.label,
            "cwd": view.cwd,
            "mode": view.mode.value,
            "headless": view.headless,
            "state": view.state.value,
            "detail": view.detail,
            "dry": view.dry,
            "dry_since": view.dry_since or None,
            "fidelity": view.fidelity,
            "started": iso(view.started) if view.started else None,
            "ended": iso(view.ended) if view.ended is not None else None,
            "ending": view.ending.value if view.ending else None,
            "exit_code": view.exit_code,
            "result": view.result,
            "gate": view.gate.value,
            "session_id": view.session_id,
            "claude_version": view.claude_version,
            "profile": view.profile,
            "floors": view.floors,
            "shadow": view.shadow,
            "suspended": list(view.suspended),
            "notes": list(view.notes),
            "plan": view.plan.value,
            "cost_usd": view.cost_usd,
            "input_tokens": view.input_tokens,
            "output_tokens": view.output_tokens,
            "counts": {
                "real": view.counts.real,
                "simulated": view.counts.simulated,
                "blocked": view.counts.blocked,
                "held": view.counts.held,
                "reads": view.counts.reads,
            },
        },
        "calls": [_call(call, ended=not view.live) for call in view.calls],
        "undecided": [
            {
                "tool_use_id": call.tool_use_id,
                "tool": call.tool,
                "outcome": call.outcome.value,
                "source": call.source,
                "time": iso(call.time),
            }
            for call in view.undecided
        ],
        "alerts": [
            {"kind": alert.kind.value, "time": iso(alert.time), "detail": alert.detail, "n": alert.n or None}
            for alert in view.alerts
        ],
    }


def _call(call: CallView, *, ended: bool) -> dict[str, Any]:
    outcome = call.outcome or (Outcome.UNKNOWN if ended else None)
    return {
        "n": call.n,
        "tool_use_id": call.tool_use_id,
        "agent_id": call.agent_id,
        "agent_type": call.agent_type,
        "tool": call.tool,
        "input": call.input,
        "effect": call.effect.value,
        "scope": call.scope.value,
        "targets": list(call.targets),
        "effects": [
            {
                "effect": effect.kind.value,
                "scope": effect.scope.value,
                "target": effect.target,
                "rule": effect.rule,
                "why": effect.why,
                "consumes": effect.consumes,
                "part": effect.part,
            }
            for effect in call.effects
        ],
        "decision": call.decision.value,
        "execution": call.execution.value,
        "outcome": outcome.value if outcome else None,
        "rule": call.rule,
        "why": call.why,
        "notice": call.notice,
        "diverged": call.diverged,
        "touched": list(call.touched),
        "held": call.was_held,
        "settled_by": call.settled_by,
        "sentence": call.sentence,
        "result": call.result,
        "source": call.source,
        "duration_ms": call.duration_ms,
        "gate_ms": call.gate_ms,
        "time": iso(call.time),
    }
