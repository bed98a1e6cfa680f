"""How a run stands and what the operator can do next, in one line."""

from __future__ import annotations

from supervisor.journal.events import Ending, State
from supervisor.views.run import PlanState, RunView
from supervisor.views.safe import one_line

_ENDINGS = {
    Ending.COMPLETED: "The run is over.",
    Ending.STOPPED: "The run was ended",
    Ending.AGENT_FAILED: "The agent failed.",
    Ending.HOOK_FAILED: "Ended after a hook failure: nothing got through.",
    Ending.NOT_STARTED: "Claude Code did not come up under the gate: the task was never sent.",
    Ending.RUNNER_LOST: "The runner died. Without it nothing gets through.",
}


def state_words(view: RunView, *, reachable: bool) -> str:
    """One line, safe to show. `reachable`: the runner takes orders."""
    detail = one_line(view.detail, 200)
    if not view.live:
        if view.plan is not PlanState.NONE:
            return f"The plan: {view.plan.value}. {one_line(view.plan_detail, 200)}".rstrip()
        words = _ENDINGS[view.ending] if view.ending else "The run is over."
        said = one_line(detail or view.result, 200)
        if view.ending is Ending.STOPPED:
            words = f"{words} {detail}".rstrip() + "."
        elif said:
            words = f"{words} {said}"
        return f"e reviews the plan. {words}" if view.counts.simulated else words
    if not view.started:
        return "Waiting for the run to begin…"
    if not reachable:
        return "Nobody answers for this run: without its runner nothing gets through."
    if view.held and view.state is not State.PAUSED:
        return "A call waits for your word: a allows it once, d denies it."
    match view.state:
        case State.STARTING:
            return f"Starting Claude Code and proving the gate… {detail}".rstrip()
        case State.WORKING:
            return "The agent is working; every call passes the gate."
        case State.IDLE:
            next_step = "" if view.headless else " m sends a message, t opens the terminal,"
            if not view.prompts:
                return "Claude Code is ready; the task is on its way."
            return f"The agent's turn is over.{next_step} x ends the run."
        case State.WAITING:
            return f"Claude Code waits for you: {detail or 'a question'}. t opens its terminal."
        case State.PAUSED:
            return f"Paused: {detail or 'the gate failed'}. c continues under the same rules, x ends the run."
        case _:
            return detail
