"""Production requests in the schema, with everything that belongs to them."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.domain.seeds import SeedRange as Seeds
from gateway.domain.seeds import format_seeds, jobs_for
from gateway.resolvers import relations as r
from gateway.resolvers.completeness import request_completeness
from gateway.resolvers.entities import REQUEST
from gateway.resolvers.execution import request_execution
from gateway.resolvers.loading import load_many, load_one
from gateway.schema.connection import Connection
from gateway.schema.context import Info
from gateway.schema.enums import Execution, Intent
from gateway.schema.filters import (
    CommentFilter,
    DatasetFilter,
    FindingFilter,
    GeometryFilter,
    RequestRelationFilter,
    SeedRangeFilter,
    StatusChangeFilter,
    StepFilter,
    TaskFilter,
)
from gateway.schema.links import connection, link, links
from gateway.schema.node import Node, RowType
from gateway.schema.scalars import BigInt, Json
from gateway.schema.sorts import (
    CommentSort,
    DatasetSort,
    FindingSort,
    GeometrySort,
    RequestRelationSort,
    SeedRangeSort,
    StatusChangeSort,
    StepSort,
    TaskSort,
)
from gateway.schema.types.completeness import Completeness
from gateway.schema.types.registries import Campaign, Stage
from gateway.store.requests import Comment as CommentRow
from gateway.store.requests import Request as RequestRow
from gateway.store.requests import RequestRelation as RequestRelationRow
from gateway.store.requests import StatusChange as StatusChangeRow
from gateway.store.seeds import SeedRange as SeedRangeRow

if TYPE_CHECKING:
    from gateway.schema.types.datasets import Dataset
    from gateway.schema.types.findings import Finding
    from gateway.schema.types.people import Person
    from gateway.schema.types.steps import Step
    from gateway.schema.types.tasks import Task

LazyDataset = Annotated["Dataset", strawberry.lazy("gateway.schema.types.datasets")]
LazyFinding = Annotated["Finding", strawberry.lazy("gateway.schema.types.findings")]
LazyPerson = Annotated["Person", strawberry.lazy("gateway.schema.types.people")]
LazyStep = Annotated["Step", strawberry.lazy("gateway.schema.types.steps")]
LazyTask = Annotated["Task", strawberry.lazy("gateway.schema.types.tasks")]


@strawberry.type(
    description=(
        "A production somebody asked for: which physics, how many events, which seeds, and what became of "
        "it. Owned by the gateway."
    )
)
class Request(Node, RowType):
    """A production request."""

    row: strawberry.Private[RequestRow]
    entity = REQUEST

    name: str = strawberry.field(description="Its name and key, for example PROD2025-013; never given twice.")
    campaign_name: str | None = strawberry.field(
        description="Name of the campaign it belongs to; null when none was recorded."
    )
    campaign: Campaign | None = link(r.CAMPAIGN_BY_REQUEST, "The campaign; null when none was recorded.")
    stage_name: str = strawberry.field(description="Stage of the experiment: S1, S2.")
    stage: Stage | None = link(
        r.STAGE_BY_REQUEST, "The stage of the experiment; never null, as each has one."
    )
    software_project: str = strawberry.field(description="Software project, for example spdroot-dev.")
    software_version: str = strawberry.field(description="Software version, for example 4.1.7.2.")
    collision_type: str = strawberry.field(description="What collides: pp, dd, pd.")
    polarization: str = strawberry.field(description="Beam polarizations, two letters of U, L, T.")
    tag: str = strawberry.field(description="The tag exactly as written; dataset names are made from it.")
    events: BigInt = strawberry.field(description="Number of events asked for.")
    events_per_file: BigInt = strawberry.field(
        description="Events in each output file; one job makes one file."
    )
    priority: BigInt | None = strawberry.field(description="Priority; null when none was given.")
    description: str | None = strawberry.field(description="Free text, Markdown; null when there is none.")
    intent: Intent = strawberry.field(description="What people decided about the request.")
    is_test: bool = strawberry.field(description="Whether it is a test, whose seeds may overlap others.")
    requested_by: str | None = strawberry.field(
        description="IAM user name of who asked; null when it was not recorded."
    )
    requester: LazyPerson | None = link(
        r.REQUESTER_BY_REQUEST, "Who asked, as IAM knows them; null when not recorded or not in our copy."
    )
    accepted_by: str | None = strawberry.field(
        description="IAM user name of who accepted the result; null while nobody has."
    )
    accepted_completeness: float | None = strawberry.field(
        description="The part of the events that was there at acceptance, 0 to 1; null while not accepted."
    )
    origin: str = strawberry.field(description="Where it came from: spreadsheet, requests-db, gateway.")
    legacy_id: BigInt | None = strawberry.field(
        description="Its id in the old requests database; null for others. Says nothing about order."
    )
    unplaced: Json | None = strawberry.field(
        description="What an imported row said that has no field here, by column; null when nothing is left."
    )
    created_at: dt.datetime = strawberry.field(description="When it was recorded here, UTC.")
    updated_at: dt.datetime = strawberry.field(description="When it was last changed, UTC.")
    version: BigInt = strawberry.field(description="Counts its changes; an edit names the version it read.")

    geometries: list["Geometry"] = links(
        r.GEOMETRIES_BY_REQUEST,
        GeometryFilter,
        GeometrySort,
        "The detector components simulated, in the order listed.",
    )
    seed_ranges: list["SeedRange"] = links(
        r.SEED_RANGES_BY_REQUEST,
        SeedRangeFilter,
        SeedRangeSort,
        "The seeds it holds, one for each job, cut where only a part is shared with another request.",
    )
    steps: list[LazyStep] = links(
        r.STEPS_BY_REQUEST, StepFilter, StepSort, "Its processing steps, in order: SIM, RECO, ..."
    )
    relations: list["RequestRelation"] = links(
        r.RELATIONS_BY_REQUEST,
        RequestRelationFilter,
        RequestRelationSort,
        "Requests it extends, repeats or supersedes.",
    )
    related_from: list["RequestRelation"] = links(
        r.REVERSE_RELATIONS_BY_REQUEST,
        RequestRelationFilter,
        RequestRelationSort,
        "Requests that extend, repeat or supersede it.",
    )
    status_changes: list["StatusChange"] = links(
        r.STATUS_CHANGES_BY_REQUEST,
        StatusChangeFilter,
        StatusChangeSort,
        "Every change of its intent, oldest first.",
    )
    comments: list["Comment"] = links(
        r.COMMENTS_BY_REQUEST, CommentFilter, CommentSort, "What people wrote about it, oldest first."
    )
    tasks: Connection[LazyTask] = connection(
        r.TASKS_BY_REQUEST,
        TaskFilter,
        TaskSort,
        "PanDA tasks whose name says this request, whether or not we submitted them.",
    )
    datasets: Connection[LazyDataset] = connection(
        r.DATASETS_BY_REQUEST,
        DatasetFilter,
        DatasetSort,
        "Rucio datasets whose name says this request, of all attempts.",
    )
    findings: Connection[LazyFinding] = connection(
        r.FINDINGS_BY_REQUEST,
        FindingFilter,
        FindingSort,
        "What the checks say about it now; with `includeResolved` also what no longer stands.",
    )

    @strawberry.field(description="Energy of the collision, the two beams together (square root of s), GeV.")
    def energy_gev(self) -> float:
        """Return the energy in GeV."""
        return self.row.beam_energy_mev / 1000

    @strawberry.field(description="Jobs of each step: events divided by events per file, rounded up.")
    def jobs(self) -> BigInt:
        """Return the number of jobs."""
        return BigInt(jobs_for(self.row.events, self.row.events_per_file))

    @strawberry.field(
        description="All its seeds as people write them, such as 10001-20000; empty when it has none yet."
    )
    async def seeds(self, info: Info) -> str:
        """Return the seeds in the fewest ranges."""
        rows = await load_many(info.context.reading, r.SEED_RANGES_BY_REQUEST, self.row)
        return format_seeds(Seeds(row.seed_first, row.seed_last) for row in rows)

    @strawberry.field(
        description="What the grid does with it, in one word: the most telling of its steps' executions."
    )
    async def execution(self, info: Info) -> Execution:
        """Return the fold over the latest attempt of each step."""
        return await request_execution(info.context.reading, self.row)

    @strawberry.field(description="How much of it is there, as of its least complete step.")
    async def completeness(self, info: Info) -> Completeness:
        """Return what was expected, processed and registered."""
        return Completeness.of(await request_completeness(info.context.reading, self.row))


@strawberry.type(description="A detector component that a simulation can include. Owned by the gateway.")
class Geometry(RowType):
    """A geometry component."""

    name: str = strawberry.field(description="Its name, for example Micromegas.")


@strawberry.type(description="A closed range of seeds held by a request. Owned by the gateway.")
class SeedRange(RowType):
    """A range of seeds."""

    row: strawberry.Private[SeedRangeRow]

    seed_first: BigInt = strawberry.field(description="First seed of the range.")
    seed_last: BigInt = strawberry.field(description="Last seed of the range, included.")
    is_exempt: bool = strawberry.field(
        description="Whether it may overlap others: a test, obsolete, an intended repeat, or old history."
    )
    exempt_reason: str | None = strawberry.field(description="Why it may overlap; null when it may not.")
    request: Annotated["Request", strawberry.lazy("gateway.schema.types.requests")] | None = link(
        r.REQUEST_BY_SEED_RANGE, "The request that holds it; null for a range set aside by hand."
    )

    @strawberry.field(description="How many seeds it has.")
    def seeds(self) -> BigInt:
        """Return the number of seeds."""
        return BigInt(self.row.seed_last - self.row.seed_first + 1)

    @strawberry.field(
        description=(
            "The physics the seeds belong to, in one canonical text: only ranges of the same key can overlap."
        )
    )
    async def physics_key(self, info: Info) -> str:
        """Return the physics key of the range's space."""
        space = await load_one(info.context.reading, r.SPACE_BY_SEED_RANGE, self.row)
        return "" if space is None else space.physics_key


