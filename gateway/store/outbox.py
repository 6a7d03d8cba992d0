"""The moves of an attempt's submission: each is made by comparing what one believes with what is there.

Two workers may look at the same attempt, and one of them may have slept since. Whoever moves it names its
state, how often it was sent and who holds it; if any of these is another by now, nothing is changed. The
number of sends is part of it because an attempt can come back to the same state with another life behind it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.notices import Notice, NoticeKind
from gateway.domain.submission import ONWARD, AttemptState
from gateway.store.attempts import Attempt, AttemptChange
from gateway.store.events import EventKind, tell
from gateway.store.notices import announce
from gateway.store.requests import Step

# An attempt in one of these is no longer live: the step may be tried again.
_OVER = frozenset({AttemptState.REJECTED, AttemptState.CANCELLED})
# What whoever submitted it wants to know; the other steps follow each other by themselves.
_TOLD_OF: Final[Mapping[AttemptState, tuple[NoticeKind, str]]] = MappingProxyType(
    {
        AttemptState.SUBMITTED: (NoticeKind.SUBMISSION_SETTLED, "is at PanDA"),
        AttemptState.REJECTED: (NoticeKind.SUBMISSION_REFUSED, "was refused by PanDA"),
        AttemptState.NEEDS_LOGIN: (NoticeKind.SUBMISSION_NEEDS_LOGIN, "waits for a login"),
        AttemptState.STUCK: (NoticeKind.SUBMISSION_STUCK, "could not be settled for a day"),
    }
)


@dataclass(frozen=True, slots=True)
class Held:
    """What one believes of an attempt, and what a move compares."""

    key: str
    state: AttemptState
    sends: int
    owner: str | None = None


async def move(
    session: AsyncSession,
    held: Held,
    to: AttemptState,
    *,
    at: dt.datetime,
    by: str,
    reason: str | None = None,
    values: Mapping[str, object] | None = None,
) -> bool:
    """Move an attempt within the caller's transaction; False, and nothing changed, when it has moved already.

    `values` are further columns. Those of a lease are emptied unless they are given. Raises ValueError for a
    move that no attempt makes.
    """
    if to not in ONWARD[held.state]:
        raise ValueError(f"an attempt that is {held.state} never becomes {to}")
    sends = held.sends + (to is AttemptState.SENDING)
    columns: dict[str, object] = {
        "state": to.value,
        "sends": sends,
        "owner": None,
        "lease_until": None,
        "not_before": None,
        "settles_at": None,
        "reason": reason,
        **({"is_live": False} if to in _OVER else {}),
        **(values or {}),
    }
    if not await _update(session, held, columns):
        return False
    session.add(
        AttemptChange(
            attempt_key=held.key,
            from_state=held.state.value,
            to_state=to.value,
            sends=sends,
            changed_at=at,
            changed_by=by[:64],
            reason=reason,
        )
    )
    await _tell(session, held, to, reason, at)
    return True


async def postpone(
    session: AsyncSession, held: Held, not_before: dt.datetime, *, reason: str | None = None
) -> bool:
    """Leave an attempt where it is and have it looked at later; False when it has moved already."""
    return await _update(
        session, held, {"not_before": not_before, **({} if reason is None else {"reason": reason})}
    )


async def _update(session: AsyncSession, held: Held, columns: Mapping[str, object]) -> bool:
    owner = Attempt.owner.is_(None) if held.owner is None else Attempt.owner == held.owner
    result = cast(
        "CursorResult[tuple[()]]",
        await session.execute(
            update(Attempt)
            .where(
                Attempt.key == held.key,
                Attempt.state == held.state.value,
                Attempt.sends == held.sends,
                owner,
            )
            .values(**columns)
            .execution_options(synchronize_session=False)
        ),
    )
    return result.rowcount == 1


async def _tell(
    session: AsyncSession, held: Held, to: AttemptState, reason: str | None, at: dt.datetime
) -> None:
    row = (
        await session.execute(
            select(Step.request_name, Attempt.task_name, Attempt.submitted_by)
            .join(Attempt, Attempt.step_key == Step.key)
            .where(Attempt.key == held.key)
        )
    ).one_or_none()
    if row is None:
        return
    tell(session, EventKind.REQUEST, row.request_name, at=at)
    if to not in _TOLD_OF:
        return
    kind, said = _TOLD_OF[to]
    notice = Notice(
        kind=kind,
        subject_kind="ATTEMPT",
        subject_key=held.key,
        message=f"{row.task_name} {said}{f': {reason}' if reason else ''}",
        at=at,
        identity=f"{to} {at.isoformat()}",
        request_name=row.request_name,
        data={"state": to.value, "taskName": row.task_name, "submittedBy": row.submitted_by},
    )
    await announce(session, [notice])
