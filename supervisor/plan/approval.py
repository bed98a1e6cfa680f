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

from supervisor.errors import SuperviseError
from supervisor.journal.events import PlanApproved
from supervisor.places import private_dir
from supervisor.plan.model import Plan
from supervisor.plan.rebase import Accepted, rebased

_KEY_BYTES = 32


class NotApprovedError(SuperviseError):
    """There is no approval that covers the plan as it stands now."""


class ForgedApprovalError(NotApprovedError):
    """Somebody tried with an approval that the operator never gave, or that was used up."""


def approval_key(state: Path) -> bytes:
    """The key that seals this operator's approvals; made at the first use, readable by its owner only.

    Raises:
        NotApprovedError: what lies there is not a key that this program made.
    """
    path = private_dir(state) / "approval.key"
    if not path.is_symlink() and not path.exists():
        _make_key(path)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            key, found = file.read(_KEY_BYTES + 1), os.fstat(handle)
    except OSError as cause:
        raise _no_key(path, str(cause)) from cause
    if len(key) != _KEY_BYTES:
        raise _no_key(path, f"it does not hold {_KEY_BYTES} bytes")
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise _no_key(path, "others can read or own it")
    return key


def _make_key(path: Path) -> None:
    """Whole or not at all: a key that was cut short would seal whatever is sealed with so little."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key counts
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _no_key(path: Path, why: str) -> NotApprovedError:
    cure = "Remove it: a new one is made, and what was approved with it has to be approved again."
    return NotApprovedError(f"{path} is not a key of approvals: {why}", cure=cure)


def approve(
    key: bytes,
    plan: Plan,
    left_out: Collection[int],
    by: str,
    now: float,
    expires_s: float,
    accepted: tuple[Accepted, ...] = (),
    for_real: Collection[int] = (),
) -> PlanApproved:
    """The approval of `plan` (its ticked items only), sealed.

    Args:
        plan: exactly what was reviewed and stays ticked.
        left_out: numbers of the items that were left out.
        by: who, and from which terminal.
        now: seconds since the epoch.
        expires_s: seconds until an unused approval is void.
        accepted: drift that is approved over; the plan is then approved on the world as it was seen.
        for_real: numbers of cut commands that `plan` runs for real.
    """
    bare = PlanApproved(
        digest=rebased(plan, accepted).digest,
        items=tuple(item.n for item in plan.items),
        left_out=tuple(sorted(left_out)),
        by=by,
        approved=now,
        expires=now + expires_s,
        nonce=secrets.token_hex(16),
        seal="",
        accepted=tuple(msgspec.to_builtins(each) for each in accepted),
        for_real=tuple(sorted(for_real)),
    )
    return msgspec.structs.replace(bare, seal=_seal(key, plan.run, bare))


def accepted_of(approval: PlanApproved) -> tuple[Accepted, ...]:
    """What the approval accepted.

    Raises:
        ForgedApprovalError: somebody else wrote it.
    """
    try:
        return msgspec.convert(approval.accepted, tuple[Accepted, ...])
    except msgspec.ValidationError as cause:
        raise ForgedApprovalError(f"what it accepts cannot be read: {cause}") from cause


def require(
    key: bytes, run: str, approval: PlanApproved, plan: Plan, used: Collection[str], now: float
) -> None:
    """Return if `approval` approves `plan` now.

    Args:
        plan: the plan as it stands now, without what was left out.
        used: nonces of approvals that were used.
        now: seconds since the epoch, by a clock that nobody has set back.

    Raises:
        NotApprovedError: it does not.
    """
    bare = msgspec.structs.replace(approval, seal="")
    if not hmac.compare_digest(_seal(key, run, bare), approval.seal):
        raise ForgedApprovalError("it was not given by the operator for this run (the seal does not fit)")
    if approval.nonce in used:
        raise ForgedApprovalError("it was used already")
    if not approval.approved <= now < approval.expires:
        raise NotApprovedError("it has expired")
    if approval.digest != plan.digest:
        raise NotApprovedError("the plan is no longer the one that was approved")


def _seal(key: bytes, run: str, bare: PlanApproved) -> str:
    return hmac.new(key, msgspec.json.encode((run, bare)), hashlib.sha256).hexdigest()
