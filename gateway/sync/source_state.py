"""How a source is doing as a whole, from its jobs: as good as the worst of them."""

from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.sources import Source, SourceName
from gateway.store.sync_jobs import SyncJob
from gateway.store.upsert import insert_missing
from gateway.sync.record_runs import STALE_AFTER_S


async def record_job_of_source(session: AsyncSession, source: SourceName) -> None:
    """Write the source's row anew from its jobs.

    The last good contact and the last complete listing are those of the job that is furthest behind, measured
    against its own promise, so that one silent reading is not hidden by the others.

    The row is taken before the jobs are looked at: of two jobs that end at once the second sees both.
    """
    # What the caller wrote of its own job goes first, as everybody takes the two in this order.
    await session.flush()
    new = {"name": source.value, "stale_after_s": STALE_AFTER_S[source]}
    await insert_missing(session, cast("Table", Source.__table__), [new], unique=["name"])
    row = await session.get_one(Source, source.value, with_for_update=True)
    jobs = (
        await session.scalars(select(SyncJob).where(SyncJob.source == source.value).order_by(SyncJob.name))
    ).all()
    attempts = [job.last_attempt_at for job in jobs if job.last_attempt_at is not None]
    row.last_attempt_at = max(attempts, default=row.last_attempt_at)
    contacts = [(job.last_ok_at, job.stale_after_s) for job in jobs]
    if all(at is not None for at, _promise in contacts):
        worst = min(
            jobs, key=lambda job: (job.last_ok_at.timestamp() if job.last_ok_at else 0.0) + job.stale_after_s
        )
        row.last_ok_at, row.stale_after_s = worst.last_ok_at, worst.stale_after_s
    completes = [job.last_full_ok_at for job in jobs]
    if completes and all(at is not None for at in completes):
        row.last_full_ok_at = min(at for at in completes if at is not None)
        row.first_full_ok_at = row.first_full_ok_at or row.last_full_ok_at
    row.error = "; ".join(f"{job.name}: {job.error}" for job in jobs if job.error) or None
    row.hold_reason = "; ".join(job.hold_reason for job in jobs if job.hold_reason) or None
