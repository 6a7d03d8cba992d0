"""Statistics in the schema: sums by group, and the talk's table of central productions."""

import datetime as dt
from typing import Annotated

import strawberry

from gateway.resolvers.central import CentralProduction, central_productions
from gateway.resolvers.completeness import task_completeness
from gateway.resolvers.statistics import (
    ProductionGroup,
    StorageGroup,
    Total,
    production_groups,
    storage_groups,
)
from gateway.schema.arguments import condition_of
from gateway.schema.context import Info
from gateway.schema.enums import ProductionDimension, StorageDimension
from gateway.schema.filters import ReplicaFilter, TaskFilter
from gateway.schema.scalars import BigInt
from gateway.schema.types.completeness import Completeness
from gateway.store.filtering import EVERYTHING
from gateway.store.tasks import Task as TaskRow

OnlyTasks = Annotated[TaskFilter | None, strawberry.argument(description="Only tasks that meet this.")]
OnlyReplicas = Annotated[
    ReplicaFilter | None, strawberry.argument(description="Only replicas that meet this.")
]


@strawberry.type(
    description=(
        "A sum that says how much of it is known: `value` is the sum over the `known` rows that had a value, "
        "and null, not 0, when none had."
    )
)
class KnownSum:
    """A sum with its evidence."""

    value: BigInt | None = strawberry.field(description="The sum; null when nothing is known.")
    known: BigInt = strawberry.field(description="How many rows had a value.")

    @classmethod
    def of(cls, total: Total) -> "KnownSum":
        """Show a total."""
        return cls(value=None if total.value is None else BigInt(total.value), known=BigInt(total.known))


@strawberry.type(description="One value that a group has in common; null where the tasks have none.")
class GroupKey:
    """A dimension's value."""

    dimension: str = strawberry.field(description="The dimension, as given in `groupBy`.")
    value: str | None = strawberry.field(
        description="The value: a name, a status, a month '2025-04'; null for rows without one."
    )


@strawberry.type(description="What the tasks of one group add up to.")
class ProductionStatistics:
    """Sums over tasks."""

    keys: list[GroupKey] = strawberry.field(description="What the group has in common.")
    tasks: BigInt = strawberry.field(description="PanDA tasks.")
    requests: BigInt = strawberry.field(description="Requests that these tasks belong to.")
    jobs_finished: KnownSum = strawberry.field(description="Finished jobs.")
    events: KnownSum = strawberry.field(
        description="Events produced: finished jobs times events per job, over tasks that make new events."
    )
    output_bytes: KnownSum = strawberry.field(
        description="Output size, bytes, from Rucio or PanDA's monitor; not known by site."
    )
    core_seconds: strawberry.Private[Total]

    @strawberry.field(description="Core-hours used; null when PanDA said it of no task, and by site.")
    def core_hours(self) -> float | None:
        """Return core-hours."""
        return None if self.core_seconds.value is None else self.core_seconds.value / 3600

    @strawberry.field(description="How many of the tasks have core-hours.")
    def core_hours_known(self) -> BigInt:
        """Return the number of tasks with core-hours."""
        return BigInt(self.core_seconds.known)

    @classmethod
    def of(cls, group: ProductionGroup) -> "ProductionStatistics":
        """Show a group."""
        return cls(
            keys=[GroupKey(dimension=key.name, value=value) for key, value in group.keys.items()],
            tasks=BigInt(group.tasks),
            requests=BigInt(group.requests),
            jobs_finished=KnownSum.of(group.jobs_finished),
            events=KnownSum.of(group.events),
            output_bytes=KnownSum.of(group.output_bytes),
            core_seconds=group.core_seconds,
        )


@strawberry.type(description="What the dataset replicas of one group add up to.")
class StorageStatistics:
    """Sums over replicas."""

    keys: list[GroupKey] = strawberry.field(description="What the group has in common.")
    datasets: BigInt = strawberry.field(description="Different datasets.")
    replicas: BigInt = strawberry.field(description="Dataset replicas.")
    size_bytes: KnownSum = strawberry.field(description="Size of the replicas, bytes.")
    file_count: KnownSum = strawberry.field(description="Files of the replicas.")

    @classmethod
    def of(cls, group: StorageGroup) -> "StorageStatistics":
        """Show a group."""
        return cls(
            keys=[GroupKey(dimension=key.name, value=value) for key, value in group.keys.items()],
            datasets=BigInt(group.datasets),
            replicas=BigInt(group.replicas),
            size_bytes=KnownSum.of(group.size_bytes),
            file_count=KnownSum.of(group.file_count),
        )


