"""Steps of a request, the attempts at them, and the datasets their definitions name."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.domain.freshness import presence_of
from gateway.domain.states import latest
from gateway.resolvers import relations as r
from gateway.resolvers.completeness import step_completeness
from gateway.resolvers.entities import ATTEMPT, STEP
from gateway.resolvers.execution import attempt_execution, step_execution
from gateway.resolvers.loading import load_many, load_one
from gateway.schema.context import Info
from gateway.schema.enums import Execution, Presence, SourceName
from gateway.schema.filters import AttemptFilter, DatasetFilter, DeclaredDatasetFilter
from gateway.schema.links import link, links
from gateway.schema.node import Node, RowType
from gateway.schema.scalars import BigInt
from gateway.schema.sorts import AttemptSort, DatasetSort, DeclaredDatasetSort
from gateway.schema.types.completeness import Completeness
from gateway.store.attempts import Attempt as AttemptRow
from gateway.store.requests import Step as StepRow
from gateway.store.requests import StepDataset as StepDatasetRow

if TYPE_CHECKING:
    from gateway.schema.types.datasets import Dataset
    from gateway.schema.types.requests import Request
    from gateway.schema.types.tasks import Task

LazyDataset = Annotated["Dataset", strawberry.lazy("gateway.schema.types.datasets")]
LazyRequest = Annotated["Request", strawberry.lazy("gateway.schema.types.requests")]
LazyTask = Annotated["Task", strawberry.lazy("gateway.schema.types.tasks")]


@strawberry.type(description="One processing step of a request: SIM, RECO, ... Owned by the gateway.")
class Step(Node, RowType):
    """A step."""

    row: strawberry.Private[StepRow]
    entity = STEP

    key: str = strawberry.field(description="Request and kind in one text, for example PROD2025-013.SIM.")
    request_name: str = strawberry.field(description="Name of the request it belongs to.")
    kind: str = strawberry.field(description="What the step does: SIM, RECO, GEN, DIGI, ...; an open set.")
    position: BigInt = strawberry.field(description="Its place among the steps, from 1.")
    script: str | None = strawberry.field(
        description="Path of the script on CVMFS; null when it was not recorded."
    )
    script_version: str | None = strawberry.field(
        description="Version of the script's directory, for example V02; null without a script."
    )
    script_variant: str | None = strawberry.field(
        description=(
            "Variant of the script, for example D0sig (open charm). Dataset names do not show it: look here. "
            "Null for the plain script or when it was not recorded."
        )
    )
    dataset_pattern: str | None = strawberry.field(
        description="The pattern that its definition gives for its output names; null when it gives none."
    )
    description: str | None = strawberry.field(description="Free text, Markdown; null when there is none.")
    request: LazyRequest = link(r.REQUEST_BY_STEP, "The request it belongs to.")
    parent: Annotated["Step", strawberry.lazy("gateway.schema.types.steps")] | None = link(
        r.PARENT_BY_STEP, "The step whose output it reads; null for the first."
    )
    attempts: list["Attempt"] = links(
        r.ATTEMPTS_BY_STEP,
        AttemptFilter,
        AttemptSort,
        "Each submission of the step, oldest first; the last one counts.",
    )
    declared_datasets: list["DeclaredDataset"] = links(
        r.DECLARED_DATASETS_BY_STEP,
        DeclaredDatasetFilter,
        DeclaredDatasetSort,
        "Datasets its definition names, whether or not Rucio has them.",
    )

    @strawberry.field(description="The attempt that counts, the one with the highest number; null for none.")
    async def latest_attempt(
        self, info: Info
    ) -> Annotated["Attempt", strawberry.lazy("gateway.schema.types.steps")] | None:
        """Return the attempt with the highest number."""
        attempts = await load_many(info.context.reading, r.ATTEMPTS_BY_STEP, self.row)
        return Attempt.of_optional(latest(attempts))

    @strawberry.field(description="What the grid does with its latest attempt.")
    async def execution(self, info: Info) -> Execution:
        """Return the execution of the latest attempt."""
        return await step_execution(info.context.reading, self.row)

    @strawberry.field(description="How much of its output is there, by its latest attempt.")
    async def completeness(self, info: Info) -> Completeness:
        """Return what was expected, processed and registered."""
        return Completeness.of(await step_completeness(info.context.reading, self.row))


@strawberry.type(
    description=(
        "One submission of a step to PanDA. A retry inside PanDA keeps the task and is not an attempt. "
        "Owned by the gateway."
    )
)
class Attempt(Node, RowType):
    """An attempt."""

    row: strawberry.Private[AttemptRow]
    entity = ATTEMPT

    key: str = strawberry.field(
        description="Request, kind and number in one text, for example PROD2025-013.SIM.2."
    )
    number: BigInt = strawberry.field(description="Counts the attempts at the step from 1 and only grows.")
    task_name: str = strawberry.field(description="The PanDA task name it was submitted under.")
    state: str = strawberry.field(
        description=(
            "The submission, seen from us. WAITING: for the step before it. PLANNED: to be sent within "
            "seconds. "
            "NEEDS_LOGIN: when who submitted it has logged in again. SENDING. AMBIGUOUS: PanDA's answer was "
            "lost, and nothing is sent until it is settled. STUCK: that could not be settled for a day. "
            "SUBMITTED: PanDA has it. REJECTED: PanDA refused it. CANCELLED."
        )
    )
    is_live: bool = strawberry.field(description="Whether it is under way; a step has at most one such.")
    jedi_task_id: BigInt | None = strawberry.field(description="PanDA task id; null until PanDA gave one.")
    origin: str = strawberry.field(
        description="How we know of it: gateway (we sent it) or adopted (found in PanDA by its name)."
    )
    reason: str | None = strawberry.field(
        description="Why it is rejected, cancelled, in doubt or waits for a login; null otherwise."
    )
    sends: BigInt = strawberry.field(
        description="How often it was begun to be sent; never for a lost answer."
    )
    settles_at: dt.datetime | None = strawberry.field(
        description=(
            "From when on PanDA's not having it can be believed, UTC; null unless its answer was lost."
        )
    )
    submitted_by: str | None = strawberry.field(
        description="IAM user name of who submitted; null if unknown."
    )
    submitted_at: dt.datetime | None = strawberry.field(description="When it was sent, UTC; null if unknown.")
    created_at: dt.datetime = strawberry.field(description="When it was recorded here, UTC.")
    step: Step = link(r.STEP_BY_ATTEMPT, "The step it is an attempt at.")
    task: LazyTask | None = link(
        r.TASK_BY_ATTEMPT, "Its PanDA task; null for reasons that `taskPresence` tells apart."
    )
    datasets: list[LazyDataset] = links(
        r.DATASETS_BY_ATTEMPT,
        DatasetFilter,
        DatasetSort,
        "Its outputs in Rucio, found by their names: S, P, R, log.",
    )

    @strawberry.field(description="Whether PanDA has its task.")
    async def task_presence(self, info: Info) -> Presence:
        """Tell a task that is absent from one that nobody can know of."""
        reading = info.context.reading
        task = await load_one(reading, r.TASK_BY_ATTEMPT, self.row)
        await reading.sources()
        return presence_of(
            is_expected=self.row.jedi_task_id is not None,
            is_found=task is not None and task.gone_at is None,
            complete_at=reading.complete_at(SourceName.PANDA),
        )

    @strawberry.field(description="What the grid does with it, from PanDA's status of its task.")
    async def execution(self, info: Info) -> Execution:
        """Return the execution of the attempt."""
        return await attempt_execution(info.context.reading, self.row)


@strawberry.type(
    description=(
        "A dataset that a step's definition names as input or output. It is a plan: `presence` says whether "
        "Rucio has it. Owned by the gateway."
    )
)
class DeclaredDataset(RowType):
    """A dataset named by a definition."""

    row: strawberry.Private[StepDatasetRow]

    did: str = strawberry.field(description="The DID as it was written, 'scope:name'.")
    role: str = strawberry.field(description="input or output.")
    dataset: LazyDataset | None = link(
        r.DATASET_BY_DECLARATION, "The dataset in Rucio; null for reasons that `presence` tells apart."
    )

    @strawberry.field(description="Whether Rucio has it.")
    async def presence(self, info: Info) -> Presence:
        """Tell a dataset that is absent from one that nobody can know of."""
        reading = info.context.reading
        dataset = await load_one(reading, r.DATASET_BY_DECLARATION, self.row)
        await reading.sources()
        return presence_of(
            is_expected=True,
            is_found=dataset is not None and dataset.gone_at is None,
            complete_at=reading.complete_at(SourceName.RUCIO),
        )
