"""Runs worth looking at, as recordings: the states that the screens are judged by."""

from __future__ import annotations

from run_recording import CWD, Recording
from supervisor.effects.model import Effect, EffectKind, Scope
from supervisor.journal.events import Ending, Outcome, State
from supervisor.policy import AlertKind, DecisionKind, Execution, Mode
from supervisor.views import ConversationItem, Role

NOTICE = (
    "NOT EXECUTED (dry run): the upload of exports/october.csv to the store was simulated. Nothing changed. "
    "Later writes of this run will be simulated too. Go on as if this were a rehearsal."
)


def dry_run() -> Recording:
    """A dry run under way: reads, shadow writes, a simulated upload, a row held back, one blocked call."""
    run = Recording()
    run.start(
        task="Export October's invoices, upload them to the store and record the upload in the database"
    )
    run.call(
        "Read",
        {"file_path": f"{CWD}/invoices.csv"},
        DecisionKind.PASS,
        f"file://{CWD}/invoices.csv",
        outcome=Outcome.EXECUTED,
    )
    run.call("Grep", {"pattern": "2026-10"}, DecisionKind.PASS, f"file://{CWD}", outcome=Outcome.EXECUTED)
    for path in ("exports/october.csv", "exports/summary.md", "src/report.py"):
        run.write(
            path,
            execution=Execution.SHADOW,
            outcome=Outcome.EXECUTED,
            rule="policy.dry-run.workspace-write",
            why="A write in the run's folder goes to the shadow.",
        )
    run.call(
        "Bash",
        {"command": "python src/report.py --month 2026-10 > exports/october.csv", "description": "Export"},
        DecisionKind.SIMULATED,
        f"file://{CWD}/exports/october.csv",
        execution=Execution.SHADOW,
        outcome=Outcome.EXECUTED,
        why="A command that writes in the run's folder runs in the shadow.",
    )
    run.call(
        "mcp__store__upload",
        {"key": "invoices/october.csv", "path": "exports/october.csv"},
        DecisionKind.SIMULATED,
        "mcp://store/upload",
        Scope.REMOTE,
        rule="policy.dry-run.remote-write",
        why="A write on another system is not executed in a dry run.",
        notice=NOTICE,
        outcome=Outcome.NOT_EXECUTED,
        result=NOTICE,
        diverges=True,
    )
    run.call(
        "mcp__db__insert",
        {"table": "uploads", "row": {"key": "invoices/october.csv", "rows": 412}},
        DecisionKind.SIMULATED,
        "mcp://db/insert",
        Scope.REMOTE,
        rule="policy.dry",
        why="The run is dry since #7: every later write is simulated, so that no row points at nothing.",
        notice=NOTICE.replace("upload of exports/october.csv to the store", "insert into uploads"),
        outcome=Outcome.NOT_EXECUTED,
        agent_id="a1b2c3",
    )
    run.call(
        "Bash",
        {"command": "curl -X DELETE https://ledger.example/api/2026-10\ngit push origin main"},
        DecisionKind.BLOCKED,
        "https://ledger.example/api/2026-10",
        Scope.REMOTE,
        rule="block:https://ledger.*",
        why="Your configuration blocks every write on https://ledger.*",
        outcome=Outcome.NOT_EXECUTED,
        effects=(
            Effect(
                EffectKind.WRITE,
                Scope.REMOTE,
                "https://ledger.example/api/2026-10",
                "http.delete",
                "curl -X DELETE removes what the URL names.",
            ),
            Effect(
                EffectKind.WRITE,
                Scope.REMOTE,
                "git+origin#main",
                "git.push",
                "It pushes commits to a remote.",
            ),
        ),
    )
    run.usage(0.37)
    return run


def held() -> Recording:
    """A live run with two calls that wait."""
    run = Recording(run_id="r2")
    run.start(task="Publish the fixed report and tell the team", mode=Mode.LIVE, name="quiet-heron")
    run.write(
        "src/report.py",
        DecisionKind.REAL,
        rule="policy.live.workspace-write",
        why="A write in the run's folder, in a live run.",
        outcome=Outcome.EXECUTED,
    )
    run.call(
        "Bash",
        {"command": "git commit -am 'Fix totals'"},
        DecisionKind.REAL,
        f"file://{CWD}/.git",
        outcome=Outcome.FAILED,
        result="nothing to commit",
    )
    run.call(
        "Bash",
        {"command": "git push origin main && ./notify.sh team"},
        DecisionKind.HELD,
        "git+origin#main",
        Scope.REMOTE,
        rule="policy.live.unplanned-remote-write",
        why="A write on another system that no approved plan holds.",
        effects=(
            Effect(
                EffectKind.WRITE,
                Scope.REMOTE,
                "git+origin#main",
                "git.push",
                "It pushes commits to a remote.",
            ),
            Effect(
                EffectKind.UNKNOWN,
                Scope.HOST,
                "unknown:./notify.sh",
                "shell.unknown-program",
                "Nobody knows what ./notify.sh does.",
            ),
        ),
    )
    run.call(
        "mcp__chat__post",
        {"channel": "#team", "text": "Report is out"},
        DecisionKind.HELD,
        "mcp://chat/post",
        Scope.REMOTE,
        why="A write on another system that no approved plan holds.",
        agent_id="a1b2c3",
    )
    run.usage(0.12)
    return run