@strawberry.type(description="One request extends, repeats or supersedes another. Owned by the gateway.")
class RequestRelation(RowType):
    """A relation between two requests."""

    row: strawberry.Private[RequestRelationRow]

    kind: str = strawberry.field(description="EXTENDS, REPEATS or SUPERSEDES.")
    request: Annotated["Request", strawberry.lazy("gateway.schema.types.requests")] = link(
        r.REQUEST_BY_RELATION, "The one that extends, repeats or supersedes."
    )
    other: Annotated["Request", strawberry.lazy("gateway.schema.types.requests")] = link(
        r.OTHER_REQUEST_BY_RELATION, "The one that is extended, repeated or superseded."
    )
    note: str | None = strawberry.field(description="Why, in words; null when nobody said.")
    created_at: dt.datetime = strawberry.field(description="When it was recorded, UTC.")
    created_by: str | None = strawberry.field(description="IAM user name of who said so; null for imports.")


@strawberry.type(description="One change of a request's intent. Owned by the gateway; never edited.")
class StatusChange(RowType):
    """A transition of intent."""

    row: strawberry.Private[StatusChangeRow]

    from_intent: Intent | None = strawberry.field(description="The intent before; null for the first.")
    to_intent: Intent = strawberry.field(description="The intent after.")
    changed_at: dt.datetime = strawberry.field(description="When, UTC.")
    changed_by: str | None = strawberry.field(description="IAM user name of who; null when not recorded.")
    reason: str | None = strawberry.field(description="Why; null when nobody said.")


@strawberry.type(description="What somebody wrote about a request. Owned by the gateway.")
class Comment(RowType):
    """A comment."""

    row: strawberry.Private[CommentRow]

    author: str = strawberry.field(description="IAM user name of who wrote it.")
    body: str = strawberry.field(description="The text, Markdown; show it sanitised.")
    created_at: dt.datetime = strawberry.field(description="When, UTC.")
