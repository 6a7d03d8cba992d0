"""Sites, queues, services and downtimes in the schema."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import DOWNTIME, QUEUE, SERVICE, SITE
from gateway.schema.connection import Connection
from gateway.schema.context import Info
from gateway.schema.filters import DowntimeFilter, JobCountFilter, QueueFilter, ServiceFilter, StorageFilter
from gateway.schema.links import connection, link, links
from gateway.schema.node import Node, RowType
from gateway.schema.scalars import BigInt
from gateway.schema.sorts import DowntimeSort, JobCountSort, QueueSort, ServiceSort, StorageSort
from gateway.schema.synced import Synced
from gateway.store.sites import Downtime as DowntimeRow
from gateway.store.sites import Queue as QueueRow
from gateway.store.sites import Service as ServiceRow
from gateway.store.sites import Site as SiteRow

if TYPE_CHECKING:
    from gateway.schema.types.storages import Storage
    from gateway.schema.types.tasks import JobCount

LazyJobCount = Annotated["JobCount", strawberry.lazy("gateway.schema.types.tasks")]
LazyStorage = Annotated["Storage", strawberry.lazy("gateway.schema.types.storages")]


@strawberry.type(description="A site of the experiment. Owned by CRIC.")
class Site(Node, Synced, RowType):
    """A site."""

    row: strawberry.Private[SiteRow]
    entity = SITE

    name: str = strawberry.field(description="Name, for example JINR.")
    centre_name: str | None = strawberry.field(description="The physical centre behind it; null if not said.")
    country: str | None = strawberry.field(description="Country; null when CRIC does not say.")
    state: str | None = strawberry.field(description="State of the record: ACTIVE, ...; null if not said.")
    tier_level: BigInt | None = strawberry.field(description="Tier; null when CRIC does not say.")
    cores: BigInt | None = strawberry.field(description="Cores it has for us at most; null if not said.")
    cores_usual: BigInt | None = strawberry.field(description="Cores we usually get; null if not said.")
    storage_raw_bytes: BigInt | None = strawberry.field(
        description="Disk space before redundancy, bytes; null if not said."
    )
    storage_usable_bytes: BigInt | None = strawberry.field(
        description="Disk space after redundancy, bytes; null if not said."
    )
    storage_note: str | None = strawberry.field(
        description="What CRIC says of its storage; null for nothing."
    )
    latitude: float | None = strawberry.field(description="Latitude, degrees; null if not said.")
    longitude: float | None = strawberry.field(description="Longitude, degrees; null if not said.")
    queues: list["Queue"] = links(
        r.QUEUES_BY_SITE,
        QueueFilter,
        QueueSort,
        "Its PanDA queues.",
    )
    storages: list[LazyStorage] = links(
        r.STORAGES_BY_SITE, StorageFilter, StorageSort, "Its storages, by CRIC's records."
    )
    services: list["Service"] = links(
        r.SERVICES_BY_SITE,
        ServiceFilter,
        ServiceSort,
        "Its services.",
    )
    downtimes: list["Downtime"] = links(
        r.DOWNTIMES_BY_SITE,
        DowntimeFilter,
        DowntimeSort,
        "Its announced downtimes, past ones included while CRIC lists them.",
    )


@strawberry.type(description="A PanDA queue: where jobs of a site are sent. Owned by CRIC.")
class Queue(Node, Synced, RowType):
    """A PanDA queue."""

    row: strawberry.Private[QueueRow]
    entity = QUEUE

    name: str = strawberry.field(description="Name, the same that PanDA uses (computingsite).")
    site_name: str | None = strawberry.field(description="Its site; null when CRIC does not say.")
    status: str | None = strawberry.field(
        description="What PanDA may do: online, offline, brokeroff, test; null if not said."
    )
    state: str | None = strawberry.field(
        description="Whether the record is in use: ACTIVE, DISABLED; null when CRIC does not say."
    )
    comment: str | None = strawberry.field(
        description="Why it has its status, in CRIC's words; null for none."
    )
    queue_type: str | None = strawberry.field(
        description="production, analysis or unified; null if not said."
    )
    resource_type: str | None = strawberry.field(description="GRID, cloud, hpc, ...; null if not said.")
    core_count: BigInt | None = strawberry.field(description="Cores of each job slot; null if not said.")
    max_rss_mb: BigInt | None = strawberry.field(description="Memory limit of a job, MB; null if not said.")
    max_walltime_s: BigInt | None = strawberry.field(
        description="Wall time limit of a job, seconds; null if not said."
    )
    site: Site | None = link(r.SITE_BY_QUEUE, "Its site; null when CRIC does not say.")
    job_counts: Connection[LazyJobCount] = connection(
        r.JOB_COUNTS_BY_QUEUE, JobCountFilter, JobCountSort, "Jobs there, by task and state."
    )

    @strawberry.field(description="Whether PanDA sends jobs there now; null when CRIC gives no status.")
    def is_online(self) -> bool | None:
        """Return whether the status is online."""
        return None if self.row.status is None else self.row.status.lower() == "online"


@strawberry.type(description="A service of a site, or a central one. Owned by CRIC.")
class Service(Node, Synced, RowType):
    """A service."""

    row: strawberry.Private[ServiceRow]
    entity = SERVICE

    name: str = strawberry.field(description="Name.")
    site_name: str | None = strawberry.field(description="Its site; null for a central service.")
    service_type: str | None = strawberry.field(description="CE, SE, ...; null if not said.")
    flavour: str | None = strawberry.field(
        description="Implementation, for example ARC-CE; null if not said."
    )
    endpoint: str | None = strawberry.field(description="Address; null if not said.")
    state: str | None = strawberry.field(description="ACTIVE, ...; null if not said.")
    status: str | None = strawberry.field(description="production, test, ...; null if not said.")
    site: Site | None = link(r.SITE_BY_SERVICE, "Its site; null for a central service.")


@strawberry.type(description="An announced downtime of a site. Owned by CRIC.")
class Downtime(Node, Synced, RowType):
    """A downtime."""

    row: strawberry.Private[DowntimeRow]
    entity = DOWNTIME

    downtime_id: BigInt = strawberry.field(description="CRIC's id of it.")
    site_name: str = strawberry.field(description="The site.")
    severity: str | None = strawberry.field(
        description="OUTAGE, or WARNING: at risk, not down; null when CRIC does not say."
    )
    classification: str | None = strawberry.field(description="SCHEDULED or UNSCHEDULED; null if not said.")
    starts_at: dt.datetime = strawberry.field(description="Start, UTC.")
    ends_at: dt.datetime = strawberry.field(
        description="End, UTC; the far future means 'until further notice'."
    )
    affected: str | None = strawberry.field(description="Which services; null when CRIC does not say.")
    description: str | None = strawberry.field(description="Why; null when CRIC does not say.")
    site: Site | None = link(r.SITE_BY_DOWNTIME, "The site; null when our copy has none.")

    @strawberry.field(description="Whether it is on at the moment of the answer.")
    def is_now(self, info: Info) -> bool:
        """Return whether now is between start and end."""
        starts: dt.datetime = self.row.starts_at
        ends: dt.datetime = self.row.ends_at
        reading = info.context.reading
        return reading.is_past(starts) and not reading.is_past(ends)
