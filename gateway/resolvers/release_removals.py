"""An operator's word that rows which are held may go: only those, and only if they are still missing then."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.auth.viewer import Viewer
from gateway.store.audit import AuditEntry, record
from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.sources import SourceName
from gateway.store.sync_jobs import HeldRemoval, SyncJob


@dataclass(frozen=True, slots=True)
class Released:
    """How many rows of each section were released; empty when the job holds nothing that was not yet."""

    rows_by_section: dict[str, int]

    @property
    def rows(self) -> int:
        """How many rows in all."""
        return sum(self.rows_by_section.values())


async def release_removals(
    database: Database, viewer: Viewer, source: SourceName, job: str, *, reason: str, now: dt.datetime
) -> Released:
    """Say that what a job holds may go, and ask for the reading that will tell.

    Nothing is marked here: the next complete reading that lacks the rows still marks them as gone, whatever
    their number; those that it has again stay. Rows that are missing anew then are held again.
    """
    async with database.transaction() as session:
        held = await _held(session, source, job)
        released = Released({row.section: row.rows for row in held})
        if not held:
            return released
        for row in held:
            row.released_at, row.released_by = now, viewer.actor
        await session.execute(update(SyncJob).where(SyncJob.name == job).values(wanted_at=now, due_at=None))
        rows: dict[str, JsonValue] = dict(released.rows_by_section)
        await record(
            session,
            AuditEntry(
                actor=viewer.actor,
                action="releaseRemovals",
                object_kind="SyncJob",
                object_key=job,
                before={"held": rows},
                after={"released": rows},
                jti=viewer.jti,
                reason=reason,
                at=now,
            ),
        )
        tell(session, EventKind.SYNC, source.value, at=now)
        return released


async def _held(session: AsyncSession, source: SourceName, job: str) -> list[HeldRemoval]:
    found = await session.scalars(
        select(HeldRemoval)
        .join(SyncJob, SyncJob.name == HeldRemoval.job)
        .where(SyncJob.source == source.value, HeldRemoval.job == job, HeldRemoval.released_at.is_(None))
        .order_by(HeldRemoval.section)
    )
    return list(found)
