"""The sources of remembered data in the schema: how fresh each is, and what its last runs did."""

import datetime as dt

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import SYNC_RUN
from gateway.schema.connection import Connection
from gateway.schema.context import Info
from gateway.schema.filters import SyncRunFilter
from gateway.schema.links import connection
from gateway.schema.node import RowType
from gateway.schema.scalars import BigInt
from gateway.schema.sorts import SyncRunSort
from gateway.store.sources import Source as SourceRow
from gateway.store.sources import SourceName
from gateway.store.sources import SyncRun as SyncRunRow


@strawberry.type(description="A service whose data this gateway keeps a copy of, and how fresh the copy is.")
class Source(RowType):
    """A source."""

    row: strawberry.Private[SourceRow]

    last_attempt_at: dt.datetime | None = strawberry.field(
        description="Last attempt to bring the copy up to date, UTC; null for never."
    )
    last_ok_at: dt.datetime | None = strawberry.field(description="Last good contact, UTC; null for never.")
    last_full_ok_at: dt.datetime | None = strawberry.field(
        description="Last complete, trusted listing, UTC; null for never: then absence means nothing."
    )
    stale_after_s: float = strawberry.field(
        description="The promise: a copy older than this, seconds, is said to be stale."
    )
    error: str | None = strawberry.field(description="What went wrong last, in words; null when nothing did.")
    hold_reason: str | None = strawberry.field(
        description="Why its removals are not believed for now; null when nothing is held back."
    )
    runs: Connection["SyncRun"] = connection(
        r.RUNS_BY_SOURCE, SyncRunFilter, SyncRunSort, "What each run did, newest first."
    )

    @strawberry.field(description="Which service.")
    def name(self) -> SourceName:
        """Return the name as an enum."""
        return SourceName(self.row.name)

    @strawberry.field(description="Age of the last good contact, seconds; null when there was none.")
    def age_seconds(self, info: Info) -> int | None:
        """Return the age of the copy."""
        age_s = info.context.reading.freshness(SourceName(self.row.name)).age_s
        return None if age_s is None else round(age_s)

    @strawberry.field(description="Whether the copy is older than promised, or on hold.")
    def is_stale(self, info: Info) -> bool:
        """Return whether the source is stale."""
        return info.context.reading.freshness(SourceName(self.row.name)).is_stale

    @strawberry.field(description="Why it is stale, in words; null while it is fresh.")
    def stale_reason(self, info: Info) -> str | None:
        """Return why the source is stale."""
        return info.context.reading.freshness(SourceName(self.row.name)).reason


@strawberry.type(description="One attempt to bring a part of a copy up to date, and what it did.")
class SyncRun(RowType):
    """A sync run."""

    row: strawberry.Private[SyncRunRow]
    entity = SYNC_RUN

    job: str = strawberry.field(description="Which job, for example snapshot.")
    is_full: bool = strawberry.field(description="Whether it read everything, not only what changed.")
    started_at: dt.datetime = strawberry.field(description="Start, UTC.")
    ended_at: dt.datetime | None = strawberry.field(description="End, UTC; null while it runs.")
    verdict: str = strawberry.field(description="OK, HELD, FAILED, ...")
    error: str | None = strawberry.field(description="What went wrong, in words; null when nothing did.")
    rows_seen: BigInt = strawberry.field(description="Rows the source gave.")
    rows_changed: BigInt = strawberry.field(description="Rows that were new, changed or had come back.")
    rows_gone: BigInt = strawberry.field(description="Rows that are no longer there.")
    rows_quarantined: BigInt = strawberry.field(description="Records that could not be understood.")
