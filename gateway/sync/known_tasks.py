"""What our copy knows of PanDA's tasks, for a service that can neither list everything nor page."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sqlalchemy import func, or_, select

from gateway.domain.states import EXECUTION_OF_STATE, FINAL_EXECUTIONS
from gateway.store.database import Database
from gateway.store.tasks import Task, TaskJobCount
from gateway.sync.lease import Clock

Ids = Callable[[], Awaitable[Sequence[int]]]
Counted = Callable[[int], Awaitable[int]]

# PanDA's own states in which nothing more happens by itself.
FINAL_STATES: Final = frozenset(
    state for state, execution in EXECUTION_OF_STATE.items() if execution in FINAL_EXECUTIONS
)
# Final tasks that an honest answer must contain; more than one, because one may be a coincidence.
CANARIES: Final = 3
# Tasks whose jobs are counted in one run: each costs PanDA several calls.
COUNTED_AT_ONCE: Final = 200
# Jobs that were there so long ago prove nothing any more: PanDA may have forgotten them.
COUNTS_HOLD_FOR: Final = dt.timedelta(days=1)


def unfinished_tasks(database: Database) -> Ids:
    """Return a question for the ids of tasks that may still change."""

    async def ask() -> Sequence[int]:
        async with database.snapshot() as session:
            found = await session.scalars(
                select(Task.jedi_task_id)
                .where(Task.gone_at.is_(None), Task.status.not_in(FINAL_STATES))
                .order_by(Task.jedi_task_id)
            )
            return found.all()

    return ask


def newest_final_tasks(database: Database) -> Ids:
    """Return a question for a few final tasks that PanDA must still have."""

    async def ask() -> Sequence[int]:
        async with database.snapshot() as session:
            found = await session.scalars(
                select(Task.jedi_task_id)
                .where(Task.gone_at.is_(None), Task.status.in_(FINAL_STATES))
                .order_by(Task.jedi_task_id.desc())
                .limit(CANARIES)
            )
            return found.all()

    return ask


def tasks_to_count(database: Database) -> Ids:
    """Return a question for the tasks whose jobs should be counted: unfinished, or changed since counted.

    So each is counted once more after its end. Those never counted come first, the newest before the others,
    then those counted the longest ago: however few a reading gets through, all have their turn.
    """

    async def ask() -> Sequence[int]:
        counted = (
            select(TaskJobCount.jedi_task_id, func.max(TaskJobCount.last_seen_at).label("at"))
            .where(TaskJobCount.gone_at.is_(None))
            .group_by(TaskJobCount.jedi_task_id)
            .subquery()
        )
        async with database.snapshot() as session:
            found = await session.scalars(
                select(Task.jedi_task_id)
                .outerjoin(counted, counted.c.jedi_task_id == Task.jedi_task_id)
                .where(
                    Task.gone_at.is_(None),
                    or_(
                        Task.status.not_in(FINAL_STATES),
                        counted.c.at.is_(None),
                        counted.c.at < Task.changed_at,
                    ),
                )
                .order_by(counted.c.at.asc().nulls_first(), Task.jedi_task_id.desc())
                .limit(COUNTED_AT_ONCE)
            )
            return found.all()

    return ask


def jobs_counted(database: Database, clock: Clock) -> Counted:
    """Return a question for how many jobs of a task were counted lately; 0 for none, or not for a day.

    So a list of jobs that is shorter than it was, and stays so for a day, is believed in the end.
    """

    async def ask(task_id: int) -> int:
        async with database.snapshot() as session:
            found = await session.scalar(
                select(func.sum(TaskJobCount.jobs)).where(
                    TaskJobCount.jedi_task_id == task_id,
                    TaskJobCount.gone_at.is_(None),
                    TaskJobCount.last_seen_at > clock() - COUNTS_HOLD_FOR,
                )
            )
            return int(found or 0)

    return ask
