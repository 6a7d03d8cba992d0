"""The sources of remembered data in the schema: how fresh each is, and what its last runs did."""

import datetime as dt
from typing import Final, cast

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import HELD_REMOVAL, SYNC_JOB, SYNC_RUN
from gateway.resolvers.loading import load_many
from gateway.schema.connection import Connection
from gateway.schema.context import Info
from gateway.schema.enums import SourceName
from gateway.schema.filters import HeldRemovalFilter, SyncJobFilter, SyncRunFilter
from gateway.schema.links import connection, links
from gateway.schema.node import RowType
from gateway.schema.scalars import BigInt
from gateway.schema.sorts import HeldRemovalSort, SyncJobSort, SyncRunSort
from gateway.store.base import JsonValue
from gateway.store.sources import Source as SourceRow
from gateway.store.sources import SyncRun as SyncRunRow
from gateway.store.sync_jobs import HeldRemoval as HeldRemovalRow
from gateway.store.sync_jobs import SyncJob as SyncJobRow
from gateway.sync.jobs import PACES
from gateway.upstreams.http import Manners


@strawberry.type(
    description=(
        "How often a service is called at most, by one process of this gateway, and how long is waited for "
        "it. A slow or busy service is called less: the next call waits as long as it asks for, or as its "
        "answers take."
    )
)
class CallLimits:
    """Bounds of the calls to one service."""

    at_once: int = strawberry.field(description="Calls in flight at the same time at most.")
    per_second: float = strawberry.field(description="Calls begun in a second at most, over a longer time.")
    burst: int = strawberry.field(description="Calls that may begin at once after a quiet time.")
    connect_s: float = strawberry.field(description="How long is waited for a connection, seconds.")
    read_s: float = strawberry.field(
        description="How long is waited for the next piece of an answer, seconds."
    )
    deadline_s: float = strawberry.field(description="How long a whole answer may take, seconds.")

    @classmethod
    def of(cls, written: JsonValue) -> "CallLimits":
        """Show the bounds that a process wrote down, or else the usual ones."""
        said = written if isinstance(written, dict) else {}
        usual = Manners()
        return cls(
            at_once=cast("int", said.get("at_once", usual.at_once)),
            per_second=cast("float", said.get("per_second", usual.per_second)),
            burst=cast("int", said.get("burst", usual.burst)),
            connect_s=cast("float", said.get("connect_s", usual.connect_s)),
            read_s=cast("float", said.get("read_s", usual.read_s)),
            deadline_s=cast("float", said.get("deadline_s", usual.deadline_s)),
        )


# Clocks that differ by more make readings of changes ask for too much, and people doubt what is shown.
CLOCK_TOLERANCE_S: Final = 300.0


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
    jobs: list["SyncJob"] = links(
        r.JOBS_BY_SOURCE,
        SyncJobFilter,
        SyncJobSort,
        "The readings it is copied by, by name; empty when its data came as a snapshot.",
    )
    runs: Connection["SyncRun"] = connection(
        r.RUNS_BY_SOURCE, SyncRunFilter, SyncRunSort, "What each run did, newest first."
    )

    @strawberry.field(
        description=(
            "How hard this gateway leans on the service at most, whatever it has to read: as the process "
            "that reads it said when it started; the usual bounds while none has."
        )
    )
    async def manners(self, info: Info) -> CallLimits:
        """Return the bounds that the reading process keeps."""
        jobs = await load_many(info.context.reading, r.JOBS_BY_SOURCE, self.row)
        return CallLimits.of(next((job.manners for job in jobs if job.manners is not None), None))

    @strawberry.field(
        description="That its clock and ours differ by more than five minutes, in words; else null."
    )
    async def clock_warning(self, info: Info) -> str | None:
        """Return the greatest difference that its last readings met, if it is too great."""
        jobs = await load_many(info.context.reading, r.JOBS_BY_SOURCE, self.row)
        found = [job.clock_ahead_s for job in jobs if job.clock_ahead_s is not None]
        ahead_s = max(found, key=abs, default=0.0)
        if abs(ahead_s) <= CLOCK_TOLERANCE_S:
            return None
        way = "ahead of" if ahead_s > 0 else "behind"
        return f"{self.row.name}'s clock is {abs(ahead_s):.0f} s {way} ours: set one of the two by NTP."

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
        return info.context.reading.is_stale(SourceName(self.row.name))

    @strawberry.field(description="Why it is stale, in words; null while it is fresh.")
    def stale_reason(self, info: Info) -> str | None:
        """Return why the source is stale."""
        return info.context.reading.freshness(SourceName(self.row.name)).reason


