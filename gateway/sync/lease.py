"""Leases: at most one process works on a job, and one that was paused too long cannot write any more.

Situation: a process takes a job, is stopped for a minute, and goes on. Consequence: another has taken the job
meanwhile, and the first would write what it read a minute ago. Decision: every transaction of a job first
renews its lease by number; whoever finds another number there has lost it and gives up.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import CursorResult, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.database import Database
from gateway.store.sync_jobs import SyncJob

# Longer than any pause between two pages, shorter than anybody would wait for a dead process.
LEASE: Final = dt.timedelta(seconds=90)

Clock = Callable[[], dt.datetime]


class LeaseLostError(Exception):
    """Another process has taken the job; whatever this one has read is void."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One process's right to work on one job."""

    job: str
    owner: str
    number: int
    clock: Clock

    async def renew(self, session: AsyncSession) -> None:
        """Prolong the lease within the caller's transaction; raise LeaseLostError if it is no longer ours."""
        changed = await _update(
            session,
            self.job,
            SyncJob.lease_owner == self.owner,
            SyncJob.lease_number == self.number,
            lease_until=self.clock() + LEASE,
        )
        if not changed:
            raise LeaseLostError(f"the lease of {self.job} was taken by another process")

    async def give_up(self, session: AsyncSession) -> None:
        """End the lease within the caller's transaction, so that the next run need not wait for its end."""
        await _update(
            session,
            self.job,
            SyncJob.lease_owner == self.owner,
            SyncJob.lease_number == self.number,
            lease_owner=None,
            lease_until=None,
        )


async def take_lease(database: Database, job: str, *, owner: str, clock: Clock) -> Lease | None:
    """Take the job if nobody holds it, or its holder has been silent for longer than a lease; else None."""
    now = clock()
    async with database.transaction() as session:
        taken = await _update(
            session,
            job,
            or_(SyncJob.lease_until.is_(None), SyncJob.lease_until < now),
            lease_owner=owner,
            lease_number=SyncJob.lease_number + 1,
            lease_until=now + LEASE,
        )
        if not taken:
            return None
        row = await session.get_one(SyncJob, job)
        return Lease(job, owner, row.lease_number, clock)


async def _update(session: AsyncSession, job: str, *conditions: object, **values: object) -> bool:
    statement = update(SyncJob).where(SyncJob.name == job, *conditions).values(**values)  # type: ignore[arg-type]
    result = cast("CursorResult[tuple[()]]", await session.execute(statement))
    return result.rowcount == 1
