"""An approval: a person's word for exactly one plan, for a short time, for one use.

It is sealed with a key that lies in the operator's state folder, which no run can see from its shadow: a row
edited in the journal, a copied or altered approval, another run's or an old one approves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import msgspec

from supervisor.journal.events import PlanApproved
from supervisor.places import private_dir
from supervisor.plan.model import Plan

_KEY_BYTES = 32


def approval_key(state: Path) -> bytes:
    """The key that seals this operator's approvals; made at the first use, readable by its owner only."""
    path = private_dir(state) / "approval.key"
    with suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    return path.read_bytes()


def approve(
    key: bytes, plan: Plan, left_out: Collection[int], by: str, now: float, expires_s: float
) -> PlanApproved:
    """The approval of `plan` (its ticked items only), sealed.

    Args:
        plan: exactly what was reviewed and stays ticked.
        left_out: numbers of the items that were left out.
        by: who, and from which terminal.
        now: seconds since the epoch.
        expires_s: seconds until an unused approval is void.
    """
    bare = PlanApproved(
        digest=plan.digest,
        items=tuple(item.n for item in plan.items),
        left_out=tuple(sorted(left_out)),
        by=by,
        approved=now,
        expires=now + expires_s,
        nonce=secrets.token_hex(16),
        seal="",
    )
    return msgspec.structs.replace(bare, seal=_seal(key, plan.run, bare))


def refusal(
    key: bytes, run: str, approval: PlanApproved, plan: Plan, used: Collection[str], now: float
) -> str:
    """Why `approval` does not approve `plan` now; empty if it does.

    Args:
        plan: the plan as it stands now, without what was left out.
        used: nonces of approvals that were used.
    """
    bare = msgspec.structs.replace(approval, seal="")
    if not hmac.compare_digest(_seal(key, run, bare), approval.seal):
        return "it was not given by the operator for this run (the seal does not fit)"
    if approval.nonce in used:
        return "it was used already"
    if not approval.approved <= now < approval.expires:
        return "it has expired"
    if approval.digest != plan.digest:
        return "the plan is no longer the one that was approved"
    return ""


def _seal(key: bytes, run: str, bare: PlanApproved) -> str:
    return hmac.new(key, msgspec.json.encode((run, bare)), hashlib.sha256).hexdigest()
