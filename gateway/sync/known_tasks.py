"""What our copy knows of PanDA's tasks, for a service that can neither list everything nor page."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sqlalchemy import select

from gateway.domain.states import EXECUTION_OF_STATE, FINAL_EXECUTIONS
from gateway.store.database import Database
from gateway.store.tasks import Task, TaskJobCount

Ids = Callable[[], Awaitable[Sequence[int]]]

# PanDA's own states in which nothing more happens by itself.
FINAL_STATES: Final = frozenset(
    state for state, execution in EXECUTION_OF_STATE.items() if execution in FINAL_EXECUTIONS
)
# Final tasks that an honest answer must contain; more than one, because one may be a coincidence.
CANARIES: Final = 3
# Tasks whose jobs are counted in one run: each costs PanDA several calls.
COUNTED_AT_ONCE: Final = 200


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
    """Return a question for the tasks whose jobs should be counted: unfinished ones, and those never counted.

    The newest come first, a bounded number at a time.
    """

    async def ask() -> Sequence[int]:
        counted = select(TaskJobCount.jedi_task_id).where(TaskJobCount.gone_at.is_(None))
        async with database.snapshot() as session:
            found = await session.scalars(
                select(Task.jedi_task_id)
                .where(
                    Task.gone_at.is_(None),
                    Task.status.not_in(FINAL_STATES) | Task.jedi_task_id.not_in(counted),
                )
                .order_by(Task.jedi_task_id.desc())
                .limit(COUNTED_AT_ONCE)
            )
            return found.all()

    return ask
