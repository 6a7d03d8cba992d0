"""Asking for a source to be read at once: it only enqueues, and at most once a minute for each source."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gateway.auth.viewer import Viewer
from gateway.store.audit import AuditEntry, record
from gateway.store.database import Database
from gateway.store.sources import SourceName
from gateway.store.sync_jobs import SyncJob

# A person who presses a button in a hurry must not become a load on somebody else's service.
AT_MOST_EVERY: Final = dt.timedelta(minutes=1)

_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class SyncWish:
    """What became of the wish: the jobs that will run, if there are any, or until when it is too soon."""

    jobs: tuple[str, ...]
    too_soon_until: dt.datetime | None = None


async def sync_now(database: Database, viewer: Viewer, source: SourceName, *, now: dt.datetime) -> SyncWish:
    """Mark the jobs of a source as wanted; a worker takes them within seconds.

    Those that were wanted or run within the last minute are left alone; when that is all of them, it is too
    soon until the first of them may be asked for again.
    """
    async with database.transaction() as session:
        jobs = (
            await session.scalars(
                select(SyncJob).where(SyncJob.source == source.value).order_by(SyncJob.name)
            )
        ).all()
        latest = {job.name: max(job.wanted_at or _NEVER, job.last_attempt_at or _NEVER) for job in jobs}
        wanted = [job for job in jobs if now - latest[job.name] >= AT_MOST_EVERY]
        if jobs and not wanted:
            return SyncWish((), too_soon_until=min(latest.values()) + AT_MOST_EVERY)
        for job in wanted:
            job.wanted_at = now
        await record(
            session,
            AuditEntry(
                actor=viewer.actor,
                action="syncNow",
                object_kind="Source",
                object_key=source.value,
                jti=viewer.jti,
                at=now,
            ),
        )
        return SyncWish(tuple(job.name for job in wanted))
