"""How long a task's jobs kept cores busy: added up while they are counted, and kept with the task."""

from collections.abc import Awaitable, Callable

from gateway.store.database import Database
from gateway.store.remembered import amend
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from gateway.sync.lease import Clock

Keep = Callable[[int, int | None], Awaitable[None]]


def core_time_keeper(database: Database, clock: Clock) -> Keep:
    """Return what keeps the core seconds of a task.

    None, where some job does not say, leaves what was known; jobs are never taken back, so it was less.
    """

    async def keep(task_id: int, seconds: int | None) -> None:
        if seconds is None:
            return
        async with database.transaction() as session:
            # The whole row is written back: what a reading of PanDA says meanwhile must not be undone.
            task = await session.get(Task, task_id, with_for_update=True)
            if task is None or task.core_seconds == seconds:
                return
            session.expunge(task)
            task.core_seconds = seconds
            await amend(session, [task], source=SourceName.PANDA, at=clock())

    return keep
