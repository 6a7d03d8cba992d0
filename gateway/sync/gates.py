"""The gates of a chain: when an attempt that waits for the step before it may be sent, and when never."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from gateway.domain.submission import AttemptState, ChainMode
from gateway.store.attempts import Attempt, Submission
from gateway.store.database import Database
from gateway.store.datasets import Dataset
from gateway.store.outbox import Held, move
from gateway.store.tasks import Task

S = AttemptState
_DEAD: Final = frozenset({S.REJECTED.value, S.CANCELLED.value})


@dataclass(frozen=True, slots=True)
class _Waiting:
    held: Held
    mode: str | None
    min_fraction: float
    parent_key: str
    parent_state: str
    status: str | None
    jobs_expected: int | None
    jobs_finished: int | None
    outputs: Sequence[str]


async def open_gates(database: Database, *, at: dt.datetime, by: str) -> None:
    """Plan each waiting attempt whose parent has come far enough; cancel those whose parent never will.

    GATED: the parent's task is done, or finished with at least the agreed fraction of its jobs, and every
    dataset it was to write is in Rucio. NATIVE: the parent's task has been seen in PanDA, which otherwise
    breaks the child ("parent not found"). A parent that failed may still be retried: its child waits on.
    """
    parent = aliased(Attempt)
    parents = aliased(Submission)
    statement = (
        select(
            Attempt.key,
            Attempt.sends,
            Attempt.owner,
            Submission.mode,
            Submission.min_fraction,
            parent.key.label("parent_key"),
            parent.state.label("parent_state"),
            Task.status,
            Task.jobs_expected,
            Task.jobs_finished,
            parents.outputs,
        )
        .join(Submission, Submission.attempt_key == Attempt.key)
        .join(parent, parent.key == Submission.parent_attempt_key)
        .outerjoin(parents, parents.attempt_key == parent.key)
        .outerjoin(Task, (Task.jedi_task_id == parent.jedi_task_id) & Task.gone_at.is_(None))
        .where(Attempt.state == S.WAITING.value)
        .order_by(Attempt.key)
    )
    async with database.snapshot() as session:
        waiting = [
            _Waiting(
                Held(row.key, S.WAITING, row.sends, row.owner),
                row.mode,
                row.min_fraction,
                row.parent_key,
                row.parent_state,
                row.status,
                row.jobs_expected,
                row.jobs_finished,
                [str(did) for did in row.outputs or ()],
            )
            for row in await session.execute(statement)
        ]
        opened = [one for one in waiting if one.status is not None and await _is_open(session, one)]
    for one in waiting:
        if one.parent_state in _DEAD:
            reason = f"{one.parent_key}, which it would read, was {one.parent_state.lower()}"
            async with database.transaction() as session:
                await move(session, one.held, S.CANCELLED, at=at, by=by, reason=reason)
    for one in opened:
        async with database.transaction() as session:
            await move(session, one.held, S.PLANNED, at=at, by=by)


async def _is_open(session: AsyncSession, waiting: _Waiting) -> bool:
    if waiting.mode == ChainMode.NATIVE.value:
        return True
    is_partial = waiting.status == "finished" and bool(waiting.jobs_expected)
    fraction = (waiting.jobs_finished or 0) / (waiting.jobs_expected or 1)
    if waiting.status != "done" and not (is_partial and fraction >= waiting.min_fraction):
        return False
    present = await session.scalars(
        select(Dataset.did).where(Dataset.did.in_(waiting.outputs), Dataset.gone_at.is_(None))
    )
    return set(present) == set(waiting.outputs)
