"""A genuine CRIC dump, and the practice people, taken in by the engine that keeps copies."""

import datetime as dt
import random

from sqlalchemy import func, select

from gateway.practice.iam_objects import practice_iam
from gateway.practice.iam_twin import create_iam_twin
from gateway.store.database import Database
from gateway.store.people import GroupMember, Person
from gateway.store.storages import StorageEndpoint
from gateway.sync.engine import Engine, Verdict
from gateway.sync.jobs import jobs_of
from gateway.upstreams.cric.client import CricAddress
from gateway.upstreams.cric.upstream import CricUpstream
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from tests.support.serving import served
from tests.upstreams.test_cric import genuine

NOW = dt.datetime(2026, 9, 1, 12, 0, tzinfo=dt.UTC)


async def _engine(database: Database, upstream: CricUpstream | IamUpstream) -> Engine:
    engine = Engine(database, jobs_of([upstream]), clock=lambda: NOW, owner="one", chance=random.Random(7))
    await engine.register()
    return engine


async def test_the_genuine_dump_goes_in_whole_and_a_second_time_changes_nothing(database: Database) -> None:
    dump = genuine("ddmendpoints_2026-08.json")
    cric = CricUpstream(CricAddress("https://cric.practice.example", files={"ddmendpoint": dump}))
    engine = await _engine(database, cric)

    first = await engine.run("cric.storage_endpoints", whole=True)
    second = await engine.run("cric.storage_endpoints", whole=True)

    assert (first.verdict, first.outcome.new) == (Verdict.OK, 83)
    assert (second.outcome.seen, second.outcome.new, second.outcome.changed, second.outcome.gone) == (
        83,
        0,
        0,
        0,
    )
    async with database.snapshot() as session:
        assert await session.scalar(select(func.count()).select_from(StorageEndpoint)) == 83


async def test_practice_people_go_in_whole_and_a_second_time_change_nothing(database: Database) -> None:
    with served(create_iam_twin(practice_iam(NOW), clock=lambda: NOW), date_header=False) as url:
        iam = IamUpstream(url, Credentials("gateway-sync", "practice-secret"))
        engine = await _engine(database, iam)

        first = await engine.run("iam.people", whole=True)
        second = await engine.run("iam.people", whole=True)
        await iam.close()

    # Five people, five groups, ten memberships.
    assert (first.verdict, first.outcome.new) == (Verdict.OK, 20)
    assert (second.outcome.seen, second.outcome.new, second.outcome.changed, second.outcome.gone) == (
        20,
        0,
        0,
        0,
    )
    async with database.snapshot() as session:
        people = await session.scalar(select(func.count()).select_from(Person))
        members = await session.scalar(select(func.count()).select_from(GroupMember))
    assert (people, members) == (5, 10)
