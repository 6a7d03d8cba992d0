"""From services to copy: what background jobs read over HTTP is what the snapshot of the same world says."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select

from gateway.practice.cric_objects import practice_cric
from gateway.practice.cric_twin import create_cric_twin
from gateway.practice.iam_objects import practice_iam
from gateway.practice.iam_twin import create_iam_twin
from gateway.practice.rucio_catalogue import RucioCatalogue, practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.world import practice_snapshot
from gateway.store.base import Remembered
from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.people import Group, GroupMember, Person
from gateway.store.sites import Downtime, Queue, Site
from gateway.store.sources import Source
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage
from gateway.sync.engine import Engine, RunReport
from gateway.sync.jobs import jobs_of
from gateway.upstreams.cric.client import CricAddress
from gateway.upstreams.cric.upstream import CricUpstream
from gateway.upstreams.http import HttpUpstream, Manners
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from gateway.upstreams.ports import Upstream
from gateway.upstreams.rucio.tokens import PasswordLogin
from gateway.upstreams.rucio.upstream import RucioUpstream
from tests.conftest import LOADED_AT
from tests.support.serving import served

MANNERS = Manners(per_second=1000, burst=1000)
TABLES: Sequence[type[Remembered]] = (
    Dataset,
    Rule,
    Replica,
    Storage,
    StorageUsage,
    Quota,
    Site,
    Queue,
    StorageEndpoint,
    Downtime,
    Person,
    Group,
    GroupMember,
)


def clock() -> dt.datetime:
    """The moment of the practice world."""
    return LOADED_AT


@asynccontextmanager
async def services() -> AsyncIterator[tuple[list[Upstream], RucioCatalogue]]:
    """Serve a practice Rucio, CRIC and IAM and give them as upstreams."""
    snapshot = practice_snapshot(LOADED_AT)
    catalogue = practice_catalogue(snapshot["rucio"], clock)
    with (
        served(create_rucio_twin(catalogue), date_header=False) as rucio,
        served(create_cric_twin(practice_cric(LOADED_AT), clock=clock), date_header=False) as cric,
        served(create_iam_twin(practice_iam(LOADED_AT), clock=clock), date_header=False) as iam,
    ):
        http = HttpUpstream("rucio", rucio, manners=MANNERS)
        login = PasswordLogin(
            http, account="gateway", username="gateway", password="secret-gateway", clock=clock
        )
        upstreams: list[Upstream] = [
            RucioUpstream(http, login, clock=clock),
            CricUpstream(CricAddress(cric, plugin="spd"), manners=MANNERS),
            IamUpstream(iam, Credentials("gateway-sync", "practice-secret"), manners=MANNERS),
        ]
        try:
            yield upstreams, catalogue
        finally:
            for upstream in upstreams:
                await upstream.close()


async def read_all(database: Database, upstreams: list[Upstream]) -> list[RunReport]:
    """Run every job once, whole."""
    engine = Engine(database, jobs_of(upstreams), clock=clock, owner="test")
    await engine.register()
    return [await engine.run(name, whole=True) for name in engine.jobs]


async def hashes(database: Database, table: type[Remembered]) -> dict[tuple[object, ...], str]:
    """Return the content of every present row by its key, as a fingerprint."""
    keys = list(table.__table__.primary_key.columns)  # type: ignore[attr-defined]
    async with database.snapshot() as session:
        rows = await session.execute(select(*keys, table.content_hash).where(table.gone_at.is_(None)))
        return {tuple(row[:-1]): row[-1] for row in rows}


async def test_every_job_reads_its_service_to_the_end(database: Database) -> None:
    async with services() as (upstreams, _catalogue):
        reports = await read_all(database, upstreams)

    assert [(report.job, report.verdict, report.error) for report in reports if report.error] == []
    assert len(reports) == 10


async def test_the_copy_is_what_the_snapshot_says(database: Database, world: Database) -> None:
    async with services() as (upstreams, _catalogue):
        await read_all(database, upstreams)

    copied = {table.__name__: (await hashes(database, table)).keys() for table in TABLES}
    assert copied == {table.__name__: (await hashes(world, table)).keys() for table in TABLES}


async def test_a_second_reading_changes_nothing(database: Database) -> None:
    async with services() as (upstreams, _catalogue):
        await read_all(database, upstreams)
        reports = await read_all(database, upstreams)

    assert {report.job: (report.outcome.changed, report.outcome.gone) for report in reports} == {
        report.job: (0, 0) for report in reports
    }


async def test_a_change_at_the_service_is_a_change_of_the_copy(database: Database) -> None:
    async with services() as (upstreams, catalogue):
        await read_all(database, upstreams)
        rule = next(iter(catalogue.rules))
        catalogue.delete_rule(rule)
        catalogue.add_did("MC2025_S1", "MC2025_S1.new", kind="DATASET", account="prodman")
        await read_all(database, upstreams)
        await read_all(database, upstreams)

    assert ("MC2025_S1:MC2025_S1.new",) in await hashes(database, Dataset)


async def test_a_silent_service_says_so_and_the_copy_stays(database: Database) -> None:
    async with services() as (upstreams, _catalogue):
        await read_all(database, upstreams)
        before = await hashes(database, Dataset)
    gone = HttpUpstream("rucio", "http://127.0.0.1:9", manners=MANNERS)
    login = PasswordLogin(gone, account="gateway", username="gateway", password="secret-gateway", clock=clock)
    silent: list[Upstream] = [RucioUpstream(gone, login, clock=clock)]

    reports = await read_all(database, silent)

    async with database.snapshot() as session:
        source = await session.get_one(Source, "rucio")
    assert {report.verdict for report in reports} == {"UNREACHABLE"}
    assert source.error is not None
    assert "rucio cannot be reached" in source.error
    assert await hashes(database, Dataset) == before
