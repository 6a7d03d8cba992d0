"""The table 'central production statistics' of the SPD talks (CHEP 2025), from remembered tasks."""

import datetime as dt
from dataclasses import dataclass

from gateway.resolvers.entities import TASK
from gateway.resolvers.pages import ListArguments, root_page
from gateway.resolvers.reading import Reading
from gateway.resolvers.statistics import ProductionGroup, production_groups
from gateway.store.filtering import AllOf, Comparison, Condition, Operator
from gateway.store.paging import PageArguments
from gateway.store.tasks import Task

# The talk's table lists tasks that produced something, of any status.
PRODUCED = Comparison("jobs_finished", Operator.GT, 0)


@dataclass(frozen=True, slots=True)
class CentralProduction:
    """One row of the table; `events` is derived from jobs, `events_reported` is what the monitor shows."""

    task: Task
    jedi_task_id: int
    name: str
    status: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    walltime_reported: float | None
    events_reported: int | None
    events: int | None
    events_per_job: int | None
    jobs_finished: int | None
    output_bytes: int | None
    log_bytes: int | None


async def central_productions(
    reading: Reading, condition: Condition, rows: int
) -> tuple[list[CentralProduction], ProductionGroup]:
    """Return the newest rows of the table, and the sums over all its tasks: two statements."""
    wanted = AllOf((PRODUCED, condition))
    arguments = ListArguments(PageArguments.checked(first=rows, after=None, last=None, before=None), wanted)
    page = await root_page(reading, TASK, arguments)
    [total] = await production_groups(reading, (), wanted)
    return [_row(task) for task in page.rows], total


def _row(task: Task) -> CentralProduction:
    derivable = task.jobs_finished is not None and task.events_per_job is not None
    return CentralProduction(
        task=task,
        jedi_task_id=task.jedi_task_id,
        name=task.name,
        status=task.status,
        started_at=task.started_at,
        ended_at=task.ended_at,
        walltime_reported=task.walltime_reported,
        events_reported=task.events_reported,
        events=(task.jobs_finished or 0) * (task.events_per_job or 0) if derivable else None,
        events_per_job=task.events_per_job,
        jobs_finished=task.jobs_finished,
        output_bytes=task.output_bytes,
        log_bytes=task.log_bytes,
    )
