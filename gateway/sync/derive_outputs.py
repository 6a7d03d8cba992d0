"""How much a task wrote, added up from Rucio's datasets: PanDA does not say it, and forecasts need it."""

import datetime as dt
from typing import Final

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.attempts import Attempt
from gateway.store.datasets import Dataset
from gateway.store.remembered import amend
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from gateway.store.whole import whole_sum

# A larger dataset is somebody's mistake, and nothing is added up from it.
_BELIEVED_BYTES: Final = 2**53
# A task that ended so long ago writes nothing any more; what it wrote may have been deleted since.
_STILL_WRITES: Final = dt.timedelta(days=30)


async def derive_outputs(session: AsyncSession, *, at: dt.datetime) -> int:
    """Give tasks the size in bytes of their output and of their logs; return how many changed.

    Only where Rucio says the size of every dataset of the attempt's: an open one has none yet, and of an
    attempt that lost one to the end of its lifetime the rest is not the whole.
    """
    is_log = Dataset.data_type == "log"
    written = (
        select(
            Dataset.attempt_key,
            whole_sum(case((~is_log, Dataset.size_bytes))).label("output_bytes"),
            whole_sum(case((is_log, Dataset.size_bytes))).label("log_bytes"),
        )
        .where(Dataset.attempt_key.is_not(None), Dataset.did_type == "DATASET")
        .group_by(Dataset.attempt_key)
        .having(
            func.count() == func.count(Dataset.size_bytes),
            func.count(Dataset.gone_at) == 0,
            func.max(Dataset.size_bytes) < _BELIEVED_BYTES,
        )
        .subquery()
    )
    found = await session.execute(
        select(Task, written.c.output_bytes, written.c.log_bytes)
        .join(Attempt, Attempt.jedi_task_id == Task.jedi_task_id)
        .join(written, written.c.attempt_key == Attempt.key)
        .where(
            Task.gone_at.is_(None),
            or_(Task.output_bytes.is_(None), Task.ended_at.is_(None), Task.ended_at > at - _STILL_WRITES),
            written.c.output_bytes.is_not(None),
            or_(
                Task.output_bytes.is_distinct_from(written.c.output_bytes),
                Task.log_bytes.is_distinct_from(written.c.log_bytes),
            ),
        )
        .order_by(Task.jedi_task_id)
        # Whole rows are written back: what a reading of PanDA says meanwhile must not be undone.
        .with_for_update(of=Task)
    )
    tasks = []
    for task, output_bytes, log_bytes in found.all():
        session.expunge(task)
        task.output_bytes, task.log_bytes = int(output_bytes), log_bytes and int(log_bytes)
        tasks.append(task)
    await amend(session, tasks, source=SourceName.PANDA, at=at)
    return len(tasks)
