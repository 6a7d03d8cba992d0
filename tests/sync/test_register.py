"""Workers that start at the same moment on a new database both find their jobs there."""

import asyncio
import datetime as dt

from sqlalchemy import select

from gateway.store.database import Database
from gateway.store.sync_jobs import SyncJob
from gateway.sync.engine import Engine
from gateway.sync.jobs import QUICK_PACES, jobs_of
from gateway.upstreams.http import Manners
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from tests.store.factories import AT
from tests.support.databases import DatabaseMaker, opened


def clock() -> dt.datetime:
    return AT


async def test_how_a_service_is_called_is_written_down_by_whoever_registers_last(
    database: Database,
) -> None:
    upstream = IamUpstream("http://127.0.0.1:1/", Credentials("gateway", "secret"))
    quick = Manners(at_once=2, per_second=50.0, burst=100)
    for manners in (Manners(), quick):
        jobs = jobs_of([upstream], QUICK_PACES, manners)
        await Engine(database, jobs, clock=clock, owner="one").register()
    await upstream.close()

    async with database.snapshot() as session:
        job = await session.get_one(SyncJob, "iam.people")
    assert (job.changes_every_s, job.whole_every_s, job.deadline_s) == (30, 30, 60)
    assert job.manners == {
        "at_once": 2,
        "per_second": 50.0,
        "burst": 100,
        "connect_s": 5.0,
        "read_s": 30.0,
        "deadline_s": 120.0,
    }


async def test_a_job_that_another_worker_is_registering_is_waited_for(
    database_maker: DatabaseMaker, migrated_template: str
) -> None:
    url = database_maker.copy_of(migrated_template)
    upstream = IamUpstream("http://127.0.0.1:1/", Credentials("gateway", "secret"))
    jobs = jobs_of([upstream])

    async with opened(url) as theirs, opened(url) as ours:
        async with theirs.transaction() as session:
            session.add(SyncJob(name="iam.people", source="iam", stale_after_s=1.0, watermark=AT))
            await session.flush()
            # It looks while the other's row cannot be seen yet, and has to wait for it.
            registering = asyncio.create_task(Engine(ours, jobs, clock=clock, owner="two").register())
            await asyncio.sleep(1)
        await registering

        async with ours.snapshot() as session:
            rows = (await session.scalars(select(SyncJob))).all()
    await upstream.close()

    # Its promise is ours now, and what it has read so far is not lost.
    assert [(row.name, row.stale_after_s, row.watermark) for row in rows] == [
        ("iam.people", jobs["iam.people"].pace.stale_after_s, AT)
    ]
