"""Alerts: journaled, told to the operator's `notify` command, and kept until the journal can take them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence

from supervisor.journal.events import AlertRaised, AnyEvent
from supervisor.policy import AlertKind
from supervisor.runner.spec import RunSpec

_RETRY_S = 0.5


class Alarm:
    """Raises the alerts of one run.

    Args:
        record: journals an event; False when the journal could not take it.
        notify: command per alert kind; it gets the alert as JSON on its standard input.
    """

    def __init__(
        self, spec: RunSpec, record: Callable[[AnyEvent], bool], notify: Mapping[str, Sequence[str]]
    ) -> None:
        self._spec = spec
        self._record = record
        self._notify = notify
        self._pending: list[AlertRaised] = []

    @property
    def pending(self) -> tuple[str, ...]:
        """Alerts the journal could not take yet, as `kind: detail`."""
        return tuple(f"{alert.alert.value}: {alert.detail}" for alert in self._pending)

    def raise_(self, kind: AlertKind, detail: str, n: int = 0) -> None:
        """Raise one alert."""
        if kind.value in self._spec.disabled_alerts:
            return
        alert = AlertRaised(kind, detail, n)
        if self._pending or not self._record(alert):
            self._pending.append(alert)
        self._tell(alert)

    async def retry(self) -> None:
        """Journal what waits, again and again, until cancelled."""
        while True:
            await asyncio.sleep(_RETRY_S)
            while self._pending and self._record(self._pending[0]):
                self._pending.pop(0)

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
            with contextlib.suppress(OSError), process.stdin:
                process.stdin.write(json.dumps(said).encode() + b"\n")
            # the operator's command runs as long as it likes; init or the reaper below collects it
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().run_in_executor(None, process.wait)
