"""The tables of the journal, as SQL.

`events` is the truth: append-only, without gaps, chained by hash. Every other table is a projection, written
in the same transaction as its event and rebuilt from the events by `verify`. Long fields (input, notice,
result) stand in the event's `body` alone: `json_extract(body, '$.input')`.
"""

from __future__ import annotations

APPLICATION_ID = 0x53555056
"""`SUPV`: what `PRAGMA application_id` of a journal says."""

PROJECTIONS = ("runs", "calls", "verdicts", "outcomes", "alerts", "simulated")
"""Every table that follows from the events."""

FIRST = (
    """
    CREATE TABLE migrations (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        applied REAL NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL CHECK (run_id <> '' AND instr(run_id, char(10)) = 0),
        time REAL NOT NULL,
        kind TEXT NOT NULL CHECK (instr(kind, char(10)) = 0),
        body TEXT NOT NULL,
        prev_hash TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX events_of_run ON events (run_id, seq)",
    # An INSERT OR REPLACE fires no delete trigger, so the insert itself must prove that it only appends.
    """
    CREATE TRIGGER events_only_append BEFORE INSERT ON events
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
      OR NEW.prev_hash IS NOT coalesce((SELECT hash FROM events WHERE seq = NEW.seq - 1), printf('%064d', 0))
    BEGIN SELECT RAISE(ABORT, 'events can only be appended'); END
    """,
    """
    CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events cannot be changed'); END
    """,
    """
    CREATE TRIGGER events_never_go BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events cannot be deleted'); END
    """,
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL,
        label TEXT NOT NULL,
        cwd TEXT NOT NULL,
        mode TEXT NOT NULL,
        headless INTEGER NOT NULL,
        shadow INTEGER NOT NULL,
        session_id TEXT NOT NULL,
        runner_pid INTEGER NOT NULL,
        started REAL NOT NULL,
        state TEXT NOT NULL,
        transcript TEXT NOT NULL DEFAULT '',
        dry INTEGER NOT NULL DEFAULT 0 CHECK (dry IN (0, 1)),
        diverged_at INTEGER,
        calls INTEGER NOT NULL DEFAULT 0,
        n_pass INTEGER NOT NULL DEFAULT 0,
        n_real INTEGER NOT NULL DEFAULT 0,
        n_simulated INTEGER NOT NULL DEFAULT 0,
        n_blocked INTEGER NOT NULL DEFAULT 0,
        n_held INTEGER NOT NULL DEFAULT 0,
        alerts INTEGER NOT NULL DEFAULT 0,
        cost_usd REAL NOT NULL DEFAULT 0,
        ended REAL,
        ending TEXT,
        exit_code INTEGER,
        last_seq INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX runs_by_start ON runs (started)",
    """
    CREATE TRIGGER runs_stay_dry BEFORE UPDATE OF dry ON runs WHEN NEW.dry < OLD.dry
    BEGIN SELECT RAISE(ABORT, 'a dry run stays dry'); END
    """,
    """
    CREATE TRIGGER runs_never_replaced BEFORE INSERT ON runs
    WHEN EXISTS (SELECT 1 FROM runs WHERE id = NEW.id OR name = NEW.name)
    BEGIN SELECT RAISE(ABORT, 'a run of this id or name exists'); END
    """,
    """
    CREATE TRIGGER runs_never_go BEFORE DELETE ON runs
    BEGIN SELECT RAISE(ABORT, 'runs cannot be deleted'); END
    """,
    """
    CREATE TABLE calls (
        run_id TEXT NOT NULL,
        n INTEGER NOT NULL,
        tool_use_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        agent_type TEXT NOT NULL,
        tool TEXT NOT NULL,
        effect TEXT NOT NULL,
        scope TEXT NOT NULL,
        targets TEXT NOT NULL,   -- JSON array of URIs
        writes TEXT NOT NULL,    -- JSON array: those targets that the call would not merely read
        decision TEXT NOT NULL,  -- in force: a verdict replaces `held`
        execution TEXT NOT NULL,
        held INTEGER NOT NULL,   -- it was held at first
        rule TEXT NOT NULL,
        why TEXT NOT NULL,
        dry INTEGER NOT NULL,
        diverged INTEGER NOT NULL,
        profile TEXT NOT NULL,
        gate_ms REAL NOT NULL,
        seq INTEGER NOT NULL,    -- of the event that decided it
        time REAL NOT NULL,
        PRIMARY KEY (run_id, n)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX calls_by_tool_use ON calls (run_id, tool_use_id)",
    """
    CREATE TABLE verdicts (
        run_id TEXT NOT NULL,
        n INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        time REAL NOT NULL,
        tool_use_id TEXT NOT NULL,
        decision TEXT NOT NULL,
        execution TEXT NOT NULL,
        why TEXT NOT NULL,
        by TEXT NOT NULL,
        sentence TEXT NOT NULL,
        dry INTEGER NOT NULL,
        diverged INTEGER NOT NULL,
        PRIMARY KEY (run_id, n)
    ) STRICT, WITHOUT ROWID
    """,
    # A decision is one row in `calls`, its verdict one in `verdicts`: every page a commit writes costs time.
    """
    CREATE VIEW decisions AS
    SELECT run_id, seq, time, n, tool_use_id, iif(held, 'held', decision) AS decision,
           iif(held, 'waits', execution) AS execution, rule, why, dry, diverged, profile, gate_ms, '' AS by
    FROM calls
    UNION ALL
    SELECT v.run_id, v.seq, v.time, v.n, v.tool_use_id, v.decision,
           v.execution, c.rule, v.why, v.dry, v.diverged, c.profile, 0.0, v.by
    FROM verdicts v JOIN calls c ON c.run_id = v.run_id AND c.n = v.n
    """,
    """
    CREATE TABLE outcomes (
        run_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        n INTEGER NOT NULL,
        tool_use_id TEXT NOT NULL,
        tool TEXT NOT NULL,
        outcome TEXT NOT NULL,
        source TEXT NOT NULL,
        duration_ms INTEGER NOT NULL,
        PRIMARY KEY (run_id, seq)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX outcomes_by_tool_use ON outcomes (run_id, tool_use_id, seq)",
    """
    CREATE TABLE alerts (
        run_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        time REAL NOT NULL,
        alert TEXT NOT NULL,
        detail TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (run_id, seq)
    ) STRICT, WITHOUT ROWID
    """,
    # Targets with a simulated write that was not executed: what a decision must know about the run's past.
    """
    CREATE TABLE simulated (
        run_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        target TEXT NOT NULL,
        PRIMARY KEY (run_id, seq, target)
    ) STRICT, WITHOUT ROWID
    """,
)
