"""PanDA tasks and their job counts in the schema."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import JOB_COUNT, TASK
from gateway.resolvers.execution import task_execution
from gateway.schema.connection import Connection
from gateway.schema.context import Info
from gateway.schema.enums import Execution
from gateway.schema.filters import DatasetFilter, JobCountFilter, TaskFilter
from gateway.schema.links import connection, link, links
from gateway.schema.node import Node, RowType
from gateway.schema.scalars import BigInt
from gateway.schema.sorts import DatasetSort, JobCountSort, TaskSort
from gateway.schema.synced import Synced
from gateway.store.tasks import Task as TaskRow
from gateway.store.tasks import TaskJobCount as TaskJobCountRow

if TYPE_CHECKING:
    from gateway.schema.types.datasets import Dataset
    from gateway.schema.types.people import Person
    from gateway.schema.types.requests import Request
    from gateway.schema.types.sites import Queue
    from gateway.schema.types.steps import Attempt

LazyAttempt = Annotated["Attempt", strawberry.lazy("gateway.schema.types.steps")]
LazyDataset = Annotated["Dataset", strawberry.lazy("gateway.schema.types.datasets")]
LazyPerson = Annotated["Person", strawberry.lazy("gateway.schema.types.people")]
LazyQueue = Annotated["Queue", strawberry.lazy("gateway.schema.types.sites")]
LazyRequest = Annotated["Request", strawberry.lazy("gateway.schema.types.requests")]
LazyTask = Annotated["Task", strawberry.lazy("gateway.schema.types.tasks")]


@strawberry.type(
    description=(
        "A PanDA task: many jobs of one kind. Three numbers tell how far it is: `jobsExpected`, "
        "`jobsFinished`, `jobsFailed`; a number is null while PanDA has not said it, never 0 instead. "
        "Owned by PanDA."
    )
)
class Task(Node, Synced, RowType):
    """A PanDA task."""

    row: strawberry.Private[TaskRow]
    entity = TASK

    jedi_task_id: BigInt = strawberry.field(description="PanDA task id (jediTaskID).")
    name: str = strawberry.field(description="Task name; PanDA allows the same name twice.")
    status: str = strawberry.field(
        description="PanDA's status, spelled as PanDA spells it: registered, running, done, finished, ..."
    )
    user_name: str | None = strawberry.field(description="PanDA user name; null when PanDA does not say.")
    working_group: str | None = strawberry.field(description="PanDA working group; null when there is none.")
    task_type: str | None = strawberry.field(description="prod or anal; null when PanDA does not say.")
    parent_task_id: BigInt | None = strawberry.field(
        description="Id of the task whose outputs it waits for; null for none."
    )
    created_at: dt.datetime | None = strawberry.field(description="Created in PanDA, UTC; null if unknown.")
    started_at: dt.datetime | None = strawberry.field(description="Started, UTC; null before, or if unknown.")
    ended_at: dt.datetime | None = strawberry.field(description="Ended, UTC; null before, or if unknown.")
    priority: BigInt | None = strawberry.field(description="Priority; null when PanDA does not say.")
    core_count: BigInt | None = strawberry.field(description="Cores of each job; null when not said.")
    error_dialog: str | None = strawberry.field(
        description="PanDA's own words on what is wrong; null for none."
    )
    jobs_expected: BigInt | None = strawberry.field(description="Jobs it should have; null while not said.")
    jobs_finished: BigInt | None = strawberry.field(description="Jobs that ended well; null while not said.")
    jobs_failed: BigInt | None = strawberry.field(
        description="Jobs that failed for good; null while not said."
    )
    events_reported: BigInt | None = strawberry.field(
        description=(
            "Total events exactly as PanDA's monitor showed them; can be wrong by a power of ten, so prefer "
            "`events`. Null when the monitor showed none."
        )
    )
    events_per_job: BigInt | None = strawberry.field(description="Events of each job; null when not said.")
    output_bytes: BigInt | None = strawberry.field(
        description="Size of its output, bytes: of all its datasets but logs in Rucio once all are closed, "
        "else as PanDA's monitor showed it (GB = 10^9). Null while neither is known."
    )
    log_bytes: BigInt | None = strawberry.field(
        description="Size of its logs, bytes, from Rucio or PanDA's monitor as `outputBytes`; null for none."
    )
    walltime_reported: float | None = strawberry.field(
        description=(
            "Wall time exactly as PanDA's monitor showed it, which does not state the unit; null when it "
            "showed none."
        )
    )
    missing_seeds: str | None = strawberry.field(
        description="Seeds without output, as ranges '10007,12001-12003'; null when not known which."
    )
    request_name: str | None = strawberry.field(
        description="The request its name says; null when the name does not follow the grammar."
    )
    step_kind: str | None = strawberry.field(description="The step its name says; null as above.")
    attempt_number: BigInt | None = strawberry.field(description="The attempt its name says; null as above.")
    request: LazyRequest | None = link(
        r.REQUEST_BY_TASK, "The request its name says; null when we have no such request (an orphan)."
    )
    attempt: LazyAttempt | None = link(
        r.ATTEMPT_BY_TASK, "The attempt that submitted it; null when it was not submitted for a request."
    )
    user: LazyPerson | None = link(
        r.USER_BY_TASK, "Its user as a person of IAM; null when the PanDA name is linked to nobody."
    )
    job_counts: list["JobCount"] = links(
        r.JOB_COUNTS_BY_TASK,
        JobCountFilter,
        JobCountSort,
        "Its jobs by queue and state; empty when PanDA has not said.",
    )
    datasets: list[LazyDataset] = links(
        r.DATASETS_BY_TASK,
        DatasetFilter,
        DatasetSort,
        "Its outputs in Rucio, found by their names: S, P, R, log.",
    )
    parent: LazyTask | None = link(
        r.PARENT_BY_TASK, "The task whose outputs it waits for; null for none or not in our copy."
    )
    children: Connection[LazyTask] = connection(
        r.CHILDREN_BY_TASK, TaskFilter, TaskSort, "Tasks that wait for its outputs."
    )

    @strawberry.field(description="What its status means, in the words used for attempts and requests.")
    def execution(self, info: Info) -> Execution:
        """Return the meaning of the status."""
        return task_execution(info.context.reading, self.row)

    @strawberry.field(
        description=(
            "Events it produced: finished jobs times events per job. Null when either is not known, and for "
            "steps that make no new events."
        )
    )
    def events(self) -> BigInt | None:
        """Return finished jobs times events per job."""
        jobs, per_job = self.row.jobs_finished, self.row.events_per_job
        return None if jobs is None or per_job is None else BigInt(jobs * per_job)

    @strawberry.field(
        description="Core-hours its jobs used, all attempts of all jobs; null when PanDA has not said."
    )
    def core_hours(self) -> float | None:
        """Return core-hours."""
        seconds = self.row.core_seconds
        return None if seconds is None else seconds / 3600


@strawberry.type(description="Jobs of one task in one state at one queue. Owned by PanDA.")
class JobCount(Synced, RowType):
    """A job count."""

    row: strawberry.Private[TaskJobCountRow]
    entity = JOB_COUNT

    queue_name: str = strawberry.field(description="PanDA queue.")
    job_state: str = strawberry.field(
        description="Job state, as PanDA spells it: running, finished, failed, ..."
    )
    jobs: BigInt = strawberry.field(description="Number of jobs.")
    queue: LazyQueue | None = link(
        r.QUEUE_BY_JOB_COUNT, "The queue, with its site, as CRIC knows it; null when CRIC does not list it."
    )
    task: LazyTask | None = link(r.TASK_BY_JOB_COUNT, "The task; null when our copy has none.")
