"""Alerts: journaled, and told to the operator's `notify` command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence

from supervisor.journal.events import AlertRaised, AnyEvent
from supervisor.policy import AlertKind
from supervisor.runner.spec import RunSpec


class Alarm:
    """Raises the alerts of one run.

    Args:
        record: journals an event, now or later.
        notify: command per alert kind; it gets the alert as JSON on its standard input.
    """

    def __init__(
        self, spec: RunSpec, record: Callable[[AnyEvent], None], notify: Mapping[str, Sequence[str]]
    ) -> None:
        self._spec = spec
        self._record = record
        self._notify = notify
        self.told: set[int] = set()
        """Process ids of the commands that were started and may still run."""

    def raise_(self, kind: AlertKind, detail: str, n: int = 0) -> None:
        """Raise one alert."""
        if kind.value in self._spec.disabled_alerts:
            return
        alert = AlertRaised(kind, detail, n)
        self._record(alert)
        self._tell(alert)

    def _tell(self, alert: AlertRaised) -> None:
        command = self._notify.get(alert.alert.value)
        if not command:
            return
        said = {
            "run": self._spec.name,
            "run_id": self._spec.run_id,
            "kind": alert.alert.value,
            "detail": alert.detail,
            "call": alert.n,
        }
        with contextlib.suppress(OSError):
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            assert process.stdin is not None
            self.told.add(process.pid)
            with contextlib.suppress(OSError), process.stdin:
                process.stdin.write(json.dumps(said).encode() + b"\n")
            # the operator's command runs as long as it likes; init or the reaper below collects it
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().run_in_executor(None, process.wait)
