"""Settling what is in doubt: a task that was found is taken, and one is called absent only with proof.

PanDA does not list a task before JEDI has refined it, and answers a failure of its database with an empty
list. So absence is believed only (a) after the lease's end and the settling time, (b) in an answer that was
asked for after that, (c) which contains tasks that must be there, (d) none of which has our key.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.submission import AttemptState, FoundTask, LookUp, Timing
from gateway.errors import UpstreamError
from gateway.store.attempts import Attempt, Submission
from gateway.store.audit import AuditEntry, AuditOutcome, record
from gateway.store.database import Database
from gateway.store.outbox import Held, move, postpone
from gateway.store.tasks import Task
from gateway.sync.known_tasks import FINAL_STATES
from gateway.sync.lease import Clock

log = structlog.get_logger()

# One look-up serves this many; the rest has its turn with the next.
AT_ONCE: Final = 500
# Tasks that an honest answer must have, and how old they may be: PanDA lists ninety days.
CANARIES: Final = 3
CANARY_AGE: Final = dt.timedelta(days=80)
S = AttemptState


class Finder(Protocol):
    """What looks for tasks by our keys."""

    async def find(
        self, keys: Collection[str], *, since: dt.datetime, canaries: Mapping[int, dt.datetime]
    ) -> LookUp:
        """Look once; raises UpstreamError without an answer."""
        ...


@dataclass(frozen=True, slots=True)
class _Doubt:
    held: Held
    submission_key: str
    planned_at: dt.datetime
    settles_at: dt.datetime | None
    submitted_by: str | None
    # Never sent as far as we know, and a step of a chain: its gate has to open first.
    has_gate: bool


async def settle(database: Database, finder: Finder, *, clock: Clock, by: str, timing: Timing) -> None:
    """Look once for every attempt in doubt whose turn it is, and move those that are in doubt no more."""
    asked_at = clock()
    async with database.snapshot() as session:
        doubts = await _doubts(session, asked_at)
        if not doubts:
            return
        known = await _remembered(session, [doubt.submission_key for doubt in doubts])
        canaries = await _canaries(session, asked_at)
    proves_absence = False
    found = dict(known)
    sought = [doubt for doubt in doubts if doubt.submission_key not in known]
    if sought:
        try:
            answer = await finder.find(
                [doubt.submission_key for doubt in sought],
                since=min(doubt.planned_at for doubt in sought),
                canaries=canaries,
            )
        except UpstreamError as error:
            log.warning("a look-up failed", action="outbox.look_up_failed", reason=error.message)
        else:
            proves_absence = answer.proves_absence
            found.update(answer.tasks)
    for doubt in doubts:
        tasks = found.get(doubt.submission_key, ())
        if tasks:
            await _take(database, doubt, tasks, at=clock(), by=by)
        elif proves_absence and doubt.settles_at is not None and asked_at >= doubt.settles_at:
            await _plan_again(database, doubt, at=clock(), by=by)
        else:
            await _wait(database, doubt, at=clock(), by=by, timing=timing)


async def _doubts(session: AsyncSession, now: dt.datetime) -> Sequence[_Doubt]:
    rows = await session.execute(
        select(
            Attempt.key,
            Attempt.state,
            Attempt.sends,
            Attempt.owner,
            Attempt.settles_at,
            Attempt.submitted_by,
            Submission.submission_key,
            Submission.planned_at,
            Submission.parent_attempt_key,
        )
        .join(Submission, Submission.attempt_key == Attempt.key)
        .where(
            Attempt.state.in_([S.AMBIGUOUS.value, S.STUCK.value]),
            or_(Attempt.not_before.is_(None), Attempt.not_before <= now),
        )
        .order_by(Attempt.not_before, Attempt.key)
        .limit(AT_ONCE)
    )
    return [
        _Doubt(
            Held(row.key, S(row.state), row.sends, row.owner),
            row.submission_key,
            row.planned_at,
            row.settles_at,
            row.submitted_by,
            row.sends == 0 and row.parent_attempt_key is not None,
        )
        for row in rows
    ]


async def _remembered(session: AsyncSession, keys: Sequence[str]) -> Mapping[str, tuple[FoundTask, ...]]:
    """Tasks that were read meanwhile with all others: a task that was seen is proof enough."""
    found: dict[str, list[FoundTask]] = {}
    rows = await session.execute(
        select(Task.submission_key, Task.jedi_task_id, Task.status)
        .where(Task.submission_key.in_(keys))
        .order_by(Task.jedi_task_id)
    )
    for row in rows:
        found.setdefault(str(row.submission_key), []).append(FoundTask(row.jedi_task_id, row.status))
    return {key: tuple(tasks) for key, tasks in found.items()}


async def _canaries(session: AsyncSession, now: dt.datetime) -> Mapping[int, dt.datetime]:
    """The newest tasks that are over: JEDI sets the times of others back, which hides them for a while."""
    rows = await session.execute(
        select(Task.jedi_task_id, Task.modified_at)
        .where(Task.gone_at.is_(None), Task.modified_at > now - CANARY_AGE, Task.status.in_(FINAL_STATES))
        .order_by(Task.modified_at.desc(), Task.jedi_task_id)
        .limit(CANARIES)
    )
    return {row.jedi_task_id: row.modified_at for row in rows}


async def _take(
    database: Database, doubt: _Doubt, tasks: Sequence[FoundTask], *, at: dt.datetime, by: str
) -> None:
    """The oldest task is the attempt's; younger ones of the same key are `duplicates`' to stop."""
    task_id = tasks[0].task_id
    async with database.transaction() as session:
        has_moved = await move(
            session, doubt.held, S.SUBMITTED, at=at, by=by, values={"jedi_task_id": task_id}
        )
        if has_moved:
            await _record(
                session, doubt, {"state": "SUBMITTED", "jediTaskId": task_id}, "found by its key", at
            )
    log.info(
        "an attempt was found", action="outbox.found", attempt=doubt.held.key, task=task_id, tasks=len(tasks)
    )


async def _plan_again(database: Database, doubt: _Doubt, *, at: dt.datetime, by: str) -> None:
    reason = "PanDA does not have it, as was proved after the settling time"
    to = S.WAITING if doubt.has_gate else S.PLANNED
    async with database.transaction() as session:
        if await move(session, doubt.held, to, at=at, by=by, reason=reason):
            await _record(session, doubt, {"state": to.value}, reason, at)
    log.info("an attempt never arrived", action="outbox.absent", attempt=doubt.held.key)


async def _wait(database: Database, doubt: _Doubt, *, at: dt.datetime, by: str, timing: Timing) -> None:
    not_before = at + timing.look_every
    settles_at = doubt.settles_at
    # Neither found nor proved absent long after it settled: somebody has to know.
    is_stuck = settles_at is not None and at - settles_at > timing.give_up
    async with database.transaction() as session:
        if is_stuck and doubt.held.state is S.AMBIGUOUS:
            reason = "PanDA has neither shown it nor proved that it does not have it"
            values = {"not_before": not_before, "settles_at": settles_at}
            await move(session, doubt.held, S.STUCK, at=at, by=by, reason=reason, values=values)
        else:
            await postpone(session, doubt.held, not_before)


async def _record(
    session: AsyncSession, doubt: _Doubt, after: dict[str, str | int], reason: str, at: dt.datetime
) -> None:
    await record(
        session,
        AuditEntry(
            actor=doubt.submitted_by or "gateway",
            action="settleStep",
            object_kind="Attempt",
            object_key=doubt.held.key,
            after=dict(after),
            upstream_call="panda task/get_tasks_detailed_info_since",
            outcome=AuditOutcome.DONE,
            reason=reason,
            at=at,
        ),
    )
