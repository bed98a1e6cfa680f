"""One run as its runner lives it: gate, session and observer on one event loop, its only writer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from supervisor.errors import Exit, JournalError, LaunchError, SuperviseError
from supervisor.gate import question
from supervisor.gate.expected import Expected
from supervisor.gate.gate import Gate, Judge, Watcher, hook_command, place_client
from supervisor.gate.hold import Answer, Verdict
from supervisor.gate.peer import Peer, has_other, is_alive, same_user
from supervisor.gate.wire import HookEvent
from supervisor.journal.events import (
    AnyEvent,
    CallDecided,
    CallOutcome,
    CallSettled,
    ChangesSeen,
    Ending,
    FilesTouched,
    MessageSent,
    ProfileChanged,
    PromptPassed,
    RunEnded,
    RunStarted,
    SessionReady,
    State,
    StateChanged,
    SubagentSeen,
    UsageSeen,
)
from supervisor.journal.writer import Journal
from supervisor.policy import AlertKind, DecisionKind, Execution
from supervisor.runner.alarm import Alarm
from supervisor.runner.containment import Containment
from supervisor.runner.conversation import Conversation
from supervisor.runner.credit import Credit
from supervisor.runner.failed_servers import FailedServers
from supervisor.runner.handshake import Handshake
from supervisor.runner.health import Health
from supervisor.runner.observer import AgentTrouble, Finding, HookFault, Observer, Unsupervised
from supervisor.runner.outbox import Outbox
from supervisor.runner.own_network import OwnNetwork
from supervisor.runner.probing import Lookout, Prober
from supervisor.runner.reload import take_up_edits
from supervisor.runner.spec import RunSpec
from supervisor.session.agent import Agent
from supervisor.session.family import descendants, is_below, signal_all
from supervisor.session.headless import HookBroke, Init, NoVerdict, Opened, TurnEnded
from supervisor.session.kept_environment import kept_environment
from supervisor.session.settings import PERMISSION_MODE
from supervisor.session.transcript import Cost, ModeSeen, ServerFailed, TranscriptRecord
from supervisor.shadow.attribution import Touched

_LAST_MOMENTS_S = 0.3
"""When Claude Code ends, its hook clients end a moment before its guard does."""

_CHECKPOINT_S = 20.0


class Run(Watcher):
    """One run, from its launch to its end."""

    def __init__(self, spec: RunSpec, journal: Journal, rules: Judge, containment: Containment) -> None:
        self.spec = spec
        self.state = State.STARTING
        self.agent: Agent | None = None
        self.watchers = 0
        self._journal = journal
        self._outbox = Outbox(journal, spec.run_id, self.journal_failed)
        self._alarm = Alarm(spec, self._record, spec.notify)
        self._observer = Observer(grace_s=spec.deadline_s + 1)
        self._handshake = Handshake(spec, self.fault, lambda asked: self._to(State.WAITING, asked))
        self._failed_servers = FailedServers(self._warn)
        self._fault = asyncio.Event()
        self._gone = asyncio.Event()
        self._stopping = asyncio.Event()
        self._conversation = Conversation(self._heed)
        self._ending: Ending | None = None
        self._detail = ""
        self._broken = ""
        self._result = ""
        self._agent_failed = False
        self._closing = False
        self._denied = 0
        self._usage: UsageSeen | None = None
        self._nonce = secrets.token_hex(16)
        self._expected = Expected(spec.rehearsal_name, spec.expected) if spec.expected is not None else None
        self.gate = Gate(
            run_id=spec.run_id,
            nonce=self._nonce,
            permission_mode=PERMISSION_MODE,
            journal=journal,
            rules=rules,
            hold_deadline_s=spec.hold_deadline_s,
            operator_present=lambda: not spec.headless or self.watchers > 0,
            admit=self._admit,
            watcher=self,
            deadline_s=spec.deadline_s,
            door=containment.shell,
            expected=self._expected,
            full=self._full,
            changed_settings=containment.changed_settings,
            changed_git=containment.changed_git,
            served=OwnNetwork(os.getpid()).served,
        )
        self._containment = containment
        self._told_full = False
        shadow = containment.shadow
        self._credit = Credit(shadow, self._touched) if shadow is not None else None
        environment = kept_environment(Path(spec.state_dir))
        prober = Prober(lambda: self.gate.rules, environment, spec.capabilities)
        self._lookout = Lookout(prober, lambda seen: self._record(seen, durable=False))
        self._held: dict[str, CallDecided] = {}

    # What the gate tells us.

    def event(self, event: HookEvent) -> None:
        """A hook event that asks for no decision."""
        match event.hook_event_name:
            case "SessionStart":
                self._session_ready(event)
            case "UserPromptSubmit":
                if self.agent is not None:
                    self.agent.heard()
                self._record(PromptPassed(event.prompt), durable=False)
                self._to(State.WORKING)
            case "PostToolUse" | "PostToolUseFailure":
                self._done(event.tool_use_id, event.tool_name)
            case "PostToolBatch":
                for call in event.tool_calls:
                    self._done(str(call.get("tool_use_id", "")), str(call.get("tool_name", "")))
            case "SubagentStart" | "SubagentStop":
                phase = event.hook_event_name.removeprefix("Subagent").lower()
                self._record(SubagentSeen(event.agent_id, event.agent_type, phase), durable=False)
            case "ConfigChange":
                self._alarm.raise_(
                    AlertKind.TAMPERING, f"a configuration change was blocked ({event.source})"
                )
            case "Notification" if event.notification_type != "idle_prompt":
                self._to(State.WAITING, event.message or "Claude Code waits for you")
            case "Stop" | "StopFailure":
                self._to(State.IDLE, "the turn is finished")
            case _:
                pass

    def _done(self, tool_use_id: str, tool: str) -> None:
        self._observer.reported(tool_use_id, tool)
        self._ended(tool_use_id)

    def _ended(self, tool_use_id: str) -> None:
        if self._credit is not None:
            self._credit.ended(tool_use_id)
        self._containment.grown()
        self._goes_on()

    def fault(self, detail: str) -> None:
        """A floor gave way: nothing goes through any more, and everybody is told, once."""
        self.gate.shut(detail)
        if self._fault.is_set():
            return
        self._fault.set()
        self._broken = detail
        self._alarm.raise_(AlertKind.HOOK_FAILURE, detail)
        if self.spec.headless:
            self._end(Ending.HOOK_FAILED, detail)
        else:
            self._to(State.PAUSED, detail)
            # a moment for answers under way: a stopped hook client would look like a second failure
            asyncio.get_running_loop().call_later(0.1, self._freeze)

    def client_lost(self, detail: str, asker: int) -> None:
        """Nothing goes through from here on. It is a fault unless Claude Code itself is gone, too: as it ends
        it ends its hooks, and on a busy machine it takes a while until that is told."""
        self.gate.shut(detail)
        later = asyncio.get_running_loop().call_later
        deadline = time.monotonic() + self.spec.deadline_s

        def unless_ending() -> None:
            if self._stopping.is_set() or self._gone.is_set():
                return
            if time.monotonic() < deadline and (self._closing or not is_alive(asker)):
                later(_LAST_MOMENTS_S, unless_ending)
            else:
                self.fault(detail)

        later(_LAST_MOMENTS_S, unless_ending)

    def journal_failed(self, cause: JournalError) -> None:
        """Something could not be journaled."""
        self._outbox.broken()
        self.fault(f"the journal failed: {cause}")

    def refused(self, tool_use_id: str) -> None:
        """A call was refused undecided, because of a failure that was told already."""
        self._observer.refused(tool_use_id)

    def tampering(self, detail: str, n: int) -> None:
        """Something of the run reached for the supervisor."""
        self._alarm.raise_(AlertKind.TAMPERING, detail, n)

    def decided(self, call: CallDecided) -> None:
        """A decision was committed."""
        if self._credit is not None:
            self._credit.starts(call)
        self._observer.decided(call)
        self._denied += call.decision is DecisionKind.BLOCKED
        self._look_at_targets(call, call.decision, call.execution)
        if call.decision is DecisionKind.HELD:
            self._held[call.tool_use_id] = call
            self._to(State.WAITING, f"call #{call.n} waits for your verdict")
        elif call.tool == question.TOOL and call.execution in (Execution.AS_IS, Execution.SHADOW):
            self._to(State.WAITING, question.asked(question.questions(call.input)))
        else:
            self._goes_on()

    def settled(self, call: CallSettled) -> None:
        """A held call got its verdict."""
        self._observer.settled(call)
        self._denied += call.decision is DecisionKind.BLOCKED
        self._look_at_targets(self._held.pop(call.tool_use_id), call.decision, call.execution)
        if not len(self.gate.held):
            self._to(State.WORKING)

    def _look_at_targets(self, call: CallDecided, kind: DecisionKind, execution: Execution) -> None:
        if kind is DecisionKind.SIMULATED and execution is Execution.NOT_EXECUTED:
            self._lookout.simulated(call)

    # What operators ask. Each returns an error, empty when done.

    def verdict(self, n: int, answer: Answer, sentence: str, by: str, rule: str = "") -> str:
        """Answer a held call; with `ALLOW_LIKE` by the rule that the operator was shown."""
        if answer is Answer.ALLOW_LIKE and (why := self.gate.held.why_not_like(n, rule)):
            return why
        done = self.gate.held.answer(n, Verdict(answer, by, sentence, rule))
        return "" if done else f"call #{n} does not wait for a verdict (any more)"

    def message(self, text: str, by: str) -> str:
        """Send the agent a message."""
        if self.agent is None or not self._handshake.came or self.state in (State.PAUSED, State.ENDED):
            return f"the run is {self.state.value}: it takes no messages now"
        self._record(MessageSent(text, by), durable=False)
        if waiting := self.gate.asked.numbers:
            self.gate.asked.answer(waiting[0], Verdict(Answer.ALLOW, by, text))
        else:
            self._say(text)
        return ""

    def resume(self, by: str) -> str:
        """Let a paused run go on, if what was broken is whole again."""
        if self.state is not State.PAUSED or self.agent is None:
            return f"the run is {self.state.value}, not paused"
        if self._handshake.failed:
            return "Claude Code's hooks were never proven: end this run, and start it again"
        if trouble := self._health.trouble():
            return f"still broken: {trouble}"
        self._fault.clear()
        self.gate.reopen()
        signal_all(self.agent.pid, signal.SIGCONT)
        self._to(State.WORKING, f"resumed by {by}")
        return ""

    def stop(self, by: str) -> str:
        """End the run."""
        self._end(Ending.STOPPED, f"by {by}")
        return ""

    @property
    def pending(self) -> tuple[str, ...]:
        """Alerts that the journal could not take yet."""
        return self._outbox.alerts

    # The life of a run.

    async def live(
        self,
        launch: Callable[[list[str]], Awaitable[Agent]],
        learn: Callable[[], Awaitable[Judge]],
        ready: Callable[[], None],
    ) -> Exit:
        """Serve the gate, launch Claude Code, hand it the task, watch it to its end.

        Args:
            launch: starts Claude Code with the given hook command.
            learn: compiles the rules and asks trusted MCP servers about their tools; the task waits for it.
            ready: called once the gate is proven and Claude Code was started.

        Raises:
            LaunchError: the gate could not be proven, or Claude Code not be started; it is journaled.
        """
        client = place_client(Path(self.spec.state_dir))
        hook = hook_command(client, self.spec.gate_socket, self._nonce, self.spec.deadline_s)
        self.gate.serve(self.spec.gate_socket)
        self._health = Health(self.spec, hook)
        try:
            await self._health.prove()
            self.agent = await launch(hook)
        except LaunchError as cause:
            self._finish(Ending.NOT_STARTED, str(cause))
            raise
        ready()
        threading.Thread(target=self._checkpoints, name="checkpoints", daemon=True).start()
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(self._watch_health()),
                tasks.create_task(self._outbox.retry()),
                tasks.create_task(self._hand_over_task(learn)),
                tasks.create_task(self._take_up_edits()),
                tasks.create_task(self._read_stream()),
            ]
            gone = tasks.create_task(self.agent.wait())
            stopping = tasks.create_task(self._stopping.wait())
            await asyncio.wait({gone, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not gone.done():
                self.agent.end()
            code = await gone
            self._gone.set()
            stopping.cancel()
            for task in background:
                task.cancel()
        if code < 0 and not self._stopping.is_set():
            self._guard_lost(code)
        await self._conversation.read_to_the_end()
        await self._lookout.finish()
        return self._finish(*self._how_it_ended(code))

    def _full(self) -> str:
        """Why the shadow takes no more; the operator is told the first time."""
        why = self._containment.full()
        if why and not self._told_full:
            self._told_full = True
            self._warn(
                f"{why}: writes are not executed any more. All that it holds is kept; to rehearse the rest,"
                " raise the limit and start a new run."
            )
        return why

    def _guard_lost(self, code: int) -> None:
        """The guard did not end but was killed, and Claude Code with it: end what they left behind."""
        detail = f"the guard was killed by signal {-code}; all processes of the run were ended"
        self.gate.shut(detail)
        ours = [pid for told in self._alarm.told for pid in (told, *descendants(told))]
        signal_all(os.getpid(), signal.SIGKILL, spare=ours)
        self._alarm.raise_(AlertKind.CONTAINMENT_LOST, detail)
        self._end(Ending.HOOK_FAILED, detail)

    def _how_it_ended(self, code: int) -> tuple[Ending, str]:
        if self._ending is not None:
            return self._ending, self._detail
        if self._fault.is_set():  # whatever made it end while it was paused, the agent did not do it
            return Ending.HOOK_FAILED, self._broken
        if not self._handshake.came:
            words = self.agent.last_words() if self.agent is not None else ""
            return Ending.NOT_STARTED, f"Claude Code ended with {code} before the handshake: {words}"
        if self._agent_failed or code != 0:
            how = f"was killed by signal {code - 128}" if code > 128 else f"ended with {code}"
            return Ending.AGENT_FAILED, self._result or f"Claude Code {how}"
        left = self._expected.left if self._expected is not None else ()
        missed = f"of the plan of {self.spec.rehearsal_name} did not come up: "
        return Ending.COMPLETED, missed + ", ".join(f"#{n}" for n in left) if left else ""

    def _finish(self, ending: Ending, detail: str) -> Exit:
        if self._credit is not None:
            self._credit.look()
            self._record(ChangesSeen(self._credit.seen()), durable=True)
        for finding in self._observer.unanswered():
            self._found(finding)
        self._failed_servers.close()
        if ending in (Ending.AGENT_FAILED, Ending.NOT_STARTED):
            self._alarm.raise_(AlertKind.AGENT_FAILURE, detail or ending.value)
        code = {
            Ending.COMPLETED: Exit.DENIED_WRITES_LEFT if self._denied else Exit.OK,
            Ending.STOPPED: Exit.AGENT_FAILED,
            Ending.HOOK_FAILED: Exit.HOOK_FAILURE,
        }.get(ending, Exit.AGENT_FAILED)
        self.state = State.ENDED
        self._record(RunEnded(ending, int(code), self._result, detail))
        if not self._outbox.flush():
            self._outbox.save((Path(self.spec.state_dir), Path(self.spec.runtime_dir)))
        return code

    def begin(self, started: RunStarted) -> None:
        """Journal the run's first event; raises JournalError: then nothing is launched."""
        self._journal.append(self.spec.run_id, started, durable=True)

    async def _hand_over_task(self, learn: Callable[[], Awaitable[Judge]]) -> None:
        """The task is sent only after the handshake: SessionStart has reached the gate with the nonce."""
        try:
            self.gate.rules = await learn()
        except SuperviseError as cause:
            self.fault(f"the rules cannot be used: {cause}")
            return
        words = self.spec.opening or self.spec.task
        if await self._handshake.wait() and words:
            self._say(words)

    def _say(self, text: str) -> None:
        assert self.agent is not None
        self.agent.say(text)

    async def _read_stream(self) -> None:
        assert self.agent is not None
        async for item in self.agent.items():
            match item:
                case Opened():
                    self._handshake.opened()
                case HookBroke(event=event, outcome=outcome):
                    self._handshake.broke(f"the {event} hook did not reach the gate ({outcome})")
                case Init(plugins=plugins, servers=servers):
                    self._failed_servers.listed(servers)
                    if plugins:
                        self.fault(f"plugins are loaded: {', '.join(plugins)}")
                case NoVerdict(tool_use_ids=calls):
                    self.fault(f"no hook gave a verdict on {', '.join(calls)}")
                case TurnEnded(text=text, failed=failed):
                    self._result, self._agent_failed = text, failed
                    self._to(State.IDLE, "the turn is finished")
                    self.agent.no_more()
                    self._closing = True
                case _:
                    pass

    async def _take_up_edits(self) -> None:
        def changed(profile: str) -> None:
            self._record(ProfileChanged(profile, "rule packs were edited"))

        def broken(detail: str) -> None:
            self._warn(f"{detail}; the rules before stay in force")

        await take_up_edits(self.spec, self.gate, changed, broken)

    async def _watch_health(self) -> None:
        looked = time.monotonic()
        while True:
            silence_s, looked = time.monotonic() - looked, time.monotonic()
            if silence_s > self.spec.deadline_s:
                self.fault(f"the gate stood still for {silence_s:.0f} s")
            if not self._fault.is_set() and (trouble := self._health.trouble()):
                self.fault(trouble)
            for finding in self._observer.overdue():
                self._found(finding)
            await asyncio.sleep(0.25)

    # The transcript.

    def _session_ready(self, event: HookEvent) -> None:
        self._record(
            SessionReady(event.source, event.transcript_path, PERMISSION_MODE, event.model), durable=True
        )
        carried_on = bool(self.spec.resume) and not self._handshake.came
        self._conversation.begins(Path(event.transcript_path), carried_on=carried_on)
        if not self._handshake.came:
            self._to(State.IDLE, "ready for a task" if not self.spec.task else "handing over the task")
        self._handshake.prove()

    def _heed(self, record: TranscriptRecord) -> None:
        match record:
            case ModeSeen(permission_mode=mode):
                if mode and mode != PERMISSION_MODE:
                    self.fault(f"permission mode was switched to {mode}")
            case ServerFailed():
                self._failed_servers.failed(record)
            case Cost():
                usage = UsageSeen(record.input_tokens, record.output_tokens, record.cost_usd)
                if usage != self._usage:
                    self._usage = usage
                    self._record(usage, durable=False)
            case _:
                for finding in self._observer.read(record):
                    self._found(finding)

    def _found(self, finding: Finding) -> None:
        match finding:
            case CallOutcome():
                self._record(finding, durable=False)
                self._ended(finding.tool_use_id)
            case HookFault():
                self.fault(finding.detail)
            case Unsupervised():
                self._alarm.raise_(AlertKind.UNSUPERVISED_CALL, finding.detail)
            case AgentTrouble() if not self._fault.is_set():
                self._agent_failed = True
                self._alarm.raise_(AlertKind.AGENT_FAILURE, finding.detail)

    def _touched(self, touched: Touched) -> None:
        self._record(FilesTouched(touched.calls, touched.paths), durable=False)

    # Small things.

    def _warn(self, detail: str) -> None:
        self._alarm.raise_(AlertKind.CONFIG_WARNING, detail)

    def _record(self, event: AnyEvent, *, durable: bool = True) -> None:
        self._outbox.put(event, durable=durable)

    def _to(self, state: State, detail: str = "") -> None:
        if self.state in (State.PAUSED, State.ENDED) and state not in (State.ENDED, State.WORKING):
            return
        if self.state is State.PAUSED and self._fault.is_set():
            return
        if state is self.state and state is not State.WAITING:
            return
        self.state = state
        self._record(StateChanged(state, detail), durable=False)

    def _goes_on(self) -> None:
        """What a person was waited for is done, if nothing else still waits."""
        if self.state is State.WAITING and not len(self.gate.asked) and not len(self.gate.held):
            self._to(State.WORKING)

    def _freeze(self) -> None:
        if self.agent is not None and self._fault.is_set():
            signal_all(self.agent.pid, signal.SIGSTOP)

    def _end(self, ending: Ending, detail: str) -> None:
        if self._ending is None:
            self._ending, self._detail = ending, detail
        self._stopping.set()

    def _admit(self, peer: Peer) -> bool:
        """Only what descends from this runner speaks to the gate: Claude Code's hooks, and our own proof.

        In a shadow its user id may be one that owns nothing outside, so the family is what counts. Of the
        family are the commands in the sandbox, too, but their network is not ours.
        """
        if not peer.pid:
            return same_user(peer)
        return is_below(peer.pid, os.getpid()) and not has_other("net", peer.pid)

    def _checkpoints(self) -> None:
        """Keeps the write-ahead log short, off the gate's path; ends with the process."""
        pause = threading.Event()
        while not pause.wait(_CHECKPOINT_S):
            with contextlib.suppress(JournalError):
                self._journal.checkpoint()
