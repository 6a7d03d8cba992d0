"""Workers that start at the same moment on a new database both find their jobs there."""

import asyncio
import datetime as dt

from sqlalchemy import select

from gateway.store.sync_jobs import SyncJob
from gateway.sync.engine import Engine
from gateway.sync.jobs import jobs_of
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from tests.store.factories import AT
from tests.support.databases import DatabaseMaker, opened


def clock() -> dt.datetime:
    return AT


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
