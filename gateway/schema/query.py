"""The root of all queries."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from gateway.errors import FilterError
from gateway.resolvers import entities as e
from gateway.resolvers.loading import load_by
from gateway.resolvers.search import search
from gateway.schema import filters as f
from gateway.schema import sorts as s
from gateway.schema.connection import Connection
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.health import HealthQueries
from gateway.schema.home_pages import HomePageQueries
from gateway.schema.lines import LineQueries
from gateway.schema.links import root_connection
from gateway.schema.lookups import (
    DatasetResult,
    PersonResult,
    RequestResult,
    SiteResult,
    StorageResult,
    TaskResult,
    look_up,
    no_such_thing,
)
from gateway.schema.missing_seeds import MissingSeedsResult, missing_seeds
from gateway.schema.node import Node, RowType, load_node
from gateway.schema.notifications import NotificationQueries
from gateway.schema.planning import PlanningQueries
from gateway.schema.rate_limit import RateLimit, rate_limit
from gateway.schema.scalars import BigInt
from gateway.schema.search import SearchHit, SearchKind
from gateway.schema.statistics import Statistics
from gateway.schema.task_clones import TaskCloneQueries
from gateway.schema.types.audit import AuditEntry
from gateway.schema.types.datasets import Dataset, Replica, Rule
from gateway.schema.types.findings import Finding
from gateway.schema.types.people import Group, Person
from gateway.schema.types.registries import Campaign
from gateway.schema.types.requests import Request
from gateway.schema.types.sites import Downtime, Queue, Service, Site
from gateway.schema.types.sources import Source
from gateway.schema.types.steps import Attempt, Step
from gateway.schema.types.storages import Quota, Storage
from gateway.schema.types.tasks import Task
from gateway.schema.viewer import ViewerType
from gateway.store.people import Person as PersonRow
from gateway.store.values import storable_text

# Ids in one `nodes`: a page and no more.
MAX_IDS = 1000

NODE_TYPES: Mapping[str, type[RowType]] = {
    shown.entity.name: shown
    for shown in (
        Attempt,
        Campaign,
        Dataset,
        Downtime,
        Finding,
        Group,
        Person,
        Queue,
        Replica,
        Request,
        Rule,
        Service,
        Site,
        Step,
        Storage,
        Task,
    )
}


@strawberry.type(description="Everything that can be asked.")
class Query(
    PlanningQueries, TaskCloneQueries, NotificationQueries, HealthQueries, HomePageQueries, LineQueries
):
    """The root of all queries."""

    requests: Connection[Request] = root_connection(
        e.REQUEST, f.RequestFilter, s.RequestSort, "Production requests, by name."
    )
    campaigns: Connection[Campaign] = root_connection(
        e.CAMPAIGN, f.CampaignFilter, s.CampaignSort, "Campaigns, by name."
    )
    steps: Connection[Step] = root_connection(
        e.STEP, f.StepFilter, s.StepSort, "Processing steps of all requests, by request and place."
    )
    attempts: Connection[Attempt] = root_connection(
        e.ATTEMPT, f.AttemptFilter, s.AttemptSort, "Submissions of all steps, those recorded last first."
    )
    tasks: Connection[Task] = root_connection(e.TASK, f.TaskFilter, s.TaskSort, "PanDA tasks, newest first.")
    datasets: Connection[Dataset] = root_connection(
        e.DATASET, f.DatasetFilter, s.DatasetSort, "Rucio datasets, by DID."
    )
    rules: Connection[Rule] = root_connection(
        e.RULE, f.RuleFilter, s.RuleSort, "Rucio replication rules, by DID."
    )
    replicas: Connection[Replica] = root_connection(
        e.REPLICA, f.ReplicaFilter, s.ReplicaSort, "Dataset replicas, by storage and DID."
    )
    storages: Connection[Storage] = root_connection(
        e.STORAGE, f.StorageFilter, s.StorageSort, "Storages (RSEs), by name."
    )
    quotas: Connection[Quota] | None = root_connection(
        e.QUOTA,
        f.QuotaFilter,
        s.QuotaSort,
        "Who may keep how much where. Null without the right READ_QUOTAS, with an error.",
        needs=Right.READ_QUOTAS,
    )
    audit_trail: Connection[AuditEntry] | None = root_connection(
        e.AUDIT_ENTRY,
        f.AuditEntryFilter,
        s.AuditEntrySort,
        "Who did what, newest first. Null without the right READ_AUDIT, with an error.",
        needs=Right.READ_AUDIT,
    )
    sites: Connection[Site] = root_connection(e.SITE, f.SiteFilter, s.SiteSort, "Sites, by name.")
    queues: Connection[Queue] = root_connection(e.QUEUE, f.QueueFilter, s.QueueSort, "PanDA queues, by name.")
    services: Connection[Service] = root_connection(
        e.SERVICE, f.ServiceFilter, s.ServiceSort, "Services of sites and central ones, by name."
    )
    downtimes: Connection[Downtime] = root_connection(
        e.DOWNTIME, f.DowntimeFilter, s.DowntimeSort, "Announced downtimes, by start."
    )
    people: Connection[Person] = root_connection(
        e.PERSON, f.PersonFilter, s.PersonSort, "Members of the collaboration, by user name."
    )
    groups: Connection[Group] = root_connection(
        e.GROUP, f.GroupFilter, s.GroupSort, "Groups of people, by path."
    )
    findings: Connection[Finding] = root_connection(
        e.FINDING,
        f.FindingFilter,
        s.FindingSort,
        "What the checks say now, by invariant; with `includeResolved` also what no longer stands.",
    )

    @strawberry.field(description="The request with this name, written in any case.")
    async def request(self, info: Info, name: str) -> RequestResult:
        """Return the request, or say that there is none."""
        found: RequestResult = await look_up(info, e.REQUEST, name.strip().upper())
        return found

    @strawberry.field(description="The PanDA task with this id.")
    async def task(self, info: Info, jedi_task_id: BigInt) -> TaskResult:
        """Return the task, or say why there is none to show."""
        found: TaskResult = await look_up(info, e.TASK, jedi_task_id)
        return found

    @strawberry.field(description="The Rucio dataset with this DID, 'scope:name'.")
    async def dataset(self, info: Info, did: str) -> DatasetResult:
        """Return the dataset, or say why there is none to show."""
        found: DatasetResult = await look_up(info, e.DATASET, did)
        return found

    @strawberry.field(description="The site with this name.")
    async def site(self, info: Info, name: str) -> SiteResult:
        """Return the site, or say why there is none to show."""
        found: SiteResult = await look_up(info, e.SITE, name)
        return found

    @strawberry.field(description="The storage (RSE) with this name.")
    async def storage(self, info: Info, name: str) -> StorageResult:
        """Return the storage, or say why there is none to show."""
        found: StorageResult = await look_up(info, e.STORAGE, name)
        return found

    @strawberry.field(description="The person with this IAM user name.")
    async def person(self, info: Info, username: str) -> PersonResult:
        """Return the person, or say why there is none to show."""
        row = await load_by(info.context.reading, e.PERSON, PersonRow.username, storable_text(username))
        found: Any = await no_such_thing(info, e.PERSON, username) if row is None else Person.of(row)
        result: PersonResult = found
        return result

    @strawberry.field(description="The thing with this global id; null if there is no such thing.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002 - Relay's name
        """Return the thing with this id."""
        found: Any = await load_node(info, id, NODE_TYPES)
        node: Node | None = found
        return node

    @strawberry.field(description="The things with these global ids, in order; null where there is no such.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Return the things with these ids."""
        if len(ids) > MAX_IDS:
            raise FilterError(f"`ids` names {len(ids)} things, at most {MAX_IDS} are given at once")
        found: Any = await asyncio.gather(*(load_node(info, id_, NODE_TYPES) for id_ in ids))
        nodes: list[Node | None] = found
        return nodes

    @strawberry.field(
        description=(
            "What contains all these words in its name, tag, user or description: best matches first, "
            "`first` of each kind. A whole number is also looked for as a task id."
        )
    )
    async def search(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="One or more words, at least two characters.")],
        kinds: Annotated[
            list[SearchKind] | None, strawberry.argument(description="Only these kinds; null for all.")
        ] = None,
        first: Annotated[int, strawberry.argument(description="Hits of each kind at most, 1 to 100.")] = 10,
    ) -> list[SearchHit]:
        """Return the hits."""
        wanted = None if kinds is None else frozenset(kind.value for kind in kinds)
        return [SearchHit.of(info, hit) for hit in await search(info.context.reading, text, wanted, first)]

    @strawberry.field(
        description=(
            "Which seeds of a step, PROD2025-016.SIM, no attempt has finished, by number. Asks PanDA, once "
            "for "
            "each attempt: it may take seconds."
        )
    )
    async def missing_seeds(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="The step, for example PROD2025-016.SIM.")],
    ) -> MissingSeedsResult:
        """Ask PanDA."""
        return await missing_seeds(info, key)

    @strawberry.field(description="Sums over tasks and stored data, and the talk's table of productions.")
    def statistics(self) -> Statistics:
        """Return the entry to statistics."""
        return Statistics()

    @strawberry.field(description="The services whose data is copied here, and how fresh each copy is.")
    async def sources(self, info: Info) -> list[Source]:
        """Return the sources by name."""
        rows = await info.context.reading.sources()
        return [Source.of(rows[name]) for name in sorted(rows)]

    @strawberry.field(description="How much you may still ask for; null without a limit.")
    def rate_limit(self, info: Info) -> RateLimit | None:
        """Return what is left of the viewer's allowance."""
        return rate_limit(info)

    @strawberry.field(description="Who the gateway takes you for.")
    def viewer(self, info: Info) -> ViewerType:
        """Return the viewer."""
        return ViewerType.of(info.context.viewer)
