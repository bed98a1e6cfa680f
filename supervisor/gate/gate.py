"""The gate: every tool call passes through `Gate.decide`, once, top to bottom.

parse -> classify -> decide -> journal -> reply. Reading the run's state, deciding, writing the decision
and setting the dry flag are one transaction; the reply leaves after its commit.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Protocol

import msgspec

from supervisor.effects import Effect, EffectKind, Judgement, Scope, Surroundings, ToolCall
from supervisor.effects.foresight import Foreseen
from supervisor.errors import FolderError, GateError, JournalError, LaunchError
from supervisor.gate import question, wire
from supervisor.gate.expected import Expected
from supervisor.gate.hold import Answer, HeldCall, HeldCalls, Verdict
from supervisor.gate.like import AllowedLikes, Like, like_of
from supervisor.gate.link import HookClientError, Link, StrangerError
from supervisor.gate.listener import Listener
from supervisor.gate.loopback import within_own_network
from supervisor.gate.notice import denied_notice, failure_reason, notice, rewritten_command, unanswered_notice
from supervisor.gate.peer import Peer, parent_of, peer_of
from supervisor.gate.wire import HookEvent
from supervisor.journal.events import AlertRaised, CallDecided, CallSettled
from supervisor.journal.writer import Journal
from supervisor.policy import (
    Decision,
    DecisionKind,
    Execution,
    Rulings,
    approved,
    decide,
    denied,
    looked_at,
)

HEARTBEAT_S = 0.5
"""How often a waiting call and its hook client tell each other that they are alive."""

_BINDING = frozenset({"PreToolUse", "SessionStart", "UserPromptSubmit", "PermissionRequest", "ConfigChange"})
"""Events whose answer must reach Claude Code. The others only report, and may be cut off as it ends."""

SHELLS = frozenset({"Bash", "PowerShell"})
"""Tools whose input is a command line that can be swapped for one that prints the notice."""


class Judge(msgspec.Struct, frozen=True):
    """The rules in force: swapped as a whole when they are reloaded.

    Attributes:
        judge: classifies one call; pure.
        foresee: what the rules know of a call beyond its effects; pure.
        rulings: the operator's word.
        where: surroundings every call of the run shares.
        profile: hash of the rules in force.
    """

    judge: Callable[[ToolCall, Surroundings], Judgement]
    foresee: Callable[[ToolCall, Surroundings], tuple[Foreseen, ...]]
    rulings: Rulings
    where: Surroundings
    profile: str = ""


class Door(Protocol):
    """The one way out of the sandbox around Bash, for single calls."""

    def command(self, command: str) -> str:
        """`command` as it is run outside."""
        ...

    def named_by(self, text: str) -> bool:
        """Whether an input of the agent names the door: it cannot know it unless it went looking."""
        ...


class Watcher:
    """What the gate tells the runner. Each method returns at once."""

    def event(self, event: HookEvent) -> None:
        """A hook event that asks for no decision went by."""

    def fault(self, detail: str) -> None:
        """The gate could not do its work, or Claude Code is not as it was launched."""

    def client_lost(self, detail: str, asker: int) -> None:
        """A hook client is gone or hangs. Unless Claude Code, process `asker`, is just ending, that is a
        fault. 0: which process it is, is not known."""

    def journal_failed(self, cause: JournalError) -> None:
        """Something could not be journaled, so it was not let through."""

    def refused(self, tool_use_id: str) -> None:
        """A call was refused undecided, because of a failure that was told already."""

    def tampering(self, detail: str, n: int) -> None:
        """Something of the run reached for the supervisor."""

    def decided(self, call: CallDecided) -> None:
        """A decision was committed."""

    def settled(self, call: CallSettled) -> None:
        """A verdict on a held call was committed."""


class Gate:
    """The decision service of one run, on a unix socket in the runner's event loop."""

    def __init__(
        self,
        *,
        run_id: str,
        nonce: str,
        permission_mode: str,
        journal: Journal,
        rules: Judge,
        hold_deadline_s: float,
        operator_present: Callable[[], bool],
        admit: Callable[[Peer], bool],
        watcher: Watcher,
        door: Door | None = None,
        expected: Expected | None = None,
        full: Callable[[], str] = lambda: "",
        changed_settings: Callable[[str, bool], str] = lambda folder, git: "",
        served: Callable[[], Collection[int]] = frozenset,
        changed_git: Callable[[str, str], str] = lambda folder, command: "",
        deadline_s: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.rules = rules
        self.held = HeldCalls()
        self.asked = HeldCalls()
        self.closed = ""
        self._run_id = run_id
        self._nonce = nonce
        self._permission_mode = permission_mode
        self._journal = journal
        self._hold_deadline_s = hold_deadline_s
        self._operator_present = operator_present
        self._admit = admit
        self._watcher = watcher
        self._door = door
        self._expected = expected
        self._full = full
        self._changed_settings = changed_settings
        self._served = served
        self._changed_git = changed_git
        self._allowed = AllowedLikes()
        self._deadline_s = deadline_s
        self._clock = clock
        self._listener: Listener | None = None

    def serve(self, path: Path) -> None:
        """Listen on `path`, whose folder only the owner can enter."""
        self._listener = Listener(path, self._connection)

    def close(self) -> None:
        """Stop listening; whatever still waits is denied."""
        self._answer_all(Verdict(Answer.DENY, "runner", "the run is ending"))
        if self._listener is not None:
            self._listener.close()

    def shut(self, reason: str) -> None:
        """Let nothing through until `reopen`."""
        self.closed = self.closed or reason
        self._answer_all(Verdict(Answer.DENY, "runner", reason))

    def _answer_all(self, verdict: Verdict) -> None:
        self.held.answer_all(verdict)
        self.asked.answer_all(verdict)

    def reopen(self) -> None:
        """The operator resumed the run."""
        self.closed = ""

    # One connection carries one event and one answer.

    async def _connection(self, connection: socket.socket) -> None:
        link = Link(connection, self._nonce, self._deadline_s)
        binding = True
        try:
            peer = peer_of(connection)
            link.asker = parent_of(peer.pid) if peer.pid else 0
            gone = peer.pid != 0 and link.asker == 0
            if not gone and not self._admit(peer):
                raise StrangerError("not of this run")
            event = wire.parse(await link.request())
            if gone:  # whose it was cannot be asked any more; that it knew the nonce says enough
                raise HookClientError("the hook client was gone before it was heard")
            binding = event.hook_event_name in _BINDING
            await link.answer(await self._answer(event, link, peer))
            if event.hook_event_name == "SessionStart":
                self._watcher.event(event)  # only now the way there and back is proven
        except StrangerError:
            self._watcher.tampering(f"process {peer.pid} spoke to the gate's socket", 0)
        except HookClientError as cause:
            if binding:
                self._watcher.client_lost(str(cause), link.asker)
        except JournalError as cause:
            self._watcher.journal_failed(cause)
        except Exception as cause:  # whatever goes wrong in here must end in a block and be said
            self._watcher.fault(f"the gate could not answer: {cause}")

    async def _answer(self, event: HookEvent, link: Link, peer: Peer) -> dict[str, Any]:
        if event.permission_mode and event.permission_mode != self._permission_mode:
            self._watcher.fault(
                f"permission mode is {event.permission_mode}, launched with {self._permission_mode}"
            )
        match event.hook_event_name:
            case "PreToolUse":
                return await self.decide(event, link, peer)
            case "UserPromptSubmit" if self.closed:
                return wire.block(failure_reason(self.closed))
            case "PermissionRequest":
                self._watcher.event(event)
                return wire.deny_permission("The supervisor decides every call; this one it did not allow.")
            case "ConfigChange":
                self._watcher.event(event)
                return wire.block("The supervisor keeps the configuration it launched this run with.")
            case "SessionStart":
                return wire.go_on("SessionStart")
            case name if name in wire.EVENTS:
                self._watcher.event(event)
                return wire.go_on(name)
            case name:
                raise GateError(f"hook event {name!r} is not known")

    def _refuse(self, event: HookEvent, why: str) -> dict[str, Any]:
        self._watcher.refused(event.tool_use_id)
        return wire.deny(failure_reason(why))

    async def decide(self, event: HookEvent, link: Link, peer: Peer) -> dict[str, Any]:
        """The one way of a tool call. The answer is returned after its decision is on disk.

        Args:
            peer: the hook client. Files are looked up as it sees them, for that is how the call would.
        """
        began = time.perf_counter()
        if self.closed:
            return self._refuse(event, self.closed)
        rules = self.rules
        call = ToolCall(event.tool_name, event.tool_input)
        where = rules.where.seen_by(peer.pid, event.cwd)
        judgement = self._classify(call, rules.judge(call, where), where.cwd)
        full = self._full()
        astray = self._astray(call, judgement, where.cwd)
        like = like_of(call, judgement, event.cwd)
        try:
            with self._journal.decision(self._run_id) as tx:
                state = msgspec.structs.replace(tx.state(), full=full)
                decision = decide(judgement, state, rules.rulings)
                item = None
                if self._expected is not None:
                    decision, item = self._expected.weigh(call, decision, event.cwd)
                decision = self._allowed.weigh(like, decision)
                decision = looked_at(decision, astray)
                words = notice(call, judgement, decision)
                n = tx.next_n()
                decided = CallDecided(
                    n=n,
                    tool_use_id=event.tool_use_id,
                    agent_id=event.agent_id,
                    agent_type=event.agent_type,
                    tool=call.name,
                    input=event.tool_input,
                    effects=judgement.effects,
                    effect=judgement.effect,
                    scope=judgement.scope,
                    targets=judgement.targets,
                    decision=decision.kind,
                    execution=decision.execution,
                    rule=decision.rule,
                    why=decision.why,
                    notice=words,
                    dry=state.dry or decision.sets_dry,
                    diverged=decision.diverges,
                    profile=judgement.profile,
                    gate_ms=round((time.perf_counter() - began) * 1000, 3),
                    cwd=event.cwd,
                )
                tx.record(decided)
                if decision.alert is not None:
                    tx.record(AlertRaised(decision.alert, decision.why, n))
        except JournalError as cause:
            self._watcher.journal_failed(cause)
            return self._refuse(event, str(cause))
        if self._expected is not None and item is not None:
            self._expected.came_up(item)
        self._watcher.decided(decided)
        if decision.kind is not DecisionKind.HELD:
            if call.name == question.TOOL and decision.execution is not Execution.NOT_EXECUTED:
                return await self._ask(call, decided, link)
            return self._reply(call, decision, words)
        made, words = await self._hold(call, decided, judgement, link, like)
        return self._reply(call, made, words)

    def _classify(self, call: ToolCall, judgement: Judgement, folder: str) -> Judgement:
        """The judgement, and what the rules cannot know of: the call speaks to a service of the run itself,
        reaches for the door out of the sandbox, or would go through it by settings the run has changed."""
        if call.name in SHELLS:
            judgement = within_own_network(judgement, self._served)
        more = []
        if self._door is not None and self._door.named_by(json.dumps(call.input)):
            more.append(_AT_THE_DOOR)
        if call.name in SHELLS and any(effect.connects for effect in judgement.effects):
            changed = self._changed_settings(folder, _by_git(judgement))
            more += [_by_own_settings(changed)] if changed else []
        return msgspec.structs.replace(judgement, effects=(*judgement.effects, *more)) if more else judgement

    def _astray(self, call: ToolCall, judgement: Judgement, folder: str) -> str:
        """Why git may do something else outside of the sandbox than the command's words say; empty if not."""
        command = call.input.get("command")
        if call.name not in SHELLS or not isinstance(command, str) or not _by_git(judgement):
            return ""
        return self._changed_git(folder, command)

    def _reply(self, call: ToolCall, decision: Decision, words: str) -> dict[str, Any]:
        """What Claude Code is told to do.

        A simulated command becomes one that prints the notice, so that the agent keeps going as it would
        after a command that worked; everything else that does not run is denied with its notice as the
        reason. What runs never leaves the sandbox by the agent's own wish.
        """
        if decision.execution is Execution.NOT_EXECUTED:
            if call.name in SHELLS and decision.kind is DecisionKind.SIMULATED:
                swapped = {"command": rewritten_command(words), "description": "Simulated"}
                return wire.allow(updated_input=swapped)
            return wire.deny(words)
        command = call.input.get("command")
        if call.name not in SHELLS or not isinstance(command, str):
            return wire.allow()
        kept = {key: value for key, value in call.input.items() if key != "dangerouslyDisableSandbox"}
        if decision.outside and self._door is not None:
            kept["command"] = self._door.command(command)
        return wire.allow(updated_input=kept) if kept != call.input else wire.allow()

    # A held call waits here; everything else goes on.

    async def _hold(
        self, call: ToolCall, decided: CallDecided, judgement: Judgement, link: Link, like: Like | str
    ) -> tuple[Decision, str]:
        held = HeldCall(decided.n, decided.tool_use_id, self._clock(), like)
        self.held.add(held)
        try:
            verdict = await self._verdict(held, link)
        finally:
            self.held.drop(held)
        made, settled = self._settle(call, decided, judgement, verdict)
        if settled.like and isinstance(like, Like):
            self._allowed.add(like, decided.n, verdict.by)
        self._watcher.settled(settled)
        return made, settled.notice

    async def _ask(self, call: ToolCall, decided: CallDecided, link: Link) -> dict[str, Any]:
        """A question to the person: it waits as a held call does, and the operator's message answers it."""
        wanted = question.questions(call.input)
        if not wanted:
            return wire.allow()
        held = HeldCall(decided.n, decided.tool_use_id, self._clock())
        self.asked.add(held)
        try:
            verdict = await self._verdict(held, link)
        finally:
            self.asked.drop(held)
        if verdict.answer is Answer.DENY:
            return wire.deny(unanswered_notice(verdict.sentence))
        answers = question.answers(wanted, verdict.sentence)
        return wire.allow(updated_input={**call.input, "answers": answers})

    async def _verdict(self, held: HeldCall, link: Link) -> Verdict:
        attending = asyncio.create_task(self._attend(held, link))
        try:
            deadline = self._clock() + self._hold_deadline_s
            while self._clock() < deadline:
                if not self._operator_present():
                    return Verdict(Answer.DENY, "deadline", "nobody is at the screen")
                if verdict := await held.wait(HEARTBEAT_S):
                    return verdict
            return Verdict(Answer.DENY, "deadline", f"no answer within {self._hold_deadline_s:.0f} s")
        finally:
            attending.cancel()
            await asyncio.wait({attending})

    async def _attend(self, held: HeldCall, link: Link) -> None:
        """A call whose hook client fails is held no longer, and nothing else goes through after it."""
        try:
            await link.attend(HEARTBEAT_S)
        except HookClientError as cause:
            self._watcher.client_lost(str(cause), link.asker)
            held.answer(Verdict(Answer.DENY, "runner", str(cause)))

    def _settle(
        self, call: ToolCall, decided: CallDecided, judgement: Judgement, verdict: Verdict
    ) -> tuple[Decision, CallSettled]:
        """Journal the verdict, decided anew on the run as it now stands: an approval outweighs nothing."""
        with self._journal.decision(self._run_id) as tx:
            state = tx.state()
            now = approved(judgement, state, self.rules.rulings)
            if verdict.answer is Answer.DENY:
                made = denied(now, f"Denied by {verdict.by}.")
                words = denied_notice(call, verdict.sentence, by_operator=verdict.by.startswith("operator"))
            else:
                made = now
                if verdict.answer is Answer.SIMULATE and now.kind is DecisionKind.REAL:
                    made = decide(judgement, msgspec.structs.replace(state, dry=True), self.rules.rulings)
                words = notice(call, judgement, made)
            why = f"Allowed by {verdict.by}." if made.kind is DecisionKind.REAL else made.why
            simulated = made.kind is DecisionKind.SIMULATED
            for_all_like = verdict.answer is Answer.ALLOW_LIKE and made.kind is DecisionKind.REAL
            settled = CallSettled(
                n=decided.n,
                tool_use_id=decided.tool_use_id,
                decision=made.kind,
                execution=made.execution,
                why=why,
                notice=words,
                by=verdict.by,
                sentence=verdict.sentence,
                like=verdict.rule if for_all_like else "",
                dry=state.dry or simulated,
                diverged=simulated,
            )
            tx.record(settled)
        return made, settled


_AT_THE_DOOR = Effect(
    EffectKind.WRITE,
    Scope.HOST,
    "supervisor://door",
    "gate.door",
    "The call names the run's way out of the sandbox, which only the gate may use.",
)


def _by_git(judgement: Judgement) -> bool:
    return any(effect.target.startswith("git+") for effect in judgement.effects if effect.connects)


def _by_own_settings(changed: str) -> Effect:
    return Effect(
        EffectKind.UNKNOWN,
        Scope.WORKSPACE,
        f"settings:{changed}",
        "gate.changed-settings",
        f"this run has changed {changed}, which may tell the program to do something else",
    )


def client_program() -> Path:
    """The hook client, compiled when the project was installed."""
    return Path(__file__).with_name("hook-client")


def client_in(folder: Path) -> Path:
    """Where the hook client of a run lies in `folder`, while the run goes on."""
    return folder / "hook-client"


def place_client(folder: Path) -> Path:
    """Put the hook client of a run into `folder`; its path there.

    Where it is installed the agent may be able to change it, or what its shadow shows of it: at home, or in
    the folder of the run itself. What lies in the supervisor's own folders it cannot.

    Raises:
        LaunchError: it is not there.
        FolderError: `folder` does not take it.
    """
    client = client_in(folder)
    try:
        program = client_program().read_bytes()
    except FileNotFoundError:
        raise LaunchError(
            f"the hook client was not compiled: {client_program()}",
            cure="Install supervise again, with a C compiler (Debian: apt install gcc libc6-dev).",
        ) from None
    try:
        client.write_bytes(program)
        client.chmod(0o700)
    except OSError as cause:
        raise FolderError(folder, cause) from cause
    return client


def hook_command(client: Path, socket: Path, nonce: str, deadline_s: float) -> list[str]:
    """The hook command in exec form: program and arguments, no shell in between."""
    return [str(client), str(socket), str(os.getpid()), nonce, f"{max(1, round(deadline_s))}"]