@strawberry.type(description="One reading that keeps a part of a copy current, and how it is doing.")
class SyncJob(RowType):
    """A background job."""

    row: strawberry.Private[SyncJobRow]
    entity = SYNC_JOB

    name: str = strawberry.field(description="Which reading, for example rucio.rules.")
    stale_after_s: float = strawberry.field(
        description="The promise: data older than this, seconds, is stale."
    )
    last_attempt_at: dt.datetime | None = strawberry.field(description="Last run, UTC; null for never.")
    last_ok_at: dt.datetime | None = strawberry.field(description="Last good run, UTC; null for never.")
    last_full_ok_at: dt.datetime | None = strawberry.field(
        description="Last good run that read everything, UTC; null for never."
    )
    fails: BigInt = strawberry.field(description="Failed runs since the last good one.")
    error: str | None = strawberry.field(
        description="Why the last run failed, in words; null when it did not."
    )
    hold_reason: str | None = strawberry.field(
        description="Why its removals are not believed for now; null when nothing is held back."
    )

    @strawberry.field(description="How often it asks for what changed, seconds; null if no longer done.")
    def changes_every_s(self) -> float | None:
        """Return the pace of reading changes."""
        pace = PACES.get(self.row.name)
        return self.row.changes_every_s or (None if pace is None else pace.changes_every_s)

    @strawberry.field(description="How often it reads everything, seconds; null if no longer done.")
    def whole_every_s(self) -> float | None:
        """Return the pace of reading everything."""
        pace = PACES.get(self.row.name)
        return self.row.whole_every_s or (None if pace is None else pace.whole_every_s)

    @strawberry.field(description="How long a run may take, seconds; null if no longer done.")
    def deadline_s(self) -> float | None:
        """Return when a run is given up."""
        pace = PACES.get(self.row.name)
        return self.row.deadline_s or (None if pace is None else pace.deadline_s)

    held: list["HeldRemoval"] = links(
        r.HELD_BY_JOB,
        HeldRemovalFilter,
        HeldRemovalSort,
        "What was missing and is not believed to be gone, by section; empty on a good day.",
    )

    @strawberry.field(
        description=(
            "How far the source's clock was ahead of ours at the last good run, seconds; a little below 0, "
            "for the time an answer takes, when both are right. Null when there never was a good run."
        )
    )
    def clock_ahead_seconds(self) -> float | None:
        """Return the difference of the clocks."""
        return self.row.clock_ahead_s

    @strawberry.field(description="The earliest moment of the next run, UTC; null when it never ran.")
    def next_run_at(self) -> dt.datetime | None:
        """Return when the job is due."""
        return self.row.due_at

    @strawberry.field(description="Age of its data, seconds; null when there never was a good run.")
    def lag_seconds(self, info: Info) -> int | None:
        """Return the age of the last good run."""
        at = self.row.last_ok_at
        return None if at is None else max(0, round((info.context.reading.now - at).total_seconds()))

    @strawberry.field(description="Whether a process works on it at this moment.")
    def is_running(self, info: Info) -> bool:
        """Return whether somebody holds the job's lease."""
        until = self.row.lease_until
        return until is not None and not info.context.reading.is_past(until)


@strawberry.type(
    description=(
        "Rows that a complete reading lacked all at once, which is more often a fault than the truth. They "
        "stay as they are until the source lists them again, or an operator releases them."
    )
)
class HeldRemoval(RowType):
    """What one reading holds back of one section."""

    row: strawberry.Private[HeldRemovalRow]
    entity = HELD_REMOVAL

    section: str = strawberry.field(description="Which rows, for example rules.")
    rows: BigInt = strawberry.field(description="How many of them were missing at the last complete reading.")
    known_rows: BigInt = strawberry.field(description="Of how many that were known.")
    held_at: dt.datetime = strawberry.field(description="Since when they are held, UTC.")
    released_at: dt.datetime | None = strawberry.field(
        description="When an operator said that they may go, UTC; null while nobody has."
    )
    released_by: str | None = strawberry.field(description="Who said so; null while nobody has.")

    @strawberry.field(description="The keys of some of them, at most ten.")
    def examples(self) -> list[str]:
        """Return the keys as texts."""
        found = self.row.examples
        return [str(key) for key in found] if isinstance(found, list) else []


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
