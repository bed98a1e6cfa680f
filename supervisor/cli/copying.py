"""The copy that a run works in where there is no overlay: made before its runner, as it can take long."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from supervisor.errors import ContainmentError
from supervisor.runner.spec import RunSpec
from supervisor.shadow.backend import BackendKind
from supervisor.shadow.clone import ignored_giants
from supervisor.shadow.copying import cost_of, shares_blocks
from supervisor.shadow.kept import discard, open_shadow, shadow_folder
from supervisor.shadow.names import as_bytes

_MB = 1_000_000


def copy_folder(spec: RunSpec) -> None:
    """Copy the folder of a run that needs it, saying how much it is and how far it is. A copy that is cut
    short is removed again.

    Raises:
        ContainmentError: there is no room for it, or it failed.
    """
    if spec.shadow is not BackendKind.CLONE or spec.capabilities is None:
        return
    folder = shadow_folder(spec.places, spec.run_id)
    try:
        total = _said(spec)
        with click.progressbar(length=total, label="copying", file=sys.stderr) as bar:
            open_shadow(
                spec.places,
                spec.run_id,
                Path(spec.cwd),
                spec.capabilities,
                backend=spec.shadow,
                skip_ignored_over=spec.skip_ignored_over,
                progress=lambda done, _total: bar.update(done - bar.pos),
            )
    except BaseException as cause:
        discard(folder)
        if isinstance(cause, OSError):
            raise ContainmentError(f"{spec.cwd} could not be copied: {cause}") from None
        raise


def _said(spec: RunSpec) -> int:
    """Say how much is copied; its bytes.

    Raises:
        ContainmentError: more than there is room for.
    """
    workspace, state = Path(spec.cwd), spec.places.state
    giants = () if spec.skip_ignored_over is None else ignored_giants(workspace, spec.skip_ignored_over)
    cost = cost_of(workspace, frozenset(map(as_bytes, giants)))
    room = shutil.disk_usage(state).free
    shared = shares_blocks(workspace, state)
    how = "sharing its blocks" if shared else f"{room / _MB:,.0f} MB are free there"
    what = f"{cost.files:,} files, {cost.size / _MB:,.0f} MB"
    click.echo(f"supervise: copying {spec.cwd} to where shadows lie: {what}, {how}", err=True)
    if not shared and cost.size > room:
        raise ContainmentError(
            f"the copy of {spec.cwd} takes {cost.size / _MB:,.0f} MB, and {room / _MB:,.0f} MB are free",
            cure="Make room, or set XDG_STATE_HOME to a folder on another disk.",
        )
    return cost.size