@strawberry.type(
    description=(
        "One row of the table 'central production statistics' as it is shown in talks. Values the monitor "
        "shows stand beside those derived from job counts, so that a wrong one is seen."
    )
)
class CentralProductionRow:
    """A row of the talk's table."""

    jedi_task_id: BigInt = strawberry.field(description="PanDA task id.")
    name: str = strawberry.field(description="Task name.")
    status: str = strawberry.field(description="PanDA's status.")
    started_at: dt.datetime | None = strawberry.field(description="Start, UTC; null if unknown.")
    ended_at: dt.datetime | None = strawberry.field(description="End, UTC; null if unknown.")
    walltime_reported: float | None = strawberry.field(
        description="Wall time as the monitor shows it, unit not stated there; null if it shows none."
    )
    events_reported: BigInt | None = strawberry.field(
        description="Total events as the monitor shows them; null if it shows none."
    )
    events: BigInt | None = strawberry.field(
        description="Total events derived: finished jobs times events per job; null if not derivable."
    )
    events_per_job: BigInt | None = strawberry.field(description="Events per job; null if not said.")
    jobs: BigInt | None = strawberry.field(description="Finished jobs; null if not said.")
    output_bytes: BigInt | None = strawberry.field(description="Output size, bytes; null if not said.")
    log_bytes: BigInt | None = strawberry.field(description="Log size, bytes; null if not said.")
    task: strawberry.Private[TaskRow]

    @strawberry.field(
        description=(
            "How much the task made of what its request asks for; null for a task of no request of ours."
        )
    )
    async def completeness(self, info: Info) -> Completeness | None:
        """Return what was expected, processed and registered."""
        found = await task_completeness(info.context.reading, self.task)
        return None if found is None else Completeness.of(found)

    @classmethod
    def of(cls, row: CentralProduction) -> "CentralProductionRow":
        """Show a row."""
        return cls(
            task=row.task,
            jedi_task_id=BigInt(row.jedi_task_id),
            name=row.name,
            status=row.status,
            started_at=row.started_at,
            ended_at=row.ended_at,
            walltime_reported=row.walltime_reported,
            events_reported=_big(row.events_reported),
            events=_big(row.events),
            events_per_job=_big(row.events_per_job),
            jobs=_big(row.jobs_finished),
            output_bytes=_big(row.output_bytes),
            log_bytes=_big(row.log_bytes),
        )


@strawberry.type(description="The talk's table with its totals.")
class CentralProductionTable:
    """The talk's table."""

    rows: list[CentralProductionRow] = strawberry.field(description="One row per task, newest first.")
    total: ProductionStatistics = strawberry.field(
        description="What all tasks that meet the filter add up to, shown in `rows` or not."
    )


@strawberry.type(description="Sums over everything, by groups; each list is one question to the database.")
class Statistics:
    """The statistics of the schema."""

    @strawberry.field(
        description="Sums over PanDA tasks by group; without `groupBy` one group of everything."
    )
    async def production(
        self,
        info: Info,
        group_by: list[ProductionDimension] | None = None,
        filter: OnlyTasks = None,  # noqa: A002 - the public name
    ) -> list[ProductionStatistics]:
        """Return sums over tasks."""
        condition = EVERYTHING if filter is None else condition_of(filter)
        groups = await production_groups(info.context.reading, group_by or [], condition)
        return [ProductionStatistics.of(group) for group in groups]

    @strawberry.field(
        description="Sums over dataset replicas by group; without `groupBy` one group of everything."
    )
    async def storage(
        self,
        info: Info,
        group_by: list[StorageDimension] | None = None,
        filter: OnlyReplicas = None,  # noqa: A002 - the public name
    ) -> list[StorageStatistics]:
        """Return sums over replicas."""
        condition = EVERYTHING if filter is None else condition_of(filter)
        groups = await storage_groups(info.context.reading, group_by or [], condition)
        return [StorageStatistics.of(group) for group in groups]

    @strawberry.field(
        description=(
            "The table 'central production statistics' of the SPD talks: every task with finished jobs, "
            "newest first, at most 1000, with totals over the same tasks."
        )
    )
    async def central_productions(
        self,
        info: Info,
        filter: OnlyTasks = None,  # noqa: A002 - the public name
        first: Annotated[int, strawberry.argument(description="How many rows at most, up to 1000.")] = 100,
    ) -> CentralProductionTable:
        """Return the talk's table."""
        condition = EVERYTHING if filter is None else condition_of(filter)
        rows, total = await central_productions(info.context.reading, condition, first)
        return CentralProductionTable(
            rows=[CentralProductionRow.of(row) for row in rows], total=ProductionStatistics.of(total)
        )


def _big(value: int | None) -> BigInt | None:
    return None if value is None else BigInt(value)
