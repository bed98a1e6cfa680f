"""A plan worth looking at: the rehearsed story with the files it changed."""

from __future__ import annotations

from run_stories import rehearsed
from screen_source import PlayedPlan
from supervisor.journal.events import Probe
from supervisor.plan.drift import TargetDrift
from supervisor.plan.file_drift import Drift
from supervisor.shadow.changes import Change, ChangeKind, Node, NodeType

_PAGE = """--- /dev/null
+++ b/page.html
@@ -0,0 +1,3 @@
+<h1>Page 42</h1>
+<img src="img/42.png" alt="A picture">
+<p>Made in October.</p>
"""
_REPORT = """--- a/src/report.py
+++ b/src/report.py
@@ -1,4 +1,5 @@
 import csv

-def total(rows: list[int]) -> int:
-    return sum(rows)
+def total(rows: list[int], *, skip: int = 0) -> int:
+    \"\"\"The sum, without the first `skip` rows.\"\"\"
+    return sum(rows[skip:])
"""
_LOG = """--- /dev/null
+++ b/build.log
@@ -0,0 +1 @@
+built 3 assets
"""


def rehearsed_plan() -> PlayedPlan:
    """The plan of `rehearsed`."""
    changes = (
        _change("build.log", None, 15, 4),
        _change("page.html", None, 83, 1),
        _change("src/report.py", 71, 152, 2),
    )
    return PlayedPlan(rehearsed(), changes, (_LOG, _PAGE, _REPORT))


def edited_since() -> Drift:
    """`src/report.py` was edited since the rehearsal."""
    return Drift("src/report.py", _file(71), _file(90))


def moved_since() -> TargetDrift:
    """What #3 uploads was replaced by somebody else since the rehearsal."""
    then, now = (Probe(("ls", "objects"), "/", output) for output in ("old\n", "theirs\n"))
    return TargetDrift(3, then, now)


def _change(path: str, before: int | None, after: int, n: int) -> Change:
    kind = ChangeKind.ADDED if before is None else ChangeKind.MODIFIED
    old = None if before is None else _file(before)
    return Change(path, kind, old, _file(after), calls=(f"toolu_r3_{n}",))


def _file(size: int) -> Node:
    return Node(NodeType.FILE, 0o644, size, f"{size:064x}")