def hook_failure() -> Recording:
    """A dry run whose hook client was killed: paused, nothing gets through."""
    run = dry_run()
    run.alert(AlertKind.HOOK_FAILURE, "PreToolUse:Bash hook was killed by signal 9; the call was denied", 10)
    run.state(State.PAUSED, "hook failure")
    return run


def rehearsed() -> Recording:
    """A dry run that is over: two files, an upload, the row that refers to it, a command that was cut."""
    run = Recording(run_id="r3")
    run.start(task="Build page 42, upload its picture and record it", name="amber-fox")
    for path in ("page.html", "src/report.py"):
        run.write(
            path,
            execution=Execution.SHADOW,
            outcome=Outcome.EXECUTED,
            rule="policy.dry-run.workspace-write.shadow",
            why=f"file://{CWD}/{path} is written in the shadow of the workspace only: this is a dry run.",
        )
    why = "The write to {} is not executed: a write of this run is only simulated, so every other one is too."
    run.call(
        "mcp__store__put_object",
        {"key": "img/42.png", "path": "page.png", "public": True},
        DecisionKind.SIMULATED,
        "mcp://store/put_object",
        Scope.REMOTE,
        rule="policy.dry-run.remote-write",
        why=why.format("mcp://store/put_object"),
        notice=NOTICE,
        outcome=Outcome.NOT_EXECUTED,
        diverges=True,
    )
    run.call(
        "Bash",
        {"command": "./build.sh --assets | tee build.log\necho built", "description": "Build"},
        DecisionKind.SIMULATED,
        "unknown:./build.sh",
        Scope.HOST,
        kind=EffectKind.UNKNOWN,
        execution=Execution.SHADOW,
        rule="policy.dry-run.unknown.shadow",
        why="What unknown:./build.sh does is not known, so it runs in the shadow without network.",
        outcome=Outcome.EXECUTED,
    )
    run.call(
        "mcp__database__insert_row",
        {"table": "images", "values": {"key": "img/42.png", "page": "page.html"}},
        DecisionKind.SIMULATED,
        "mcp://database/insert_row",
        Scope.REMOTE,
        rule="policy.dry.remote-write",
        why=why.format("mcp://database/insert_row"),
        notice=NOTICE,
        outcome=Outcome.NOT_EXECUTED,
    )
    run.call(
        "Bash",
        {"command": "git push origin main", "description": "Publish"},
        DecisionKind.SIMULATED,
        "git+origin#main",
        Scope.REMOTE,
        rule="policy.dry.remote-write",
        why=why.format("git+origin#main"),
        notice=NOTICE,
        outcome=Outcome.NOT_EXECUTED,
    )
    run.call(
        "Bash",
        {"command": "./announce.sh img/42.png", "description": "Tell"},
        DecisionKind.SIMULATED,
        "unknown:./announce.sh",
        Scope.HOST,
        kind=EffectKind.UNKNOWN,
        execution=Execution.SHADOW,
        rule="policy.dry.unknown.shadow",
        why="What unknown:./announce.sh does is not known, so it runs in the shadow without network.",
        outcome=Outcome.EXECUTED,
    )
    run.end(result="The page is built.")
    return run


def ended() -> Recording:
    """A run that is over."""
    run = Recording(run_id="r0", start=1_789_990_000.0)
    run.start(task="Rename the config keys", name="plain-otter")
    run.write("config.toml", outcome=Outcome.EXECUTED)
    run.end(Ending.COMPLETED, result="All keys are renamed.")
    return run


TALK = (
    ConversationItem(Role.OPERATOR, "Export October's invoices, upload them and record the upload."),
    ConversationItem(Role.AGENT, "I will look at the invoices first, then write the export script."),
    ConversationItem(Role.CALL, '{"file_path": "invoices.csv"}', "Read", "toolu_r1_1"),
    ConversationItem(Role.RESULT, "412 rows", "Read", "toolu_r1_1"),
    ConversationItem(Role.AGENT, "The export is ready. Uploading it now."),
    ConversationItem(Role.CALL, '{"key": "invoices/october.csv"}', "mcp__store__upload", "toolu_r1_7"),
    ConversationItem(Role.RESULT, NOTICE, "mcp__store__upload", "toolu_r1_7", error=True),
    ConversationItem(Role.AGENT, "The upload was simulated. I go on as a rehearsal and record the row."),
)
